"""Sets of sequence numbers, and when two tellings of a reading are the same."""

import hypothesis.strategies as st
from hypothesis import given

from luftpegel_gateway.model.intervals import Intervals, same_time, same_value

numbers = st.lists(st.integers(0, 60), max_size=40)


@given(numbers, numbers, numbers)
def test_intervals_are_a_set_of_integers(first, second, gone):
    held = Intervals().add(first).add(second).remove(gone)
    expected = (set(first) | set(second)) - set(gone)
    assert {number for number in range(70) if number in held} == expected
    assert len(held) == len(expected)
    assert held.newest == max(expected, default=None)


@given(numbers)
def test_ranges_never_touch_and_gaps_are_what_lies_between(given_numbers):
    held = Intervals().add(given_numbers)
    assert all(before[1] + 1 < after[0] for before, after in zip(held.ranges, held.ranges[1:], strict=False))
    missing = {number for first, last in held.missing() for number in range(first, last + 1)}
    assert missing == set(range(min(given_numbers, default=0), max(given_numbers, default=-1) + 1)) - set(
        given_numbers
    )


def test_times_may_differ_by_the_drift_of_a_sleeping_clock():
    assert same_time(1000, 1000 + 300, 0)
    assert not same_time(1000, 1000 + 301, 0)
    assert same_time(1_000_000, 1_008_000, 86400)
    assert same_time(None, 5, 0)
    assert same_time(5, None, None)


def test_values_may_differ_by_their_step():
    assert same_value(2150, 2154, 10)
    assert not same_value(2150, 2161, 10)
    assert same_value(None, None, 10)
    assert not same_value(None, 0, 10)
