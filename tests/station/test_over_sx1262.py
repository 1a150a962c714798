"""The station on the virtual board with a LoRa chip and its own LoRaWAN MAC instead of a modem."""

import pytest
from tests.station.conftest import SLOT_US

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_wire import PORT_BACKFILL, PORT_STATUS, decode, encode_backfill

pytestmark = pytest.mark.parametrize("engine", ["pip", "mpy32"])


def told(frame):
    return {row.seq: row.values for row in frame.rows}


def counters(station):
    return [uplink.f_cnt for uplink in station.network.uplinks]


def test_joins_and_keeps_its_session_over_deep_sleep(site, engine):
    station = site(engine, radio_driver="sx1262")
    station.run_slots(6)
    assert station.network.joins == 1
    assert counters(station) == list(range(7))  # six readings and the status of the start
    assert list(told(station.newest())) == [5, 4, 3, 2, 1, 0]
    measured = [values["temperature"] for _, values in station.chips["sht4x"].delivered]
    assert [row.values[0] for row in reversed(station.newest().rows)] == [
        (value + 5) // 10 * 10 for value in measured
    ]


def test_the_status_tells_by_how_much_downlinks_come_late(site, engine):
    station = site(engine, radio_driver="sx1262", interval_s=7200)
    station.gateway.late_us = 4000
    station.network.tells_time = True
    station.run_slots(2 * 144)
    frames = [uplink.data for uplink in station.network.uplinks if uplink.f_port == PORT_STATUS]
    status = decode(PORT_STATUS, frames[-1])
    assert 2000 < status.fields["rx_offset_us"] < 6000
    assert status.fields["rx_spread_us"] < 2000


@pytest.mark.parametrize("window", [0, 1])
def test_downlinks_arrive_in_each_window(site, engine, window):
    station = site(engine, radio_driver="sx1262")
    station.gateway.answers_in = window
    station.run_slots(3)
    station.network.answers = [Downlink(PORT_BACKFILL, encode_backfill(1, 1), acknowledges=False)]
    before = len(station.network.frames())
    station.run_slots(1)
    again = [frame for _, frame in station.network.frames()[before:]]
    assert [frame.seq for frame in again] == [3, 1]


def test_a_power_cut_joins_anew_and_repeats_no_number(site, engine):
    station = site(engine, radio_driver="sx1262")
    for seconds in (7.5, 6.0, 12.0, 300.0):  # before the join, while it is sent, in its window, asleep
        station.clock.run_until(station.clock.now_us + round(seconds * 1e6))
        station.board.power_off()
        station.board.power_on()
    station.run_slots(3)
    requests = [frame for frame in station.frames if frame.payload[0] == 0]
    assert len({frame.payload for frame in requests}) == len(requests) >= 2
    assert station.gateway.refused == []
    assert counters(station)[-3:] == sorted(counters(station)[-3:])
    newest = told(station.newest())
    assert list(newest) == list(range(station.newest().seq, -1, -1))


def test_the_watchdog_in_the_middle_of_a_frame_repeats_no_counter(site, engine):
    station = site(engine, radio_driver="sx1262")
    station.run_slots(2)
    station.clock.run(lambda: any(frame.payload[0] == 0x40 for frame in station.air.frames))
    station.board._bite()
    station.run_slots(2)
    assert station.network.joins == 1
    assert station.gateway.refused == []
    assert counters(station) == sorted(set(counters(station)))


def test_a_network_that_has_forgotten_the_station_is_joined_anew(site, engine):
    station = site(engine, radio_driver="sx1262", interval_s=3600)
    station.run_slots(2 * 6)
    station.gateway.core.members.clear()
    station.run_slots(15 * 6)
    # Its join numbers begin anew as well: the first accept counts as one played again.
    assert station.network.joins == 3
    before = station.newest().seq
    station.run_slots(6)
    assert station.newest().seq == before + 1
    assert list(told(station.newest())) == list(range(before + 1, -1, -1))
    assert "LP-1" not in station.text()


def test_asleep_the_chip_sleeps_too(site, engine):
    station = site(engine, radio_driver="sx1262")
    station.run_slots(1)
    station.clock.run_until(station.clock.now_us + SLOT_US // 2)
    assert station.radio.log[-1][1][0] == 0x84  # SetSleep
    assert station.law.broken == station.radio.refusals == station.radio.flaws == []


@pytest.mark.parametrize("window", [0, 1])
def test_light_sleep_in_the_waits_loses_nothing(site, engine, window):
    station = site(
        engine, radio={"driver": "sx1262", "frame_bytes": 115, "light_sleep": True}, radio_driver="sx1262"
    )
    station.gateway.answers_in = window
    naps = []
    light_sleep = station.board._light_sleep
    for op, handler in station.board._handlers.items():
        if handler == light_sleep:
            station.board._handlers[op] = lambda request: naps.append(request.a) or light_sleep(request)
    station.run_slots(3)
    station.network.answers = [Downlink(PORT_BACKFILL, encode_backfill(1, 1), acknowledges=False)]
    before = len(station.network.frames())
    station.run_slots(1)
    assert station.network.joins == 1
    assert [frame.seq for _, frame in station.network.frames()[before:]] == [3, 1]
    assert min(naps) >= 10
    assert max(naps) > 4000  # of the join
    assert station.law.broken == station.radio.refusals == station.radio.flaws == []
