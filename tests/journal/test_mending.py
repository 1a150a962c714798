"""Which times of an old journal are doubted, and which gaps are none."""

import random

import pytest

from luftpegel_gateway.journal.sqlite.mending import doubtful, impossible, pace_of, reaching_back
from luftpegel_gateway.model.intervals import Intervals

NOON = 1_782_907_200
DAY = 86400


def series(count, pace=600, noise=0):
    rng = random.Random(7)
    return [(seq, NOON + seq * pace + rng.randint(-noise, noise)) for seq in range(count)]


def moved(moments, first, last, seconds):
    return [(seq, time + seconds * (first <= seq <= last)) for seq, time in moments]


@pytest.mark.parametrize("seconds", [-46 * 365 * DAY, -5000, 400, 7200, 12 * 365 * DAY])
@pytest.mark.parametrize(("first", "last"), [(50, 50), (50, 53), (50, 90), (1, 12), (3, 3)])
@pytest.mark.parametrize("noise", [0, 40])
def test_a_displaced_stretch_is_doubted(seconds, first, last, noise):
    moments = moved(series(140, noise=noise), first, last, seconds)
    assert doubtful(moments) == set(range(first, last + 1))


@pytest.mark.parametrize("seconds", [-19 * 365 * DAY, 12 * 365 * DAY])
@pytest.mark.parametrize("last", [0, 4])
def test_a_wrong_beginning_is_doubted(seconds, last):
    assert doubtful(moved(series(30), 0, last, seconds)) == set(range(last + 1))


def test_two_wrong_clocks_one_after_the_other():
    moments = moved(moved(series(90), 40, 45, -5000), 46, 50, 90_000)
    assert doubtful(moments) == set(range(40, 51))


@pytest.mark.parametrize(
    "moments",
    [
        series(0),
        series(1),
        series(200, noise=60),
        moved(series(100), 40, 1000, 3 * DAY),
        moved(series(20), 4, 1000, 30 * DAY),
        [*series(50), *((seq, NOON + 50 * 600 + (seq - 50) * 1800) for seq in range(50, 90))],
        [one for one in series(100) if one[0] % 7 and not 30 < one[0] < 60],
    ],
    ids=["none", "one", "noise", "a rest", "a rest early", "another interval", "gaps"],
)
def test_right_times_are_not_doubted(moments):
    assert doubtful(moments) == set()


def test_a_jump_is_no_gap_but_an_outage_is():
    times = {seq: time for seq, time in series(100) if seq < 3 or seq > 60}
    times[3_000_000_000] = NOON + 100 * 600
    seen = Intervals().add(times)
    skipped = impossible(seen, times, pace_of(sorted(times.items())[:-1]))
    assert len(skipped.ranges) == 1
    assert 100 < skipped.oldest < 300
    assert 2_999_999_000 < skipped.newest < 3_000_000_000
    assert sum(last - first + 1 for first, last in seen.missing()) - len(skipped) < 400


@pytest.mark.parametrize(("oldest", "told"), [(None, None), (500, None), (20, 20), (0, 0)])
def test_how_far_back_to_ask(oldest, told):
    assert reaching_back(oldest, 500, 600) == told


def test_not_further_back_than_a_station_can_hold():
    assert reaching_back(0, 3_000_000_000, 600) == 3_000_000_000 - 60 * DAY // 600
