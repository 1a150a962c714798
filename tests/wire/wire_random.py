"""Random frames, right ones and wrong ones, from a random.Random: the same seed gives the same frames."""

from luftpegel_tools.generate.golden import read_release, releases
from luftpegel_wire import (
    Row,
    WireError,
    encode_alarm,
    encode_backfill,
    encode_config,
    encode_readings,
    encode_status,
)
from luftpegel_wire.cbor import dumps
from luftpegel_wire.column import MAX_MAGNITUDE
from luftpegel_wire.quantities import QUANTITIES, default_step
from luftpegel_wire.readings import INTERVALS, MAX_AGE, MAX_INTERVAL, MAX_SEQ, STEPS

PORTS = (1, 2, 3, 10, 11)
KNOWN = tuple(2 * number + index for number, _ in QUANTITIES.values() for index in (0, 1))


def channels_and_steps(rng):
    """Rising channels, most of them from the table, and a step for each, most of them the usual one."""
    width = rng.choice((0, 1, 1, 2, 3, 3, 5, 8, 31))
    pool = KNOWN if rng.random() < 0.8 else range(2, 256)
    channels = tuple(sorted(rng.sample(pool, width)))
    steps = [default_step(channel) for channel in channels]
    unusual = rng.random() < 0.2
    return channels, [rng.choice(STEPS) if unusual or step is None else step for step in steps]


def rows(rng, steps, count):
    """Rows, newest first: columns of all tempers, faults, gaps, lost clocks; values of any base unit."""
    seq = rng.choice((rng.randrange(256, 100_000), MAX_SEQ, 256))
    columns = [_column(rng, step, count) for step in steps]
    usual = rng.choice((*INTERVALS, 601, 7, 86400))
    jumpy, faulty, gappy = (rng.random() < 0.3 for _ in range(3))
    age = rng.choice((None, 0, 12, 3600, MAX_AGE, rng.randrange(100_000)))
    quality = [0] * len(steps)
    made = []
    for index in range(count):
        if faulty and rng.random() < 0.2:
            quality = [rng.randrange(16) if rng.random() < 0.5 else old for old in quality]
        if gappy and rng.random() < 0.1:
            made.append(Row(seq - index, None, None, [None] * len(steps), [8] * len(steps), True))
            continue
        interval = usual
        if jumpy and rng.random() < 0.3:
            interval = rng.choice((None, 0, 1, usual + rng.randrange(9), MAX_INTERVAL, rng.randrange(10**6)))
        values = [column[index] for column in columns]
        made.append(Row(seq - index, age, interval, values, list(quality), False))
    return made


def _column(rng, step, count):
    kind = rng.randrange(5)
    value = rng.randrange(-5000, 20000)
    column = []
    for _ in range(count):
        if kind == 1:
            value += rng.randrange(-step, step + 1)
        elif kind == 2:
            value += rng.randrange(-9 * step, 9 * step + 1)
        elif kind == 3:
            value = rng.randrange(-1000, 1000) * step
        elif kind == 4:
            value = rng.randrange(-(1 << rng.randrange(1, 29)), 1 << rng.randrange(1, 29)) * step
        column.append(None if rng.random() < 0.02 else value)
    return column


def readings_frame(rng, limit=242, most_rows=40):
    channels, steps = channels_and_steps(rng)
    given = rows(rng, steps, rng.randrange(1, most_rows))
    try:
        return encode_readings(channels, iter(given), limit, steps)[0]
    except WireError:  # too many channels for the limit
        return encode_readings((), iter(rows(rng, (), 3)), limit, ())[0]


def other_frame(rng):
    """(port, payload) of a status, alarm, config or backfill frame."""
    kind = rng.choice((2, 3, 10, 11))
    if kind == 2:
        return kind, encode_status(_fields(rng))
    if kind == 3:
        numbers = [_natural(rng) for _ in range(4)]
        return kind, encode_alarm(*numbers, _signed(rng), _signed(rng))
    if kind == 10:
        return kind, encode_config(_natural(rng), _fields(rng))
    return kind, encode_backfill(_natural(rng), _natural(rng))


