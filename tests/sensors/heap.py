"""What the sensor drivers take of a board's heap, measured on 32-bit MicroPython, whose objects are as large.

`python tests/sensors/heap.py` prints the table that stands in firmware/lib/sensors/README.md.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from luftpegel_tools import debian

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
NAMES = ("sht4x", "bme280", "sps30", "a02yyuw", "ds18b20")
HEAP_KIB = 96
# Runs on the board's MicroPython. The bus is not touched: what counts is the code and the instance.
PROBE = """
import gc, sys

class onewire:
    class OneWire:
        def __init__(self, pin):
            self.pin = pin

sys.modules["onewire"] = onewire
sys.path.insert(0, {lib!r})
gc.collect()
before = gc.mem_alloc()
import sensors
kept = []
for name in {names!r}:
    kept.append(sensors.driver(name)(None))
del name
gc.collect()
print(gc.mem_alloc() - before)
"""


def resident_bytes(names):
    """Heap bytes that stay when these drivers are imported and constructed, package and helpers included."""
    program = debian.mpy32()
    script = PROBE.format(lib=str(FIRMWARE_LIB), names=tuple(names))
    command = [*program.argv_prefix, "-X", f"heapsize={HEAP_KIB}k", "-c", script]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env={**os.environ, **program.env}
    )
    return int(done.stdout)


def measure():
    """-> {driver: bytes when it is alone, "all five": bytes of all together}."""
    table = {name: resident_bytes([name]) for name in NAMES}
    return {**table, "all five": resident_bytes(NAMES)}


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=2)
    print()
