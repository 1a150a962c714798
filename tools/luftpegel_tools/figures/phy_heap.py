"""What the drivers of LoRa chips take of a board: bytes of .mpy, and heap on the 32-bit MicroPython.

Counted with each driver is what it shares with the others, and the package. The heap is what stays after
import from .mpy and construction; no bus is touched then.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.small_engine import compiled_package, run

PACKAGE = "lora_radio"
# Driver -> its module, its class, how many pins it is constructed with behind the SPI.
DRIVERS = {"SX1262": ("sx126x", 4), "SX1276": ("sx127x", 3), "MicropythonLib": ("micropython_lib", 0)}
SHARED = "phy"
MPY_AIM, HEAP_AIM = 6 * 1024, 12 * 1024
_HEAP = 96 * 1024
_PROBE = """
import gc

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
    with compiled_package(PACKAGE) as (folder, sizes):
        return {
            name: Taken(
                sizes[module],
                sizes[module] + sizes[SHARED],
                int(run(folder, _PROBE.format(module=module, name=name, arguments=pins + 1), _HEAP)),
            )
            for name, (module, pins) in DRIVERS.items()
        }
