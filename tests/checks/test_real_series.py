"""The checks on real series (tests/data): what a technician mended is found, what is good is left alone.

`make bench` tells the same as figures.
"""

from collections import Counter
from datetime import UTC, datetime

import pytest
from checks_series import HUMIDITY, PM10, reading, station, words

from luftpegel_gateway.checks import judge, limits_for
from luftpegel_gateway.checks.table import TABLE
from luftpegel_gateway.model.quality import FLAT, SPIKE, words_of
from luftpegel_tools.figures.quality_series import all_series

HITS, ALARMS = 0.9, 0.001
SERIES = {series.name: series for series in all_series()}
LOGAN = [name for name in SERIES if name.startswith(("main-street", "franklin-basin"))]


@pytest.fixture(scope="module")
def flags():
    """The flags of every row of every series."""
    return {name: series.judged() for name, series in SERIES.items()}


def good_rows(series):
    told = [row for row, (_, value) in enumerate(series.rows) if value is not None]
    return [row for row in told if row not in series.faulty]


def at(name, text):
    moment = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    return next(row for row, (time, _) in enumerate(SERIES[name].rows) if time == moment)


def test_single_values_that_were_mended_are_found(flags):
    found = [bool(flags[name][row]) for name in LOGAN for row in SERIES[name].isolated]
    assert found
    assert sum(found) >= HITS * len(found)


def test_single_wrong_echoes_are_found(flags):
    name = "trout creek distance"
    found = [bool(flags[name][row] & SPIKE) for row in SERIES[name].isolated]
    assert len(found) > 100
    assert sum(found) >= HITS * len(found)


def test_good_rows_are_left_alone(flags):
    """All labelled series together, and each check in them."""
    alarms, good = Counter(), 0
    for name in LOGAN:
        rows = good_rows(SERIES[name])
        good += len(rows)
        for row in rows:
            alarms["any"] += bool(flags[name][row])
            alarms.update(words_of(flags[name][row]))
    assert good > 20_000
    assert max(alarms.values()) < ALARMS * good


@pytest.mark.parametrize(
    "name",
    [
        "trout creek pressure",
        "trout creek humidity",
        "aberdeen temperature",
        "aberdeen humidity",
        "aberdeen pm25",
    ],
)
def test_series_without_labels_are_left_alone(flags, name):
    found = sum(map(bool, flags[name]))
    assert found < ALARMS * len(flags[name])


def test_water_near_freezing_is_neither_flat_nor_ice(flags):
    cold = 0
    for name in LOGAN:
        if name.endswith("water_temperature"):
            rows = [row for row in good_rows(SERIES[name]) if SERIES[name].rows[row][1] < 20]
            cold += len(rows)
            assert [row for row in rows if flags[name][row]] == []
    assert cold > 300


def test_days_of_fog_are_not_flat(flags):
    name = "aberdeen humidity"
    saturated = [row for row, (_, value) in enumerate(SERIES[name].rows) if value == 9990]
    assert len(saturated) > 500
    assert not any(flags[name][row] & FLAT for row in saturated)


def test_dust_in_fog_is_told_apart():
    air, dust = SERIES["aberdeen humidity"].rows, SERIES["aberdeen pm10"].rows
    limit = TABLE["pm10"].humid
    rows = [
        reading(seq, time, pm10=value, humidity=moist)
        for seq, ((time, value), (_, moist)) in enumerate(zip(dust, air, strict=False))
    ]
    judged = judge(rows, 0, limits_for(station()))
    moist = ["humid" in flags for flags in words(judged, PM10)]
    assert moist == [
        row.cells[0].value is not None and (row.cells[1].value or 0) > limit for row in rows
    ]
    assert {True, False} == set(moist)
    assert not any("humid" in flags for flags in words(judged, HUMIDITY))


@pytest.mark.parametrize(
    ("name", "time", "wanted"),
    [
        ("main-street level", "2019-06-28 12:45", ("spike",)),  # 68.0, 17.3, 68.8 cm
        ("main-street level", "2019-07-31 12:30", ("spike",)),  # 42.8, 16.7, 43.1
        ("main-street level", "2019-09-23 13:00", ("spike",)),  # 36.2, 1.0, 38.1
        ("main-street level", "2019-03-21 15:45", ("spike",)),  # a visit of the technician
        ("main-street water_temperature", "2019-08-19 18:00", ("range",)),  # the sensor that died: 7999
        ("franklin-basin water_temperature", "2014-06-20 13:15", ("spike", "rate")),  # 7.5, 0.7, 7.7
        ("franklin-basin conductivity", "2014-06-20 13:15", ("spike",)),  # 258.3, 7.6, 258.3
        ("franklin-basin level", "2014-12-02 14:15", ("spike",)),  # 12.6, 22.5, 13.6
        ("main-street conductivity", "2019-06-28 12:45", ()),
        ("main-street water_temperature", "2019-01-01 06:00", ()),  # an ice bath
    ],
)
def test_known_moments(flags, name, time, wanted):
    assert words_of(flags[name][at(name, time)]) == wanted
