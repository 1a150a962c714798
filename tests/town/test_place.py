"""The simulated weather and river: the same for a seed, plausible, and never a jump."""

import itertools

import pytest

from luftpegel_tools.town.place import Place

EPOCH = 1_777_593_600  # 2026-05-01
DAY = [minute * 60_000_000 for minute in range(0, 1440, 10)]
QUANTITIES = ("temperature", "humidity", "pressure", "level", "water_temperature", "battery")


def place(name="mill", seed=1):
    return Place(name, seed, EPOCH, 51.34, 12.37)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_place_is_a_function_of_time_alone(quantity):
    forwards = [getattr(place(), quantity)(now) for now in DAY]
    same = place()
    backwards = [getattr(same, quantity)(now) for now in reversed(DAY)]
    assert forwards == backwards[::-1]
    assert forwards != [getattr(place(seed=2), quantity)(now) for now in DAY] or quantity == "battery"


@pytest.mark.parametrize(
    ("quantity", "low", "high", "largest_change"),
    [
        ("temperature", -10, 35, 2.5),
        ("humidity", 5, 100, 12),
        ("pressure", 97_000, 104_000, 150),
        ("level", 400, 2_500, 60),
        ("distance", 500, 3_100, 60),
        ("water_temperature", 0, 25, 0.5),
        ("battery", 3.3, 4.2, 0.02),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_values_are_plausible_and_move_gently(quantity, low, high, largest_change, seed):
    values = [getattr(place(seed=seed), quantity)(now) for now in DAY]
    assert low <= min(values)
    assert max(values) <= high
    changes = [abs(after - before) for before, after in itertools.pairwise(values)]
    assert max(changes) <= largest_change


def test_the_afternoon_is_warmer_and_drier_than_the_night():
    for seed in range(5):
        here = place(seed=seed)
        night, afternoon = 4 * 3600 * 10**6, 14 * 3600 * 10**6
        assert here.temperature(afternoon) > here.temperature(night)
        assert here.humidity(afternoon) < here.humidity(night)


def test_coarser_dust_contains_the_finer():
    for now in DAY:
        dust = place().dust(now)
        assert list(dust) == sorted(dust)
        assert dust[0] > 0
        assert dust[3] < 200


def test_the_flood_rises_faster_than_it_falls():
    levels = [place().level(minute * 60_000_000) for minute in range(0, 3 * 1440, 10)]
    crest = levels.index(max(levels))
    half = (levels[30] + levels[crest]) / 2
    rise = crest - next(i for i in range(30, crest) if levels[i] > half)
    fall = next(i for i in range(crest, len(levels)) if levels[i] < half) - crest
    assert fall > 1.5 * rise
    assert levels[crest] > levels[0] + 700
