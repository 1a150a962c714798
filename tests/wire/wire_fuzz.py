"""Hands the decoder any bytes: it must give a sane frame or raise WireError, nothing else."""

import random

import wire_random

from luftpegel_wire import WireError, decode
from luftpegel_wire.column import MAX_MAGNITUDE
from luftpegel_wire.quantities import default_step
from luftpegel_wire.readings import MAX_AGE, MAX_INTERVAL, MAX_SEQ, STEPS

LIMIT = 1 << 32


def inputs(seed, count):
    rng = random.Random(seed)
    seeds = wire_random.golden_frames()
    for _ in range(count):
        yield wire_random.any_input(rng, seeds)


def run(seed, count):
    """(frames accepted, errors by code); a finding is an AssertionError that names the bytes."""
    accepted, refused = 0, {}
    for port, payload in inputs(seed, count):
        try:
            frame = decode(port, payload)
            CHECKS[type(frame).__name__](frame)
            accepted += 1
        except WireError as error:
            refused[error.code] = refused.get(error.code, 0) + 1
        except Exception as error:
            raise AssertionError(f"port {port}, {payload.hex()}: {error!r}") from error
    return accepted, refused


def check_readings(frame):
    assert 0 <= frame.seq <= MAX_SEQ
    assert frame.age is None or 0 <= frame.age <= MAX_AGE
    assert list(frame.channels) == sorted(set(frame.channels))
    assert all(2 <= channel <= 255 for channel in frame.channels)
    assert len(frame.channels) == len(frame.steps) <= 31
    for channel, step in zip(frame.channels, frame.steps, strict=True):
        assert step in STEPS or (step is None and default_step(channel) is None)
    assert 1 <= len(frame.rows) <= 256
    assert [row.seq for row in frame.rows] == list(range(frame.seq, frame.seq - len(frame.rows), -1))
    assert frame.rows[-1].seq >= 0
    age = frame.age
    for row in frame.rows:
        _check_row(row, frame.steps)
        if not row.absent:
            age = None if age is None or row.interval is None else age + row.interval
            assert row.age == age


def _check_row(row, steps):
    assert len(row.values) == len(row.quality) == len(steps)
    if row.absent:
        assert row.age is None
        assert set(row.values) <= {None}
        return
    assert row.interval is None or 0 <= row.interval <= MAX_INTERVAL
    for value, quality, step in zip(row.values, row.quality, steps, strict=True):
        assert 0 <= quality <= 15
        assert (value is None) == (quality >= 8)
        assert value is None or (value % (step or 1) == 0 and abs(value) <= MAX_MAGNITUDE * (step or 1))


def check_fields(frame):
    for name, value in frame.fields.items():
        assert isinstance(name, str) or 0 <= name < LIMIT
        assert isinstance(value, str) or -LIMIT < value < LIMIT


def check_config(frame):
    assert 0 <= frame.token < LIMIT
    check_fields(frame)


def check_alarm(frame):
    assert all(0 <= number < LIMIT for number in (frame.seq, frame.age, frame.channel))
    assert all(-LIMIT < number < LIMIT for number in (frame.value, frame.threshold))


def check_backfill(frame):
    assert all(0 <= number < LIMIT for number in (frame.first_seq, frame.count))


CHECKS = {
    "Readings": check_readings,
    "Status": check_fields,
    "Config": check_config,
    "Alarm": check_alarm,
    "Backfill": check_backfill,
}
