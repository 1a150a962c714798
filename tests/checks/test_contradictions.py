"""What the values of one reading say of each other, what stations around say, and the words for it."""

import pytest
from checks_series import DISTANCE, HUMIDITY, NOON, PM10, PM25, TEMPERATURE, WATER, reading, station, words

from luftpegel_gateway.checks import explain, judge, judge_neighbours, limits_for
from luftpegel_gateway.checks.contradictions import dew_point
from luftpegel_gateway.checks.table import TABLE
from luftpegel_gateway.checks.texts import TEXTS
from luftpegel_gateway.model.quality import FLAGS, LOCAL_RANGE, NEIGHBOUR, SPIKE, TIME_UNSURE
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Limit
from luftpegel_wire.quality import SUSPECT
from luftpegel_wire.quantities import channel_of

LIMITS = limits_for(station())


def together(**values):
    """The words of each channel of a single reading."""
    one = judge([reading(0, NOON, **values)], 0, LIMITS)[0]
    return {cell.channel: words([one], cell.channel)[0] for cell in one.cells}


@pytest.mark.parametrize(
    ("degrees", "percent", "dew"), [(20, 50, 9.26), (30, 80, 26.17), (-5, 90, -6.4), (0, 100, 0)]
)
def test_dew_points_of_the_tables(degrees, percent, dew):
    assert dew_point(degrees * 100, percent * 100) == pytest.approx(dew * 100, abs=10)


def test_air_that_holds_more_water_than_any_on_earth():
    assert together(temperature=4500, humidity=8000) == {
        TEMPERATURE: ("contradictory",),
        HUMIDITY: ("contradictory",),
    }
    assert together(temperature=4500, humidity=2000) == {TEMPERATURE: (), HUMIDITY: ()}
    assert together(temperature=3400, humidity=9700)[TEMPERATURE] == ()


def test_a_thermometer_below_the_dew_point_of_the_air():
    second = channel_of("temperature", 1)
    cells = (Cell(TEMPERATURE, 2500, 0), Cell(HUMIDITY, 9500, 0), Cell(second, 1000, 0))
    found = judge([Reading(0, NOON, cells)], 0, LIMITS)[0]
    assert words([found], second) == [("contradictory",)]
    cells = (Cell(TEMPERATURE, 2500, 0), Cell(HUMIDITY, 4000, 0), Cell(second, 1000, 0))
    assert words(judge([Reading(0, NOON, cells)], 0, LIMITS), second) == [()]


@pytest.mark.parametrize(
    ("part", "whole", "found"),
    [
        (110, 100, False),
        (120, 100, False),
        (121, 100, True),
        (20, 10, False),
        (22, 10, True),
        (5, 300, False),
    ],
)
def test_a_part_is_no_more_than_its_whole(part, whole, found):
    wanted = ("contradictory",) if found else ()
    assert together(pm25=part, pm10=whole) == {PM25: wanted, PM10: wanted}


def test_a_gust_is_no_calmer_than_the_wind():
    assert together(wind_speed=900, wind_gust=500)[channel_of("wind_speed")] == ("contradictory",)
    assert together(wind_speed=900, wind_gust=1500)[channel_of("wind_speed")] == ()


def test_a_doubted_value_testifies_against_nobody():
    found = together(pm25=(900, SUSPECT), pm10=100)
    assert found == {PM25: ("contradictory",), PM10: ()}


def test_a_value_that_cannot_be_neither():
    assert together(pm25=65535, pm10=100) == {PM25: ("range", "contradictory"), PM10: ()}


@pytest.mark.parametrize(("water", "found"), [(-31, True), (-30, False), (0, False), (400, False)])
def test_freezing_water(water, found):
    wanted = ("freezing",) if found else ()
    assert together(water_temperature=water, distance=1200) == {WATER: wanted, DISTANCE: wanted}


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if row.humid))
def test_dust_in_moist_air(name):
    limit = TABLE[name].humid
    for air, wanted in ((limit, ()), (limit + 1, ("humid",))):
        assert together(**{name: 300, "humidity": air})[channel_of(name)] == wanted
    assert together(**{name: 300, "humidity": None})[channel_of(name)] == ()


def around(value, values, before=0):
    one = Reading(0, NOON, (Cell(TEMPERATURE, value, 0, before), Cell(HUMIDITY, None, 9)))
    return judge_neighbours(one, {TEMPERATURE: values, HUMIDITY: [5000]}, LIMITS).cells[0].flags


def test_stations_around():
    limit = TABLE["temperature"].neighbour
    assert around(1500 + limit, [1500]) == 0
    assert around(1501 + limit, [1500]) == NEIGHBOUR
    assert around(1499 - limit, [1500]) == NEIGHBOUR
    assert around(1500, [1480, 1510, 5000]) == 0  # one that is wrong itself changes nothing
    assert around(1500, []) == 0


def test_neighbours_change_their_own_flag_only():
    assert around(1500, [1500], before=NEIGHBOUR | SPIKE) == SPIKE
    assert around(4000, [1500], before=SPIKE) == NEIGHBOUR | SPIKE
    one = reading(0, NOON, temperature=1500)
    assert judge_neighbours(one, {TEMPERATURE: [1500]}, LIMITS) is one


def test_judging_anew_keeps_what_neighbours_said():
    one = Reading(0, NOON, (Cell(TEMPERATURE, 1500, 0, NEIGHBOUR | SPIKE),))
    assert judge([one], 0, LIMITS)[0].cells[0].flags == NEIGHBOUR


def test_an_unknown_channel_is_let_through():
    one = Reading(0, NOON, (Cell(199, 10**9, 0),))
    assert judge([one], 0, LIMITS) == [one]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("flag", sorted(FLAGS))
@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_flag_is_explained_for_every_quantity(language, flag, name):
    told = explain(Cell(channel_of(name), 10, 0, flag), LIMITS, language)
    assert [word for word, _ in told] == [FLAGS[flag][0]]
    assert "{" not in told[0][1]
    assert told[0][1].strip()


def test_reasons_name_the_limit_of_the_station():
    own = limits_for(station(limits={"distance": Limit(low=505, high=4200, spike=300)}))
    cell = Cell(DISTANCE, 9000, 0, LOCAL_RANGE | SPIKE)
    assert explain(cell, own, "en") == [
        ("spike", "by more than 30 cm against the values before and after"),
        ("local-range", "usual is 50.5 cm to 420 cm"),
    ]
    assert "50,5 cm bis 420 cm" in explain(cell, own, "de")[1][1]


def test_what_has_no_limit_is_explained_all_the_same():
    assert [word for word, _ in explain(Cell(DISTANCE, 1, 0, TIME_UNSURE), LIMITS, "de")] == ["time"]
    assert {word for word, _ in FLAGS.values()} <= set(TEXTS)
    assert all(set(text) == {"en", "de"} and text["en"] != text["de"] for text in TEXTS.values())
