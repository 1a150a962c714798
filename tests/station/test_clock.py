"""Slots and ages: exact, without drift, and unknown rather than wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import clock

INTERVALS = st.sampled_from([60, 300, 600, 900, 3600, 86400])


@given(st.integers(0, 2**32), INTERVALS, st.integers(0, 1999), st.integers(0, 30_000))
def test_wakes_follow_the_slots_whatever_each_wake_lasts(slot, interval, early_ms, work_ms):
    start = slot * interval * 1000
    woken = start - early_ms
    assert clock.slot_start(woken, interval) == slot * interval
    asleep = woken + work_ms
    assert asleep + clock.until_next_slot_ms(asleep, interval) == start + interval * 1000


def test_a_wake_that_lasts_longer_than_its_slot_goes_to_the_next_one_whole():
    assert clock.until_next_slot_ms(600_000 + 610_000, 600) == 590_000


@pytest.mark.parametrize(
    ("now_ms", "time_s"), [(600_000, 600), (598_500, 600), (601_999, 600), (605_300, 605)]
)
def test_a_reading_has_the_time_of_its_slot_when_it_was_on_time(now_ms, time_s):
    assert clock.reading_time(now_ms, clock.slot_start(now_ms, 600)) == time_s


def test_a_clock_that_stepped_back_or_leapt_begins_an_era():
    assert clock.is_new_era(1000, 999)
    assert clock.is_new_era(1000, 800_000_000)
    assert not clock.is_new_era(1000, 1600)


UNIX = 1_700_000_000


@pytest.mark.parametrize(
    ("era", "offset", "now", "age"),
    [
        (3, 0, (1600, 3, 0), 600),
        (2, 0, (1600, 3, UNIX), None),
        (2, UNIX, (1600, 3, 0), None),
        (2, UNIX - 5000, (1600, 3, UNIX), 5600),
        (3, 0, (900, 3, 0), None),
        (2, UNIX + 5000, (1600, 3, UNIX), None),
    ],
)
def test_age_is_known_within_an_era_or_by_network_time_on_both_sides(era, offset, now, age):
    assert clock.age_of(1000, era, offset, now) == age


class State:
    offset = offset_at = drift = doubt = mark = 0


def true_s(board_s, drift):
    return UNIX + board_s + board_s * drift // 1_000_000


@pytest.mark.parametrize("drift", [-5000, -40, 0, 40, 2778, 12_000])
def test_a_week_without_the_network_costs_less_than_a_minute(drift):
    state = State()
    for board_s in (10, 3610, 3610 + 86_400):
        assert clock.learn(state, board_s, true_s(board_s, drift) - board_s)
    later = 3610 + 8 * 86_400
    assert abs(clock.true_ms(state, 1000 * later) // 1000 - true_s(later, drift)) < 60
    asleep = clock.asleep_ms(state, 3_600_000)
    assert abs(asleep + asleep * drift // 1_000_000 - 3_600_000) < 2000


@pytest.mark.parametrize("wrong", [-1024 * 604_800, -86_400, 3600, 1024 * 604_800])
def test_one_wrong_clock_changes_nothing_and_two_that_agree_do(wrong):
    state = State()
    assert clock.learn(state, 10, UNIX)
    assert clock.learn(state, 3610, UNIX)
    assert not clock.learn(state, 90_000, UNIX + wrong)
    assert (state.offset, clock.true_ms(state, 0) // 1000) == (UNIX, UNIX)
    assert clock.learn(state, 90_600, UNIX)
    assert state.doubt == 0
    assert not clock.learn(state, 180_000, UNIX + wrong)
    assert clock.learn(state, 180_600, UNIX + wrong)
    assert state.offset == UNIX + wrong


def test_a_first_telling_that_was_wrong_is_mended_by_the_next_two():
    state = State()
    assert clock.learn(state, 10, UNIX + 619_315_200)
    assert not clock.learn(state, 3610, UNIX)
    assert clock.learn(state, 4210, UNIX)
    assert (state.offset, state.drift) == (UNIX, 0)


@given(INTERVALS, st.integers(0, 2**31))
def test_sensors_are_cared_for_once_in_a_week_of_readings(interval, first):
    week = 7 * 86400 // interval
    assert sum(clock.weekly(seq, interval) for seq in range(first, first + week)) == 1
