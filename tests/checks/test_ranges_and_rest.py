"""Gross and local range, flat line, attenuated signal: at their edges, for each quantity."""

import pytest
from checks_series import judged, station

from luftpegel_gateway.checks import limits_for
from luftpegel_gateway.checks.table import REACH_S, TABLE
from luftpegel_gateway.model.station import Limit
from luftpegel_wire.quantities import channel_of

HOUR = 3600
RESTING = sorted(name for name, row in TABLE.items() if row.flat is not None)
WEAK = sorted(name for name, row in TABLE.items() if row.weak is not None)


def lively(name):
    """A value outside of the quantity's calm range."""
    row = TABLE[name]
    return (row.low + row.high) // 2


@pytest.mark.parametrize("name", sorted(TABLE))
def test_what_a_quantity_can_be(name):
    row = TABLE[name]
    assert [
        "range" in judged(name, [value])[0] for value in (row.low - 1, row.low, row.high, row.high + 1)
    ] == [True, False, False, True]


def test_what_is_usual_for_a_place():
    limits = {"distance": Limit(low=1000, high=1500), "distance-2": Limit(high=3000)}
    for quantity, values in (("distance", (999, 1000, 1500, 1501)),):
        found = [judged(quantity, [value], limits=limits)[0] for value in values]
        assert found == [("local-range",), (), (), ("local-range",)]
    rules = limits_for(station(limits=limits)).rules
    assert rules[channel_of("distance", 1)].local_high == 3000
    assert rules[channel_of("distance", 1)].local_low == TABLE["distance"].low


def test_outside_of_everything_one_range_is_enough():
    assert judged("distance", [200_000], limits={"distance": Limit(high=1500)}) == [("range",)]


@pytest.mark.parametrize("name", RESTING)
def test_each_quantity_rests_for_so_long(name):
    row, step = TABLE[name], 1800
    base = lively(name)
    count = row.flat // step
    at_rest = [base, base + row.flat_within] * (count // 2 + 2)
    found = judged(name, at_rest, step)
    assert not any("flat" in flags for flags in found[: count + 1])
    assert "flat" in found[count + 1]
    restless = [base, base + row.flat_within + 1] * (count // 2 + 2)
    assert not any("flat" in flags for flags in judged(name, restless, step))


@pytest.mark.parametrize("name", WEAK)
def test_each_quantity_moves_by_so_much(name):
    row, step = TABLE[name], 1800
    base, count = lively(name), row.weak_after // step
    for size, found in ((row.weak, True), (row.weak + 1, False)):
        flags = judged(name, [base, base + size] * (count // 2 + 2), step)[count + 1]
        assert ("attenuated" in flags, "flat" in flags) == (found, False)


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if row.calm))
def test_calm_is_natural_for_as_long_as_the_table_says(name):
    row = TABLE[name]
    limit = row.calm_flat or 4 * row.flat
    found = judged(name, [row.calm[1]] * (limit // REACH_S + 2), REACH_S)
    assert not any("flat" in flags for flags in found[: limit // REACH_S + 1])
    assert ("flat" in found[-1]) == (row.calm_flat is not None)


@pytest.mark.parametrize("name", ["rain_count", "battery", "signal"])
def test_some_may_rest_for_ever(name):
    assert judged(name, [lively(name)] * 1000, REACH_S) == [()] * 1000


def test_a_station_may_widen_rest():
    spring = {"water_temperature": Limit(flat=1000 * HOUR)}
    assert judged("water_temperature", [871] * 144 * 4, limits=spring) == [()] * 144 * 4


def test_rest_comes_after_an_isolated_spike():
    found = judged("level", [*[1200] * 1000, 1900, *[1200] * 600])
    assert found[1000] == ("spike",)
    assert found[-1] == ("flat",)
