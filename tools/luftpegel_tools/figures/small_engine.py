"""Runs a program with a package of the firmware on the 32-bit MicroPython: the judge of heap."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luftpegel_tools.image.firmware_image import FIRMWARE, compile_file, sources
from luftpegel_tools.programs.debian import mpy32


@contextmanager
def compiled_package(name: str) -> Iterator[tuple[Path, dict[str, int]]]:
    """A folder with the package's .mpy files as on a board, and their sizes: "mac", "regions.eu868"."""
    package = FIRMWARE / "lib" / name
    sizes = {}
    with tempfile.TemporaryDirectory(prefix="luftpegel-bench-") as folder:
        for source in sources():
            if source.is_relative_to(package):
                module = source.relative_to(package).with_suffix("")
                compiled = compile_file(source, source.relative_to(package.parent).as_posix())
                target = (Path(folder) / name / module).with_suffix(".mpy")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(compiled)
                sizes[".".join(module.parts)] = len(compiled)
        yield Path(folder), sizes


def run(folder: Path, program: str, heap: int) -> str:
    """What the program prints with a heap of so many bytes; it is compiled first, as a station's files are.

    Raises RuntimeError with the engine's words if it fails.
    """
    source = folder / "program.py"
    source.write_text(program)
    (folder / "program.mpy").write_bytes(compile_file(source, source.name))
    source.unlink()
    engine = mpy32()
    done = subprocess.run(
        [*engine.argv_prefix, "-X", f"heapsize={heap}", "-m", "program"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | engine.env | {"MICROPYPATH": str(folder)},
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark failed on the 32-bit engine:\n{done.stderr or done.stdout}")
    return done.stdout
