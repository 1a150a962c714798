"""Sets of sequence numbers as ranges."""

import hypothesis.strategies as st
from hypothesis import given

from luftpegel_gateway.model.intervals import Intervals

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


@given(numbers, st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_added_whole(given_numbers, first, last):
    held = Intervals().add(given_numbers).add_range(first, last)
    assert {number for number in range(70) if number in held} == set(given_numbers) | set(range(first, last
    + 1))