def _fields(rng):
    texts = ("", "0.1.0", "Ä", "😀" * 3, 'a\0b\n"\\')
    return {
        _natural(rng): rng.choice(texts) if rng.random() < 0.2 else _signed(rng)
        for _ in range(rng.randrange(8))
    }


def _natural(rng):
    return rng.choice((rng.randrange(20), rng.randrange(1 << 16), rng.randrange(1 << 32)))


def _signed(rng):
    return _natural(rng) * rng.choice((1, 1, -1))


def golden_frames(most_bytes=60, most_rows=16):
    """(port, payload) of all golden vectors that are quick to decode."""
    frames = []
    for release in releases():
        good, bad = read_release(release)
        frames += [
            (v.port, v.payload)
            for v in good
            if len(v.payload) <= most_bytes and len(v.content.get("rows", ())) <= most_rows
        ]
        frames += [(v.port, v.payload) for v in bad if len(v.payload) <= most_bytes]
    return frames


def mutated(rng, payload):
    """The payload with one to three bytes changed, put in, taken out, or its end cut off."""
    data = bytearray(payload)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        action = rng.randrange(5)
        if action == 0:
            data.insert(at, rng.randrange(256))
        elif at == len(data):
            data.append(rng.choice((0, 1, 255)))
        elif action == 1:
            del data[at]
        elif action == 2:
            del data[at:]
        elif action == 3:
            data[at] ^= 1 << rng.randrange(8)
        else:
            data[at] = rng.randrange(256)
    return bytes(data)


def cbor_around(rng, body):
    """A readings frame of valid CBOR around a body that need not make sense."""
    seq = rng.choice((0, 7, 1000, MAX_SEQ, -1, 1 << 32))
    age = rng.choice((12, 12, -1, 0, MAX_AGE, MAX_AGE + 1))
    return dumps([rng.choice((1, 1, 1, 1, 1, 1, 2)), seq, age, body])


def random_item(rng, depth=0):
    """A random item of the CBOR that frames are made of."""
    kind = rng.randrange(6 if depth < 4 else 4)
    if kind == 0:
        return rng.randrange(1 << rng.choice((1, 5, 8, 16, 32, 33, 64)))
    if kind == 1:
        return -1 - rng.randrange(1 << rng.choice((1, 5, 8, 16, 32, 33, 64)))
    if kind == 2:
        return rng.randbytes(rng.randrange(5))
    if kind == 3:
        return rng.choice(("", "a", "Ö", "€uro", "😀"))
    if kind == 4:
        return [random_item(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {
        rng.randrange(1 << rng.choice((3, 8, 16, 64))): random_item(rng, depth + 1)
        for _ in range(rng.randrange(4))
    }


def any_input(rng, seeds):
    """(port, payload): what a decoder may be handed, small and mostly wrong. seeds: frames to start from."""
    chance = rng.random()
    if chance < 0.04:
        return other_frame(rng) if chance < 0.02 else (1, readings_frame(rng, most_rows=5))
    if chance < 0.25:
        return rng.choice((*PORTS, 1, 1, 0, 224)), rng.randbytes(rng.randrange(24))
    if chance < 0.6:
        port, payload = rng.choice(seeds)
        return port, mutated(rng, payload)
    if chance < 0.8:
        body = bytes([min(rng.randrange(256), rng.randrange(8))]) + rng.randbytes(rng.choice((3, 8, 16, 32)))
        return 1, cbor_around(rng, body)
    if chance < 0.95:
        members = [random_item(rng, 1) for _ in range(rng.choice((1, 2, 3, 6)))]
        return rng.choice(PORTS), dumps([1, *members])
    return rng.choice(PORTS), dumps(random_item(rng))


def in_reach(value, step):
    """Whether the wire can carry a value of base units in this step."""
    return abs((2 * value + step) // (2 * step)) <= MAX_MAGNITUDE
