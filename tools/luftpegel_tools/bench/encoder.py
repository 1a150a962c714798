"""What encoding costs a station: heap and time of a frame of 24 readings on the 32-bit MicroPython.

Objects there are as large as on an ESP32. Peak heap is what must be free for the work to succeed: the heap is
filled up, then freed piece by piece until it does. Time is given in 100-iteration loops of the same
interpreter.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from luftpegel_tools.bench import Figure
from luftpegel_tools.bench.compactness import GAUGE, PROFILES, read_gauge, window_rows
from luftpegel_tools.debian import Program, mpy32
from luftpegel_tools.firmware_image import compile_file, sources
from luftpegel_wire.quantities import channel_of

_READINGS = 24
_PAYLOAD = 242
_PREPARE = """
import gc, sys, time
sys.path[:] = [{folder!r}]
gc.collect()
bare = gc.mem_alloc()
from luftpegel_wire.readings import Row, encode_readings
gc.collect()
imported = gc.mem_alloc()
rows = [Row(*fields) for fields in {rows!r}]
gc.collect()
"""
_ENCODE = """
def encode():
    payload, taken = encode_readings({channels!r}, rows, {limit})
    assert taken == {count}
    return payload
"""
_MEASURE = """
gc.disable()
before = gc.mem_alloc()
payload = encode()
churn = gc.mem_alloc() - before
gc.enable()

def loop():
    for _ in range(100):
        pass

def best(work, repeats):
    least = 1 << 29
    for _ in range(30):
        start = time.ticks_us()
        for _ in range(repeats):
            work()
        least = min(least, time.ticks_diff(time.ticks_us(), start))
    return least / repeats

loops = best(encode, 1) / best(loop, 100)
size = len(payload)
payload = None
PIECE = 128
gc.collect()
ballast = [None] * (gc.mem_free() // PIECE)
filled = 0
try:
    while True:
        ballast[filled] = bytearray(PIECE)
        filled += 1
except MemoryError:
    pass
freed = 0
while True:
    filled -= 1
    ballast[filled] = None
    freed += PIECE
    gc.collect()
    try:
        encode()
        break
    except MemoryError:
        pass
print(imported - bare, churn, freed, size, loops)
"""
_HEAP = 128 * 1024


def measure() -> Iterator[Figure]:
    """Import, churn, peak and time of the climate profile's frame."""
    engine = mpy32()
    with tempfile.TemporaryDirectory(prefix="luftpegel-bench-") as folder:
        _compile_wire(Path(folder))
        prepare, encode = _programs(folder)
        answer = _run(engine, _compiled(Path(folder), "everything", prepare + encode + _MEASURE))
    imported, churn, peak, size, loops = (float(word) for word in answer.split())
    budget = 96.0 * 1024
    yield Figure("wire: heap after import, from .mpy", imported, "bytes", "96 KiB budget", imported / budget)
    name = f"wire: peak heap of encoding {_READINGS} readings"
    yield Figure(name, peak, "bytes", "96 KiB budget", peak / budget)
    yield Figure("wire: allocated in all while encoding", churn, "bytes", "96 KiB budget", churn / budget)
    yield Figure(f"wire: frame of {_READINGS} climate readings", size, "bytes", "51-byte payload", size / 51)
    yield Figure("wire: time to encode them", loops, "loops", "a 100-iteration loop", loops)


def _compile_wire(folder: Path) -> None:
    for source in sources():
        if source.parent.name == "luftpegel_wire":
            target = folder / "luftpegel_wire" / source.with_suffix(".mpy").name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(compile_file(source, source.name))


def _programs(folder: str) -> tuple[str, str]:
    columns = PROFILES["climate"]
    rows = window_rows(read_gauge(GAUGE, columns), 4000)[:_READINGS]
    fields = [(row.seq, row.age, row.interval, tuple(row.values), tuple(row.quality)) for row in rows]
    channels = tuple(channel_of(column.quantity) for column in columns)
    prepare = _PREPARE.format(folder=folder, rows=fields)
    return prepare, _ENCODE.format(channels=channels, limit=_PAYLOAD, count=_READINGS)


def _compiled(folder: Path, name: str, program: str) -> Path:
    """The program as .mpy, as a station has it: compiling would take more heap than the work."""
    source = folder / f"{name}.py"
    source.write_text(program)
    target = folder / f"{name}.mpy"
    target.write_bytes(compile_file(source, source.name))
    source.unlink()
    return target


def _run(engine: Program, program: Path) -> str:
    """What the program printed."""
    done = subprocess.run(
        [*engine.argv_prefix, "-X", f"heapsize={_HEAP}", "-m", program.stem],
        capture_output=True,
        text=True,
        check=False,
        cwd=program.parent,
        env=os.environ | engine.env,
    )
    if done.returncode:
        raise RuntimeError(f"the benchmark failed on the 32-bit engine:\n{done.stderr or done.stdout}")
    return done.stdout
