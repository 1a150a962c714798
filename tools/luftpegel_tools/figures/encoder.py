"""What encoding costs a station: heap and time of a frame of 24 readings on the 32-bit MicroPython.

Objects there are as large as on an ESP32. Peak heap is what must be free for the work to succeed: the heap is
filled up, then freed piece by piece until it does. Time is given in 100-iteration loops of the same
interpreter.
"""

from collections.abc import Iterator

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.compactness import GAUGE, PROFILES, read_gauge, window_rows
from luftpegel_tools.figures.small_engine import compiled_package, run
from luftpegel_wire.quantities import channel_of

_READINGS = 24
_PAYLOAD = 242
_PREPARE = """
import gc, time
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

def took(work, repeats):
    start = time.ticks_us()
    for _ in range(repeats):
        work()
    return time.ticks_diff(time.ticks_us(), start) / repeats

turns = [(took(encode, 1), took(loop, 100)) for _ in range(60)]
loops = min([turn[0] for turn in turns]) / min([turn[1] for turn in turns])
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
    with compiled_package("luftpegel_wire") as (folder, _):
        answer = run(folder, _program(), _HEAP)
    imported, churn, peak, size, loops = (float(word) for word in answer.split())
    budget = 96.0 * 1024
    yield Figure("wire: heap after import, from .mpy", imported, "bytes", "96 KiB budget", imported / budget)
    name = f"wire: peak heap of encoding {_READINGS} readings"
    yield Figure(name, peak, "bytes", "96 KiB budget", peak / budget)
    yield Figure("wire: allocated in all while encoding", churn, "bytes", "96 KiB budget", churn / budget)
    yield Figure(f"wire: frame of {_READINGS} climate readings", size, "bytes", "51-byte payload", size / 51)
    yield Figure("wire: time to encode them", loops, "loops", "a 100-iteration loop", loops)


def _program() -> str:
    columns = PROFILES["climate"]
    rows = window_rows(read_gauge(GAUGE, columns), 4000)[:_READINGS]
    fields = [(row.seq, row.age, row.interval, tuple(row.values), tuple(row.quality)) for row in rows]
    channels = tuple(channel_of(column.quantity) for column in columns)
    encode = _ENCODE.format(channels=channels, limit=_PAYLOAD, count=_READINGS)
    return _PREPARE.format(rows=fields) + encode + _MEASURE
