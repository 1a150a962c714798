"""What the sensor drivers take of a board's heap, on the 32-bit MicroPython, whose objects are as large.

Counted is what stays after import (from .mpy) and construction, package and helpers included.
"""

from collections.abc import Iterator, Sequence

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.small_engine import compiled_package, run

DRIVERS = ("sht4x", "bme280", "sps30", "a02yyuw", "ds18b20")
_BUDGET = 96 * 1024
# The buses are not touched when a driver is constructed; only 1-Wire wants its class.
_PROBE = """
import gc, sys

class onewire:
    class OneWire:
        def __init__(self, pin):
            self.pin = pin

sys.modules["onewire"] = onewire
gc.collect()
before = gc.mem_alloc()
from sensors import driver
kept = [driver(name)(None) for name in {names!r}]
gc.collect()
print(gc.mem_alloc() - before)
"""


def measure() -> Iterator[Figure]:
    """Each driver alone, then all five together."""
    for name, taken in resident_bytes().items():
        yield Figure(f"sensors: heap of {name}", taken, "bytes", "96 KiB budget", taken / _BUDGET)


def resident_bytes() -> dict[str, int]:
    """Driver (or "all five") -> bytes of heap."""
    groups: dict[str, Sequence[str]] = {name: (name,) for name in DRIVERS}
    groups["all five"] = DRIVERS
    with compiled_package("sensors") as (folder, _):
        return {
            title: int(run(folder, _PROBE.format(names=tuple(names)), _BUDGET))
            for title, names in groups.items()
        }
