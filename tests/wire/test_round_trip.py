"""What goes into a readings frame comes out of it, to its resolution, and as much goes in as fits."""

import random

import pytest
import wire_random
from hypothesis import given, settings
from hypothesis import strategies as st
from wire_content import outcome

from luftpegel_tools.generate.golden_vectors import encode
from luftpegel_wire import WireError, decode, encode_readings
from luftpegel_wire.errors import TOO_LARGE
from luftpegel_wire.readings import MAX_AGE, MAX_INTERVAL

SEEDS = st.integers(0, 2**64 - 1)
LIMITS = (51, 115, 222, 242)


def case(seed, most_rows=60):
    rng = random.Random(seed)
    channels, steps = wire_random.channels_and_steps(rng)
    rows = wire_random.rows(rng, steps, rng.randrange(1, most_rows))
    return channels, steps, rows, rng.choice(LIMITS)


def expected_cell(value, quality, step):
    """(value, quality) after the wire: rounded half up to the step; a fault where nothing can be carried."""
    if value is None:
        return None, max(quality, 8)
    if quality >= 8:
        return None, quality
    if not wire_random.in_reach(value, step):
        return None, 15
    return (2 * value + step) // (2 * step) * step, quality


def expected_ages(rows):
    """Age and interval of each row that is there, as the decoder can know them."""
    present = [row for row in rows if not row.absent]
    first_age = present[0].age if present else None
    age = first_age if first_age is not None and 0 <= first_age <= MAX_AGE else None
    told = []
    for index, row in enumerate(present):
        interval = 0 if index == 0 else row.interval
        if interval is not None and not 0 <= interval <= MAX_INTERVAL:
            interval = None
        age = None if age is None or interval is None else age + interval
        told.append((age, interval))
    return told


@settings(max_examples=400, deadline=None)
@given(SEEDS)
def test_readings_come_back(seed):
    channels, steps, rows, limit = case(seed)
    first, _ = encode_readings(channels, iter(rows[:1]), 10**6, steps)
    if len(first) > limit:
        with pytest.raises(WireError, match=TOO_LARGE):
            encode_readings(channels, iter(rows), limit, steps)
        return
    payload, taken = encode_readings(channels, iter(rows), limit, steps)
    assert len(payload) <= limit
    frame = decode(1, payload)
    assert (frame.channels, list(frame.steps)) == (channels, steps)
    assert [row.seq for row in frame.rows] == [row.seq for row in rows[:taken]]
    assert [row.absent for row in frame.rows] == [row.absent for row in rows[:taken]]
    there = [(row, told) for row, told in zip(rows, frame.rows, strict=False) if not row.absent]
    for row, told in there:
        cells = zip(row.values, row.quality, steps, strict=True)
        assert list(zip(told.values, told.quality, strict=True)) == [expected_cell(*cell) for cell in cells]
    assert [(told.age, told.interval) for _, told in there] == expected_ages(rows[:taken])


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_one_row_more_would_not_fit(seed):
    channels, steps, rows, limit = case(seed, most_rows=300)
    try:
        payload, taken = encode_readings(channels, iter(rows), limit, steps)
    except WireError:
        payload, taken = b"", 0
    assert len(payload) <= limit
    assert taken <= 256
    if taken < min(len(rows), 256):
        longer, more = encode_readings(channels, iter(rows[: taken + 1]), 10**6, steps)
        assert more == taken + 1
        assert len(longer) > limit


@settings(max_examples=100, deadline=None)
@given(SEEDS)
def test_steps_found_by_themselves_lose_nothing(seed):
    """Where a list of rows shows a coarser resolution, the frame uses it, and each value is what it was."""
    rng = random.Random(seed)
    channels, _ = wire_random.channels_and_steps(rng)
    grain = [rng.choice((1, 7, 50, 100, 300, 1000)) for _ in channels]
    rows = wire_random.rows(rng, [1] * len(channels), 6)
    for row in rows:
        row.values = [value and value // 1000 * step for value, step in zip(row.values, grain, strict=True)]
    payload, taken = encode_readings(channels, rows, 10**6, [1] * len(channels))
    frame = decode(1, payload)
    assert taken == 6
    for row, told in zip(rows, frame.rows, strict=True):
        if not row.absent:
            cells = zip(row.values, row.quality, told.quality, strict=True)
            want = [None if q >= 8 or kept >= 8 else value for value, q, kept in cells]
            assert list(told.values) == want


@pytest.mark.parametrize("count", [1, 255, 256, 257, 400])
def test_at_most_256_rows(count):
    rng = random.Random(count)
    rows = wire_random.rows(rng, (), count)
    assert encode_readings((), iter(rows), 10**6, ())[1] == min(count, 256)


@settings(max_examples=200, deadline=None)
@given(SEEDS)
def test_impossible_age_is_told_as_unknown(seed):
    rng = random.Random(seed)
    (row,) = wire_random.rows(rng, (), 1)
    row.absent, row.age = False, rng.choice((-1, -1000, MAX_AGE + 1, 2**40))
    payload, _ = encode_readings((), iter([row]), 51, ())
    assert decode(1, payload).age is None


@pytest.mark.parametrize("channels", [(3, 2), (2, 2), (1,), (0,), (256,), (2, 400)])
def test_channels_that_no_frame_can_name_are_refused(channels):
    (row,) = wire_random.rows(random.Random(1), [10] * len(channels), 1)
    with pytest.raises(WireError, match="LP-215"):
        encode_readings(channels, iter([row]), 242, [10] * len(channels))


@settings(max_examples=300, deadline=None)
@given(SEEDS)
def test_other_frames_come_back(seed):
    """Encoding what was decoded gives the same bytes."""
    port, payload = wire_random.other_frame(random.Random(seed))
    assert encode(outcome(port, payload)) == payload
