"""From the chips to the store, over a lossy air and a gateway that dies: nothing lost, nothing twice."""

from itertools import pairwise

import pytest

from luftpegel_tools.air.losses import Disturbance
from luftpegel_tools.town.town import RADIOS

HOUR_US = 3_600_000_000


def assert_sound(results, lost=0):
    for result in results.values():
        assert result.proof.faults == ()
        assert (result.proof.lost, result.proof.duplicated) == (lost, 0)


@pytest.mark.parametrize("radio", RADIOS)
def test_six_hours_with_losses_and_a_killed_gateway(live, radio):
    day, results = live(6, kills=1, loss=0.2, seed=11, radio=radio)
    assert day.kills == 1
    assert {kind: result.proof.sampled for kind, result in results.items()} == dict.fromkeys(results, 36)
    assert set(results) == {"climate", "air", "level"}
    assert_sound(results)
    for result in results.values():
        assert 0 < result.tally.uplinks_lost < result.tally.uplinks / 2


def test_an_outage_longer_than_a_frames_history_is_healed_by_asking(live):
    """90 readings pass while nothing gets through; a frame carries half of that."""
    asked = []

    def cut_off(day):
        link = day.town.stations[0].link
        link.disturbances.append(Disturbance(day.since_us + HOUR_US // 3, day.since_us + 11 * HOUR_US // 6))
        day.town.server.watch(lambda name, event: asked.append(event) if name == "txack" else None)

    _, results = live(2.2, prepare=cut_off, kinds=("climate",), loss=0.0, interval_s=60)
    assert results["climate"].tally.uplinks_lost == 90
    assert asked
    assert_sound(results)


def test_a_dead_sensor_costs_its_own_channels_only(live, at):
    def break_sensor(day):
        bme280 = day.town.stations[0].chips[1]
        at(day, 1.05, bme280.faults.add, "silent")

    day, results = live(2, prepare=break_sensor, kinds=("climate",), loss=0.0)
    assert results["climate"].proof.sampled == 12
    assert_sound(results)
    cells = day.gateway.stored("LP-0001")
    newest = {cell.channel: cell.value for cell in cells if cell.seq == max(cell.seq for cell in cells)}
    assert {channel for channel, value in newest.items() if value is None} == {3, 5, 7}
    assert {channel for channel, value in newest.items() if value is not None} == {2, 4, 14}


@pytest.mark.parametrize(
    ("seconds_after_waking", "cut_off"), [(0.02, 0), (0.1, 1), (0.3, 0), (1.0, 0), (300.0, 0)]
)
def test_a_power_cut_loses_no_reading_that_was_taken(live, at, seconds_after_waking, cut_off):
    """Cut while starting, between sensor and journal, sending, listening, asleep; power is back after 10 s.

    A reading that the sensors gave but that is not yet in flash cannot survive; everything else must.
    """

    def cut(day):
        board = day.town.stations[0].board
        hour = 1 + (seconds_after_waking + 0.25) / 3600
        at(day, hour, board.power_off)
        at(day, hour + 10 / 3600, board.power_on)

    _, results = live(2, prepare=cut, grace_wakes=3, kinds=("climate",), loss=0.0)
    assert results["climate"].proof.sampled == 13 if seconds_after_waking > 0.02 else 12
    assert_sound(results, lost=cut_off)


def test_events_may_come_as_protobuf(live):
    _, results = live(1, kinds=("climate",), protobuf=True)
    assert_sound(results)


def test_a_power_cut_joins_anew_and_repeats_no_join_number(live, at):
    """Each join has a number of its own and begins a session with counters from 0; all of them rise."""
    told = []

    def cut(day):
        day.town.server.watch(lambda name, event: told.append((name, event)))
        board = day.town.stations[0].board
        for hour in (0.5, 1.0):
            at(day, hour, board.power_off)
            at(day, hour + 0.01, board.power_on)

    _, results = live(1.5, prepare=cut, kinds=("climate",), loss=0.0)
    assert [name for name, _ in told].count("join") == 3
    assert [event.code for name, event in told if name == "log"] == []
    counters = [event.f_cnt for name, event in told if name == "up"]
    assert all(later in {earlier + 1, 0} for earlier, later in pairwise(counters))
    assert counters.count(0) == 3
    assert_sound(results)


def test_the_broker_may_go_and_come_back(live, at):
    def restart(day):
        at(day, 0.7, day.town.broker.stop)
        at(day, 1.2, day.town.broker.start)

    _, results = live(2, prepare=restart, loss=0.1)
    assert_sound(results)
