"""A frame of readings read row by row is what it is when read at once, however far it is read."""

import random

import pytest
import wire_compiled
import wire_fuzz
import wire_random

from luftpegel_tools.generate import golden
from luftpegel_wire import PORT_READINGS, Row, WireError, decode_readings, encode_readings, readings_reader
from luftpegel_wire.cbor import dumps
from luftpegel_wire.cbor_reader import loads
from luftpegel_wire.errors import MALFORMED

VECTORS = [golden.read_release(release) for release in golden.releases()]
FRAMES = [vector for good, _ in VECTORS for vector in good if vector.content["kind"] == "readings"]
GOOD = sorted({vector.payload for vector in FRAMES})
BAD = sorted({vector.payload for _, bad in VECTORS for vector in bad if vector.port == PORT_READINGS})


@pytest.fixture(scope="module", params=wire_compiled.READERS)
def reader(request):
    """The class ReadingsReader, of each kind that this machine has."""
    return wire_compiled.READERS[request.param]().ReadingsReader


def cells(row):
    return row.seq, row.age, row.interval, row.values, row.quality, row.absent


def head(frame):
    return frame.version, frame.seq, frame.age, frame.channels, frame.steps


def at_once(payload):
    """Head and rows of a whole frame, or the words in which it is refused."""
    try:
        frame = decode_readings(payload)
    except WireError as error:
        return str(error)
    return head(frame), [cells(row) for row in frame.rows]


def row_by_row(reader, payload):
    """The same, by the streaming reader."""
    rows = []
    try:
        frame = reader(payload)
        while row := frame.next():
            rows.append(cells(row))
        frame.finish()
    except WireError as error:
        return str(error)
    assert len(rows) == frame.count
    return head(frame), rows


def some_frames(seed, count):
    rng = random.Random(seed)
    return [wire_random.readings_frame(rng, rng.choice((51, 242))) for _ in range(count)]


@pytest.mark.parametrize("payload", GOOD + BAD, ids=bytes.hex)
def test_golden_vectors(reader, payload):
    assert row_by_row(reader, payload) == at_once(payload)


def test_any_bytes(reader):
    told = []
    for port, payload in wire_fuzz.inputs(77, 20_000):
        if port == PORT_READINGS:
            told.append(at_once(payload))
            assert row_by_row(reader, payload) == told[-1], payload.hex()
    assert len({type(outcome) for outcome in told}) == 2  # some are read, some refused


def test_any_prefix(reader):
    for payload in GOOD + some_frames(5, 100):
        whole = decode_readings(payload)
        for length in range(len(whole.rows) + 1):
            frame = reader(payload)
            assert head(frame) == head(whole)
            assert [cells(frame.next()) for _ in range(length)] == [cells(row) for row in whole.rows[:length]]


def test_finish_reads_what_is_left(reader):
    for payload in some_frames(6, 20):
        frame = reader(payload)
        frame.next()
        frame.finish()
        assert frame.next() is None


def long_frame():
    rows = [Row(500 - index, 12, 600, [2150 + index * index % 70], [0]) for index in range(60)]
    return encode_readings((2,), iter(rows), 51)[0]


def test_a_damaged_tail_is_noticed_by_who_reads_on(reader):
    payload = long_frame()
    damaged = payload[:-4] + bytes([payload[-4] ^ 255]) + payload[-3:]
    frame, whole = reader(damaged), decode_readings(payload)
    assert [cells(frame.next()) for _ in range(2)] == [cells(row) for row in whole.rows[:2]]
    assert row_by_row(reader, damaged) == at_once(damaged) != at_once(payload)


def test_a_byte_too_much_is_refused_by_finish_only(reader):
    version, seq, age, body = loads(long_frame())
    frame = reader(dumps([version, seq, age, body + b"\0"]))
    assert [frame.next().seq for _ in range(frame.count)] == list(range(seq, seq - frame.count, -1))
    with pytest.raises(WireError, match=MALFORMED):
        frame.finish()


def broken_readers(reader, seed, count):
    """Readers that have met a row that cannot be read."""
    for port, payload in wire_fuzz.inputs(seed, count):
        try:
            frame = reader(payload) if port == PORT_READINGS else None
        except WireError:
            continue
        try:
            while frame and frame.next():
                pass
        except WireError:
            yield frame


def test_nothing_follows_a_broken_row(reader):
    met = 0
    for frame in broken_readers(reader, seed=78, count=5_000):
        for again in (frame.next, frame.finish, frame.next):
            with pytest.raises(WireError, match=MALFORMED):
                again()
        met += 1
    assert met > 100


def test_rows_that_nobody_asks_for_are_not_decoded(monkeypatch):
    decoded = []

    class Counted(readings_reader.Rows):
        def code(self, *args):
            decoded.append(args)
            return super().code(*args)

    monkeypatch.setattr(readings_reader, "Rows", Counted)
    frame = readings_reader.ReadingsReader(long_frame())
    assert frame.count > 20
    frame.next()
    frame.next()
    assert len(decoded) == 2
