"""What of a board's table no pin shows: levels that connect the battery, rails of the power manager.

Written down here a second time from the makers' schematics; tests/virtual_board holds the pins to theirs.
"""

import importlib

import pytest

from station.config import BOARDS

BATTERY_LEVELS = {"heltec_v3": {"3.1": 0, "3.2": 1}, "generic": {None: 0}}
PMU_RAILS = {"tbeam_sx1262": {"axp192": "ldo2", "axp2101": "aldo2"}}


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_levels_and_rails(name):
    table = importlib.import_module(BOARDS[name])
    battery = getattr(table, "BATTERY", {})
    levels = battery.get("revisions", {None: battery["on"]} if "on" in battery else None)
    assert levels == BATTERY_LEVELS.get(name)
    assert table.LORA.get("pmu", {}).get("rails") == PMU_RAILS.get(name)
