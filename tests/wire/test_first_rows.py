"""What the gateway reads of a frame in one piece is what the wire's own reader reads there, or nothing."""

import random

import pytest
import wire_random

from luftpegel_gateway.decode.first_rows import first_rows
from luftpegel_gateway.decode.uplink import Readings
from luftpegel_gateway.model.faults import Refused
from luftpegel_tools.generate import golden
from luftpegel_wire import PORT_READINGS, Row, WireError, encode_readings
from luftpegel_wire.quality import OK
from luftpegel_wire.readings_reader import ReadingsReader

DAMAGED = 20_000
SOUND = 3_000
KINDS = ((2, 4, 6), (10,), (8, 12, 14), (2, 3, 30))


def by_the_wire(payload):
    """Head and rows of a frame by the wire's reader, and the code with which it ends, if it does."""
    found = []
    try:
        reader = ReadingsReader(payload)
        known = {c: s for c, s in zip(reader.channels, reader.steps, strict=True) if s is not None}
        found = [(reader.seq, reader.count, known)]
        while row := reader.next():
            cells = [] if row.absent else zip(reader.channels, row.values, row.quality, strict=True)
            told = [cell for cell in cells if cell[0] in known]
            old = row.absent or row.age is None or row.age > 10 * 365 * 86400
            found.append((row.seq, None if old else row.age, told))
        reader.finish()
    except WireError as error:
        return found, error.code
    return found, ""


def as_told(row):
    return row.seq, row.age, [(cell.channel, cell.value, cell.wire) for cell in row.cells]


def by_the_gateway(payload):
    found = []
    try:
        frame = Readings(payload)
        found = [(frame.newest, frame.newest - frame.oldest + 1, frame.steps)]
        while row := frame.next():
            found.append(as_told(row))
    except Refused as refusal:
        return found, refusal.code
    return found, ""


def usual(rng):
    """A frame as nearly all are: no fault, no lost clock."""
    channels = rng.choice(KINDS)
    values = [rng.randrange(-3000, 12_000) for _ in channels]
    interval = rng.choice((600, 900, 3600, 601, 7, 86_400))
    age, seq, rows = rng.randrange(60), rng.randrange(100, 1 << rng.randrange(8, 32)), []
    for at in range(rng.randrange(1, 12)):
        rows.append(Row(seq - at, age, interval, tuple(values), [OK] * len(channels)))
        reach = rng.choice((1, 30, 30, 400, 9000))
        values = [value + rng.randrange(-reach, reach + 1) for value in values]
        age += interval
    return bytes(encode_readings(channels, iter(rows), 242)[0])


def test_usual_frames_are_read_so():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    for payload in [usual(rng) for _ in range(SOUND)]:
        told = by_the_wire(payload)
        assert by_the_gateway(payload) == told, payload.hex()
        newest, count, steps, rows = first_rows(payload)
        assert len(rows) == min(2, count), payload.hex()
        assert [(newest, count, steps), *map(as_told, rows)] == told[0][: 1 + len(rows)], payload.hex()


@pytest.mark.parametrize("release", golden.releases())
def test_golden_vectors_are_what_they_are(release):
    for vectors in golden.read_release(release):
        for payload in {vector.payload for vector in vectors if vector.port == PORT_READINGS}:
            assert by_the_gateway(payload) == by_the_wire(payload), payload.hex()


def test_frames_of_any_kind_and_damaged_ones():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    read = 0
    sound = [
        usual(rng) if rng.random() < 0.7 else wire_random.readings_frame(rng, most_rows=8) for _ in range(500)
    ]
    for _ in range(DAMAGED):
        payload = wire_random.mutated(rng, rng.choice(sound))
        quick = first_rows(payload)
        told, code = by_the_wire(payload)
        if quick is not None:
            read += 1
            newest, count, steps, rows = quick
            assert [(newest, count, steps), *map(as_told, rows)] == told[: 1 + len(rows)], payload.hex()
        assert by_the_gateway(payload) == (told, code), payload.hex()
    assert read > DAMAGED // 10
