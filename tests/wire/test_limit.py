"""No frame is longer than its limit, as many rows as fit are in it, and what did not fit leaves no trace."""

import json
import random

import pytest
import wire_decoders
import wire_encoding
import wire_random
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_wire import Row, WireError, decode, encode_alarm, encode_config, encode_readings, encode_status
from luftpegel_wire.errors import TOO_LARGE
from luftpegel_wire.frames import ALARM_KINDS, STATUS_FIELDS
from luftpegel_wire.quality import MISSING
from luftpegel_wire.readings import MAX_AGE, MAX_ROWS, MAX_SEQ

FRESH = random.SystemRandom().getrandbits(64)  # another one in each run; a finding names it
CASES = 4000
ENGINE_CASES = 120
UNLIMITED = 10**6
# On both sides of where a number of CBOR takes a byte more, and what no frame can tell.
EDGES = (0, 23, 24, 255, 256, 65535, 65536)
AGES = (None, -1, *EDGES, MAX_AGE, MAX_AGE + 1, 1 << 40)
MOST_BYTES_OF_OTHERS = 36  # 51, less the most that answers of the MAC may take from them


def case(seed):
    """[channels, steps, rows, limit, as a list]: small limits, absent beginnings, ages on an edge."""
    rng = random.Random(seed)
    channels, steps = wire_random.channels_and_steps(rng)
    count = rng.randrange(1, rng.choice((3, 12, 60)))
    rows = wire_random.rows(rng, steps, count)
    newest = rng.choice([edge for edge in (*EDGES, MAX_SEQ) if edge >= count - 1] or [count])
    start = rng.choice((0, 0, 1, 2, rng.randrange(count + 1)))
    age = rng.choice(AGES)
    for index, row in enumerate(rows):
        row.seq, row.age = newest - index, None if row.absent else age
        if index < start:
            rows[index] = _absent(row.seq, len(steps))
    limit = rng.choice((rng.randrange(8, 60), rng.randrange(8, 60), 51, 115, 222, 242))
    return [list(channels), steps, [_plain(row) for row in rows], limit, rng.random() < 0.3]


def _absent(seq, width):
    return Row(seq, None, None, [None] * width, [MISSING] * width, True)


def _plain(row):
    return [row.seq, row.age, row.interval, list(row.values), list(row.quality), row.absent]


def check(channels, steps, rows, limit, listed):
    """The frame of a case is right in length, content and number of rows."""
    given_rows = [Row(*row) for row in rows]
    encoded = wire_encoding.outcome(channels, steps, rows, limit, listed)
    payload, taken = (b"", 0) if encoded == TOO_LARGE else (bytes.fromhex(encoded[0]), encoded[1])
    assert len(payload) <= limit
    if taken:
        _comes_back(decode(1, payload), given_rows[:taken])
    if taken < min(len(rows), MAX_ROWS):
        longer, more = encode_readings(channels, iter(given_rows[: taken + 1]), UNLIMITED, steps)
        assert more == taken + 1
        assert len(longer) > limit


def _comes_back(frame, rows):
    assert [(row.seq, row.absent) for row in frame.rows] == [(row.seq, row.absent) for row in rows]
    there = [row for row in rows if not row.absent]
    age = there[0].age if there else None
    assert frame.age == (age if age is not None and 0 <= age <= MAX_AGE else None)
    for row, told in zip(rows, frame.rows, strict=True):
        cells = zip(row.values, row.quality, told.values, told.quality, frame.steps, strict=True)
        for value, quality, told_value, told_quality, step in cells:
            if row.absent or value is None or quality >= MISSING:
                assert told_value is None
            elif told_quality < MISSING:
                assert (told_value, told_quality) == ((2 * value + step) // (2 * step) * step, quality)
            else:
                assert not wire_random.in_reach(value, step)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_any_frame_keeps_its_limit(seed):
    check(*case(seed))


def test_frames_that_no_run_has_seen_keep_their_limits():
    for number in range(CASES):
        seed = f"{FRESH}:{number}"
        try:
            check(*case(seed))
        except Exception as error:
            raise AssertionError(f"case({seed!r})") from error


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("start", [0, 1, 5])
def test_an_age_counts_only_when_its_row_is_taken(age, start):
    """At whichever byte the limit falls: between absent rows, before, in and behind the row with the age."""
    channels, steps = [2, 4], [10, 50]
    rows = [_plain(_absent(1000 - index, 2)) for index in range(start)]
    rows += [[1000 - start - index, age, 600, [2150 + 70 * index, 6000], [0, 0], False] for index in range(3)]
    taken = set()
    for limit in range(7, 40):
        check(channels, steps, rows, limit, False)
        encoded = wire_encoding.outcome(channels, steps, rows, limit, False)
        taken.add(0 if encoded == TOO_LARGE else encoded[1])
    assert {0, start, start + 1, start + 3} <= taken


@pytest.mark.parametrize("listed", [False, True])
def test_without_a_row_there_is_no_frame(listed):
    assert wire_encoding.outcome([2], [10], [], 51, listed) == TOO_LARGE


def test_a_list_never_holds_fewer_rows_than_a_generator():
    """Naming coarser steps takes room: it is done where it gains."""
    gained = 0
    for seed in range(600):
        channels, steps, rows, limit, _ = case(seed)
        for row in rows:
            row[3] = [value and value // 1000 * 100 for value in row[3]]
        listed, asked = (
            wire_encoding.outcome(channels, [1] * len(steps), rows, limit, kind) for kind in (True, False)
        )
        told = [0 if found == TOO_LARGE else found[1] for found in (listed, asked)]
        assert told[0] >= told[1], seed
        gained += told[0] > told[1]
    assert gained


@pytest.mark.parametrize("engine", ["micropython-64", "micropython-32"])
def test_micropython_encodes_the_same_bytes(engine):
    cases = [case(f"{FRESH}:{number}") for number in range(ENGINE_CASES)]
    answers = wire_decoders.ENGINES[engine]("wire_encoding.py", [json.dumps(one) for one in cases])
    assert len(answers) == ENGINE_CASES
    for one, answer in zip(cases, answers, strict=True):
        assert answer == wire_encoding.outcome(*one), one


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(STATUS_FIELDS)),
        st.integers(-(2**32) + 1, 2**32 - 1) | st.text(max_size=9),
        max_size=len(STATUS_FIELDS),
    ),
    st.integers(3, 120),
)
def test_a_status_leaves_out_its_last_fields_and_no_more(fields, limit):
    numbers = sorted(fields)
    payload = encode_status(fields, limit)
    told = decode(2, payload).fields
    kept = numbers[: len(told)]
    assert len(payload) <= limit
    assert told == {STATUS_FIELDS[number]: fields[number] for number in kept}
    if len(kept) < len(numbers):
        assert len(encode_status({number: fields[number] for number in numbers[: len(kept) + 1]})) > limit


def test_where_not_even_an_empty_status_fits_there_is_none():
    with pytest.raises(WireError, match=TOO_LARGE):
        encode_status({"boots": 1}, 2)


def test_the_longest_of_the_other_frames_fit_beside_any_answer_of_the_mac():
    most = 2**32 - 1
    alarms = [encode_alarm(most, most, 255, kind, -most, -most) for kind in (*ALARM_KINDS, most)]
    answer = encode_config(most, {"interval_s": most})
    assert max(len(frame) for frame in (*alarms, answer)) <= MOST_BYTES_OF_OTHERS
