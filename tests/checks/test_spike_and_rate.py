"""Spike, rate, and who serves as a neighbour."""

import pytest
from checks_series import NOON, judged, reading, series, station, words

from luftpegel_gateway.checks import judge, limits_for
from luftpegel_gateway.checks.table import REACH_S, TABLE
from luftpegel_wire.quality import SUSPECT

CHECKED = sorted(name for name, row in TABLE.items() if row.spike is not None)
STEEP = sorted(name for name, row in TABLE.items() if row.jump is not None)


def middle(name):
    """A value in the middle of the quantity's range, outside of its calm one."""
    row = TABLE[name]
    return (row.low + row.high) // 2


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("sign", [-1, 1])
def test_each_quantity_has_its_limit_for_spikes(name, sign):
    base, limit = middle(name), TABLE[name].spike
    for size, found in ((limit, False), (limit + 1, True)):
        flags = judged(name, [base, base, base + sign * size, base, base])[2]
        assert ("spike" in flags) == found


@pytest.mark.parametrize("name", STEEP)
@pytest.mark.parametrize("step", [10, 60, 600, REACH_S])
def test_each_quantity_has_its_fastest_change(name, step):
    row = TABLE[name]
    limit, base = min(row.jump, row.rate * max(step, 60) // 60), middle(name)
    for size, found in ((limit, False), (limit + 1, True)):
        assert ("rate" in judged(name, [base, base, base + size], step)[2]) == found


def test_a_spike_that_comes_twice():
    assert judged("distance", [1200] * 5 + [1500, 1510] + [1200] * 5)[5:7] == [("spike",), ("spike",)]


def test_three_in_a_row_are_no_spike():
    assert judged("distance", [1200] * 5 + [1500, 1510, 1500] + [1200] * 5) == [()] * 13


def test_good_values_between_spikes_are_left_alone():
    found = judged("distance", [1200, 1200, 1500, 1200, 1500, 1200, 1500, 1200, 1200])
    assert [place for place, flags in enumerate(found) if flags] == [2, 4, 6]


def test_a_spike_beside_a_value_that_is_a_little_off():
    assert judged("distance", [1200, 1205, 1200, 1330, 1235, 1200, 1205])[3] == ("spike",)


@pytest.mark.parametrize("hole", [None, (9000, SUSPECT), 200_000])
def test_a_neighbour_that_does_not_serve_is_bridged(hole):
    found = judged("distance", [1200, hole, 1500, hole, 1200, 1200])
    assert "spike" in found[2]
    assert not any("spike" in found[place] for place in (0, 4, 5))


@pytest.mark.parametrize(("distant", "found"), [(REACH_S, True), (REACH_S + 1, False)])
def test_neighbours_too_far_away_do_not_serve(distant, found):
    times = (0, distant, 2 * distant)
    rows = [
        reading(seq, NOON + time, distance=value)
        for seq, (time, value) in enumerate(zip(times, (1200, 1500, 1200), strict=True))
    ]
    assert ("spike" in words(judge(rows, 0, limits_for(station())))[1]) == found


def test_a_station_with_long_intervals_has_neighbours_too():
    assert judged("distance", [1200, 1500, 1200], 20_000, interval_s=20_000)[1] == ("spike",)


def test_broken_sunlight_is_no_spike():
    assert judged("temperature", [1500] * 6 + [2100, 1500, 1500])[6] == ("spike",)
    assert judged("temperature", [1500, 2100] * 6)[5:] == [()] * 7


def test_a_change_over_a_long_gap_is_none():
    rows = [reading(0, NOON, temperature=-500), reading(1, NOON + 86400, temperature=3500)]
    assert words(judge(rows, 0, limits_for(station()))) == [(), ()]


def test_a_doubted_value_gets_flags_and_gives_none():
    found = judged("distance", [1200, 1200, (4700, SUSPECT), 1200, 1200])
    assert found == [(), (), ("spike", "rate"), (), ()]


def test_a_reading_without_a_time_is_bridged():
    rows = series("distance", [1200] * 6)
    rows[2] = reading(2, None, distance=4700)
    assert words(judge(rows, 0, limits_for(station()))) == [()] * 6


def test_a_clock_that_stands_or_goes_back():
    times = enumerate((0, 600, 600, 500, 1200, 1800))
    rows = [reading(seq, NOON + time, distance=1200) for seq, time in times]
    found = words(judge(rows, 0, limits_for(station())))
    assert found == [(), (), ("clock",), ("clock",), (), ()]
