"""Losing power, at any moment of a wake: no reading that was told is lost, no number is used twice."""

import pytest
from hil_tests.conftest import FIRST_POWER_UP

from luftpegel_tools.rig.roles import Rig

MOMENTS_MS = (100, 1500, 5200, 5400, 6000, 8000, 11_000, 13_000)  # before, in, and after the service window

pytestmark = pytest.mark.look_at("the supply: its voltage while the radio sends, the battery's plug")


@pytest.mark.parametrize("moment_ms", MOMENTS_MS)
def test_power_fails_in_the_middle_of_a_wake(make_station, power, moment_ms: int) -> None:
    station = make_station("sht4x")
    station.wake()
    before = station.rows()
    power.cut_after("begins", moment_ms)
    try:
        station.start("print('begins')")
        power.wait_until_off(60)
    finally:
        power.on()
    kept = station.rows()
    assert before.items() <= kept.items()
    station.wake()
    after = station.rows()
    assert kept.items() <= after.items()
    assert len(after) == len(kept) + 1
    assert max(after) > max(kept)


def test_a_supply_that_flutters(board: Rig, power) -> None:
    """A brown-out on a weak battery: power comes and goes while the board starts."""
    board.files.write("/hil_test.bin", b"still here")
    for moment_ms in (10, 60, 130, 240, 260, 300):
        power.off()
        power.on_for(moment_ms)
        power.wait_until_off()
    power.on()
    try:
        assert board.files.read("/hil_test.bin") == b"still here"
        assert board.reset.cause == "PWRON_RESET"
    finally:
        board.files.remove("/hil_test.bin")


def test_a_low_battery_is_told(make_station, chips) -> None:
    station = make_station("sht4x")
    chips.battery(3.3)
    try:
        station.wake()
        assert abs(station.rows()[station.next_seq() - 1][0][2] - 3300) <= 3
        before = station.rows()
        chips.battery(2.9)
        station.start()
        assert "LP-223" in station.board.console.wait_for("asleep for ", 60)
        station.board.reset.take(4000)
        assert station.rows() == before
    finally:
        chips.battery(3.92)


def test_power_ups_in_a_row_make_it_wait(make_station, power) -> None:
    station = make_station("sht4x")
    station.board.exec(FIRST_POWER_UP)
    for number in range(5):
        power.cycle()
        station.board.console.start("from station import cycle\ncycle.run()")
        said = station.board.console.wait_for("asleep for ", 60)
        assert ("LP-222" in said) == (number >= 3)
        station.board.reset.take(120)


@pytest.mark.parametrize("torn", [True, False], ids=["torn", "whole"])
def test_power_fails_at_each_write_of_a_wake(make_station, power, chips, torn: bool) -> None:
    station = make_station("sht4x")
    station.wake()
    for nth in range(1, 9):
        before = station.rows()
        next_seq = station.next_seq()
        boots = chips.state()["boots"]
        power.cut_at_write(nth, torn)
        station.start()
        while power.is_on and chips.state()["boots"] == boots:
            pass
        power.never_mind()
        if not power.is_on:
            power.on()
        station.board.reset.take(60)
        kept = station.rows()
        assert before.items() <= kept.items()
        station.wake()
        assert max(station.rows()) >= next_seq
        assert kept.items() <= station.rows().items()
