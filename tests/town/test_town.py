"""A town is made by its seed alone: everything that happens in it happens again."""

import pytest

from luftpegel_tools.town.town import RADIOS, Town, Wishes

HOUR_US = 3_600_000_000


def events(folder, seed, radio=RADIOS[0]):
    """Every event of a simulated hour, protobuf, with nobody listening."""
    told = []
    with Town(folder, Wishes(seed=seed, radio=radio)) as town:
        town.server.watch(
            lambda name, event: told.append((name, event.SerializeToString(deterministic=True)))
        )
        town.switch_on()
        town.clock.run_until(town.clock.now_us + HOUR_US)
        measured = [station.measurements() for station in town.stations]
    return told, measured


@pytest.mark.parametrize("radio", RADIOS)
def test_a_seed_repeats_an_hour_to_the_byte(tmp_path, radio):
    first, second = events(tmp_path / "first", 5, radio), events(tmp_path / "second", 5, radio)
    assert len(first[0]) > 10
    assert {name for name, _ in first[0]} >= {"join", "up", "status"}
    assert all(first[1])
    assert first == second


def test_another_seed_is_another_hour(tmp_path):
    one, other = events(tmp_path / "one", 6), events(tmp_path / "other", 7)
    assert one[0] != other[0]
    assert one[1] != other[1]
