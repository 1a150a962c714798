"""What the sensor drivers take of a board's heap, on the 32-bit MicroPython, whose objects are as large.

Counted is what stays after import (from .mpy) and construction, package and helpers included.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from luftpegel_tools.bench import Figure
from luftpegel_tools.debian import Program, mpy32
from luftpegel_tools.firmware_image import compile_file, sources

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
sys.path[:] = [{folder!r}]
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
    engine = mpy32()
    groups: dict[str, Sequence[str]] = {name: (name,) for name in DRIVERS}
    groups["all five"] = DRIVERS
    with tempfile.TemporaryDirectory(prefix="luftpegel-bench-") as folder:
        _compile_drivers(Path(folder))
        return {title: _probe(engine, folder, names) for title, names in groups.items()}


def _compile_drivers(folder: Path) -> None:
    package = folder / "sensors"
    package.mkdir()
    for source in sources():
        if source.parent.name == package.name:
            (package / source.with_suffix(".mpy").name).write_bytes(compile_file(source, source.name))


def _probe(engine: Program, folder: str, names: Sequence[str]) -> int:
    script = _PROBE.format(folder=folder, names=tuple(names))
    done = subprocess.run(
        [*engine.argv_prefix, "-X", f"heapsize={_BUDGET}", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | engine.env,
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark failed on the 32-bit engine:\n{done.stderr or done.stdout}")
    return int(done.stdout)
