"""What the drivers of LoRa chips take of a board: bytes of .mpy, and heap on the 32-bit MicroPython.

Counted with each driver is what it shares with the others, and the package. The heap is what stays after
import from .mpy and construction; no bus is touched then.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.bench import Figure
from luftpegel_tools.debian import Program, mpy32
from luftpegel_tools.firmware_image import compile_file, sources

PACKAGE = "lora_radio"
# Driver -> its module, its class, how many pins it is constructed with behind the SPI.
DRIVERS = {"SX1262": ("sx126x", 4), "SX1276": ("sx127x", 3), "MicropythonLib": ("micropython_lib", 0)}
SHARED = "phy"
MPY_AIM, HEAP_AIM = 6 * 1024, 12 * 1024
_HEAP = 96 * 1024
_PROBE = """
import gc, sys

sys.path[:] = [{folder!r}]
gc.collect()
before = gc.mem_alloc()
from lora_radio.{module} import {name}
kept = {name}(*[None] * {arguments})
gc.collect()
print(gc.mem_alloc() - before)
"""


@dataclass(frozen=True)
class Taken:
    """Bytes that a driver takes: compiled (without and with what is shared), and of the heap."""

    mpy: int
    mpy_with_shared: int
    heap: int


def measure() -> Iterator[Figure]:
    """Each driver alone."""
    for name, taken in resident_bytes().items():
        yield Figure(f"{name}: .mpy", taken.mpy, "bytes", "6 KiB aim", taken.mpy / MPY_AIM)
        ratio = taken.mpy_with_shared / MPY_AIM
        yield Figure(f"{name}: .mpy with phy", taken.mpy_with_shared, "bytes", "6 KiB aim", ratio)
        yield Figure(f"{name}: heap", taken.heap, "bytes", "12 KiB aim", taken.heap / HEAP_AIM)


def resident_bytes() -> dict[str, Taken]:
    """Driver -> what it takes."""
    engine = mpy32()
    with tempfile.TemporaryDirectory(prefix="luftpegel-bench-") as folder:
        sizes = _compile_package(Path(folder))
        return {
            name: Taken(sizes[module], sizes[module] + sizes[SHARED], _heap(engine, folder, name))
            for name, (module, _) in DRIVERS.items()
        }


def _compile_package(folder: Path) -> dict[str, int]:
    """Compile the package into `folder` -> bytes of each module."""
    package = folder / PACKAGE
    package.mkdir()
    sizes = {}
    for source in sources():
        if source.parent.name == PACKAGE:
            compiled = compile_file(source, source.name)
            (package / source.with_suffix(".mpy").name).write_bytes(compiled)
            sizes[source.stem] = len(compiled)
    return sizes


def _heap(engine: Program, folder: str, name: str) -> int:
    module, pins = DRIVERS[name]
    script = _PROBE.format(folder=folder, module=module, name=name, arguments=pins + 1)
    done = subprocess.run(
        [*engine.argv_prefix, "-X", f"heapsize={_HEAP}", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | engine.env,
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark failed on the 32-bit engine:\n{done.stderr or done.stdout}")
    return int(done.stdout)
