"""The faults that once passed, and the good values that once were flagged."""

import random
from math import sin, tau

import pytest
from checks_series import NOON, PM10, judged, reading, series, station, words

from luftpegel_gateway.checks import judge, limits_for

DAY = 86400


@pytest.mark.parametrize("step", [10, 60, 300, 600, 900, 1800, 3600, 21600, 86400])
def test_a_jump_there_and_back_is_found_whatever_the_interval(step):
    found = judged("distance", [1200, 1200, 4500, 1200], step, interval_s=step)
    assert found == [(), (), ("spike", "rate"), ()]


def test_the_jump_is_found_before_its_successor_comes():
    assert judged("distance", [1200, 1200, 4500]) == [(), (), ("rate",)]


def test_a_level_that_toggles_by_one_step_is_flat_within_two_weeks():
    found = judged("level", [1200 + 10 * (place % 2) for place in range(14 * 144)])
    assert ("flat",) in found
    assert found[:1440] == [()] * 1440
    assert found[found.index(("flat",)) :] == [("flat",)] * (len(found) - found.index(("flat",)))


def test_a_missing_value_does_not_restart_rest():
    whole = judged("level", [1200] * 14 * 144)
    holed = judged("level", [None if place % 5 == 3 else 1200 for place in range(14 * 144)])
    begin = whole.index(("flat",))
    assert ("flat",) in holed[begin : begin + 2]


def test_an_hour_of_silence_neither():
    readings = [one for one in series("level", [1200] * 14 * 144) if one.seq % 30 > 5]
    assert ("flat",) in words(judge(readings, 0, limits_for(station())))


def test_time_that_nobody_watched_is_no_rest():
    readings = [*series("level", [1200] * 10), *series("level", [1200] * 20, start=NOON + 30 * DAY)[10:]]
    assert words(judge(readings, 0, limits_for(station()))) == [()] * 20


def test_fog_is_not_flat_but_a_drowned_sensor_is():
    found = judged("humidity", [10000] * 144 * 20)
    assert found[: 144 * 13] == [()] * 144 * 13
    assert found[-1] == ("flat",)


def test_humidity_that_rests_elsewhere_is_flat():
    assert judged("humidity", [6150] * 150)[-1] == ("flat",)


@pytest.mark.parametrize("value", [-7, 0, 12])
def test_an_ice_bath_is_not_flat(value):
    assert judged("water_temperature", [value] * 144 * 60) == [()] * 144 * 60


def test_water_that_rests_elsewhere_is_flat():
    assert judged("water_temperature", [871] * 144 * 3)[-1] == ("flat",)


@pytest.mark.parametrize(
    "front",
    [
        [1200] * 8 + [2400] * 8,  # a gate opens
        [1200] * 8 + [1200 + 250 * hour for hour in range(8)],  # a flood rises
        [1200] * 8 + [2600, 2500, 2450, 2400, 2360, 2330],  # a front, and its slow fall
        [4000] * 8 + [3500, 2800, 1900, 1100, 900, 850],  # the same, told as a distance
    ],
)
def test_true_steps_and_floods_are_left_alone(front):
    assert judged("level", front) == [()] * len(front)


def test_a_step_that_is_too_large_is_flagged_once():
    assert judged("distance", [1200] * 4 + [4700] * 4) == [()] * 4 + [("rate",)] + [()] * 3


def test_good_values_after_two_wrong_ones_are_left_alone():
    found = judged("distance", [1200, 1200, 1210, 4700, 4650, 4680, 4690, 1200, 1210, 1200])
    assert [place for place, flags in enumerate(found) if flags] == [3]


def test_dust_knows_the_fog():
    air = enumerate((9900, 6000))
    rows = [reading(seq, NOON + 600 * seq, pm10=300, humidity=humidity) for seq, humidity in air]
    assert words(judge(rows, 0, limits_for(station())), PM10) == [("humid",), ()]


def test_several_flags_stand_at_once():
    assert judged("distance", [1200, 1200, 100_001, 1200])[2] == ("range", "spike", "rate")


def tide(amplitude_mm, step):
    """Half a month of a semi-diurnal tide with its spring and neap, and a centimetre of waves."""
    noise = random.Random(f"{amplitude_mm} {step}")
    for time in range(0, 15 * DAY, step):
        moon, sun = sin(tau * time / 44_714), sin(tau * time / 43_200) / 4
        yield round((amplitude_mm * (moon + sun) + noise.gauss(0, 10)) / 10) * 10


@pytest.mark.parametrize("amplitude_mm", [1000, 2000, 4000])
@pytest.mark.parametrize("step", [300, 600, 900, 1800, 3600])
@pytest.mark.parametrize("quantity", ["level", "distance"])
def test_the_turn_of_a_tide_is_no_spike(quantity, step, amplitude_mm):
    values = [value + 6000 * (quantity == "distance") for value in tide(amplitude_mm, step)]
    found = judged(quantity, values, step, interval_s=step)
    first_tide = 13 * 3600 // step  # nothing is usual yet
    assert sum(map(bool, found[first_tide:])) <= 0.001 * len(found)


@pytest.mark.parametrize("step", [300, 600])
def test_a_spike_upon_a_tide_is_one(step):
    values = list(tide(1000, step))
    wrong = range(20, len(values) - 5, 29)
    for place in wrong:
        values[place] += 400
    found = judged("level", values, step, interval_s=step)
    assert sum("spike" in found[place] for place in wrong) >= 0.9 * len(wrong)


def creek(step, half_s):
    """A creek by day and night, with floods: up within one interval, down by half in `half_s`."""
    chance = random.Random(f"{step} {half_s}")
    flood = 0.0
    for time in range(0, 30 * DAY, step):
        flood *= 0.5 ** (step / half_s)
        if chance.random() < 0.02:
            flood += chance.choice((300, 800, 1500))
        yield round((400 + flood + 40 * sin(tau * time / DAY) + chance.gauss(0, 3)) / 10) * 10


@pytest.mark.parametrize("step", [600, 1800, 3600])
@pytest.mark.parametrize("sign", [1, -1], ids=["level", "distance"])
def test_the_sudden_front_of_a_flood_is_no_spike(step, sign):
    """It falls by half within two intervals. Two floods upon each other may still look like an echo."""
    quantity = "level" if sign > 0 else "distance"
    values = [4000 * (sign < 0) + sign * value for value in creek(step, 2 * step)]
    found = judged(quantity, values, step, interval_s=step)
    assert sum("spike" in flags for flags in found) <= 0.003 * len(found)


def test_smoke_of_fireworks_is_dust():
    evening = [90, 95, 85, 90, 100, 95]
    smoke = [90 + 9000 * 2 ** (-hour / 2) // 5 * 5 for hour in range(16)]
    found = judged("pm10", [*evening, *map(int, smoke), *evening], 3600, interval_s=3600)
    assert not any("spike" in flags for flags in found)
