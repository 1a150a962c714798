"""The station on the virtual board: readings outlive what happens to board, sensors, modem and network."""

import pytest
from tests.station.conftest import RADIOS

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_tools.wiring import MODEMS
from luftpegel_wire import PORT_BACKFILL, PORT_CONFIG, PORT_STATUS, decode, encode_backfill, encode_config

ENGINES = ["pip", "mpy32"]
TEMPERATURE, BATTERY = 2, 14
SILENT = 9

HANGING_SHT4X = """
import time

class SHT4x:
    MEASURES = ("temperature", "humidity")
    BUS = "i2c"
    WARM_UP_MS = 0

    def __init__(self, bus):
        pass

    def start(self):
        pass

    def measure(self):
        while True:
            time.sleep_ms(1000)
"""

pytestmark = pytest.mark.parametrize("engine", ENGINES)
over_modems = pytest.mark.parametrize("modem", MODEMS)


def told(frame):
    return {row.seq: row.values for row in frame.rows}


def test_wakes_at_its_slots_and_sends_what_it_has_so_far(site, engine):
    station = site(engine)
    station.run_slots(6)
    seconds = [second - station.started_us / 1e6 for second, _ in station.network.frames()]
    frames = [frame for _, frame in station.network.frames()]
    assert [frame.seq for frame in frames] == [0, 1, 2, 3, 4, 5]
    assert all(600 * k < second < 600 * k + 5 for k, second in enumerate(seconds[1:], 1))
    assert [row.interval for row in frames[5].rows[1:5]] == [600] * 4
    measured = [values["temperature"] for _, values in station.chips["sht4x"].delivered]
    assert [row.values[0] for row in reversed(frames[5].rows)] == [
        (value + 5) // 10 * 10 for value in measured
    ]
    assert station.text().count("LP-0001 starts in 5 s; Ctrl-C stops it.") == 1


def test_readings_survive_reset_button_soft_reset_and_power_cut(site, engine):
    station = site(engine)
    station.run_slots(2)
    station.board.press_reset()
    station.run_slots(2)
    station.board.power_off()
    station.run_slots(3)
    station.board.power_on()
    station.run_slots(2)
    frame = station.newest()
    assert list(told(frame)) == [5, 4, 3, 2, 1, 0]
    assert [row.age is None for row in frame.rows] == [False, False, True, True, True, True]
    assert len(station.chips["sht4x"].delivered) == 6


def test_a_status_frame_follows_the_start(site, engine):
    station = site(engine)
    station.run_slots(2)
    (status,) = [decode(u.f_port, u.data) for u in station.network.uplinks if u.f_port == PORT_STATUS]
    assert status.fields["firmware"] == "0.4.0"
    assert (status.fields["newest_seq"], status.fields["interval_s"], status.fields["faults"]) == (0, 600, 0)
    assert status.fields["heap_free"] > 20_000


def test_a_network_that_confirms_nothing_is_joined_anew(site, engine):
    station = site(engine, interval_s=3600)
    station.network.confirms = False
    station.run_slots(13 * 6)
    assert station.network.joins == 3  # less and less
    station.network.confirms = True
    station.run_slots(10 * 6)
    assert list(told(station.newest())) == list(range(station.newest().seq, -1, -1))
    assert station.network.joins == 3


def test_a_dead_sensor_costs_its_own_channels(site, engine):
    station = site(engine, ("sht4x", "ds18b20"))
    station.chips["sht4x"].faults.add("silent")
    station.run_slots(2)
    station.chips["sht4x"].faults.clear()
    station.run_slots(1)
    rows = station.newest().rows
    assert rows[0].quality == (0, 0, 0, 0)
    assert [row.quality for row in rows[1:]] == [(SILENT, SILENT, 0, 0)] * 2
    assert [row.values[2] is None for row in rows] == [False] * 3


@pytest.mark.parametrize("radio", RADIOS)
def test_a_dead_radio_and_a_deaf_network_cost_no_reading(site, engine, radio):
    station = site(engine, radio_driver=radio)
    station.radio.faults.add("silent")
    station.run_slots(2)
    assert station.network.uplinks == []
    assert "LP-231" in station.text()
    station.radio.faults.clear()
    station.network.accepts = False
    station.run_slots(2)
    assert "LP-238" in station.text()
    station.network.accepts = True
    station.run_slots(2)
    assert list(told(station.newest())) == [5, 4, 3, 2, 1, 0]


@over_modems
def test_a_modem_that_lost_its_session_joins_again(site, engine, modem):
    station = site(engine, radio_driver=modem)
    station.run_slots(2)
    station.radio.power(False)
    station.radio.power(True)
    station.run_slots(2)
    assert station.network.joins == 2
    assert list(told(station.newest())) == [3, 2, 1, 0]


@over_modems
def test_readings_are_sent_again_on_request(site, engine, modem):
    station = site(engine, radio_driver=modem, radio={"driver": modem, "frame_bytes": 25})
    station.run_slots(30)
    before = len(station.network.frames())
    station.network.answers = [Downlink(PORT_BACKFILL, encode_backfill(3, 4), acknowledges=False)]
    station.run_slots(3)
    again = [row for _, frame in station.network.frames()[before:] for row in frame.rows if row.seq < 10]
    assert sorted({row.seq for row in again}) == [3, 4, 5, 6]
    truth = [values["temperature"] for _, values in station.chips["sht4x"].delivered]
    assert all(abs(row.values[0] - truth[row.seq]) <= 5 for row in again)


def test_an_interval_set_from_afar_holds_at_once_and_over_a_power_cut(site, engine):
    station = site(engine)
    station.run_slots(1)
    station.network.answers = [
        Downlink(PORT_CONFIG, encode_config(1, {"interval_s": 300}), acknowledges=False)
    ]
    station.run_slots(2)
    station.board.power_off()
    station.board.power_on()
    station.run_slots(1)
    # The first reading after power-on comes as soon as the service window of 5 s is over.
    assert [row.interval for row in station.newest().rows[1:]] == [295, None, 300, 300, 300, 595]


@over_modems
def test_ages_are_known_over_a_power_cut_once_the_network_told_the_time(site, engine, modem):
    station = site(engine, radio_driver=modem)
    station.network.tells_time = True
    station.run_slots(2)
    station.board.power_off()
    station.run_slots(5)
    station.board.power_on()
    station.run_slots(2)
    heard, frame = station.network.frames()[-1]
    sampled = [now_us / 1e6 for now_us, _ in station.chips["sht4x"].delivered]
    ages = [row.age for row in reversed(frame.rows)]
    assert len(ages) == 4
    assert all(abs(heard - age - then) < 10 for age, then in zip(ages, sampled, strict=True))


def test_a_radio_that_hangs_costs_its_wake_and_no_reading(site, engine):
    station = site(engine)
    station.board.power_off()
    station.replace("station/uplink", "import time\nwhile True:\n    time.sleep_ms(1000)\n")
    station.board.power_on()
    station.run_slots(2)
    station.board.power_off()
    station.install()
    station.board.power_on()
    station.run_slots(1)
    assert list(told(station.newest())) == [2, 1, 0]


def test_power_cut_at_any_flash_write_costs_at_most_the_reading_being_written(site, engine):
    station = site(engine)
    board, clock = station.board, station.clock
    board.on_power_cut = lambda _: clock.call_later(1_000_000, board.power_on)
    seen = {}
    for nth in range(1, 17, 1 if engine == "pip" else 4):
        board.cut_at_flash_write(nth, torn=nth % 2 == 0)
        boots = board.boots
        clock.run(lambda boots=boots: board.reset_cause == 1 and board.boots > boots)
        station.run_slots(2)
        for _, frame in station.network.frames():
            for row in frame.rows:
                assert not row.absent
                assert seen.setdefault(row.seq, row.values) == row.values
    measured = [values["temperature"] for _, values in station.chips["sht4x"].delivered]
    numbers = sorted(seen)
    assert numbers == list(range(numbers[-1] + 1))
    kept = [seen[number][0] for number in numbers]
    assert set(kept) <= {(value + 5) // 10 * 10 for value in measured}
    assert len(measured) - len(kept) <= 16


def test_a_hanging_sensor_is_left_alone_after_the_watchdog(site, engine):
    station = site(engine, ("sht4x", "ds18b20"))
    station.board.power_off()
    station.replace("lib/sensors/sht4x", HANGING_SHT4X)
    station.board.power_on()
    station.run_slots(3)
    frames = [frame for _, frame in station.network.frames()]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert all(row.quality == (15, 15, 0, 0) for row in frames[-1].rows)


def test_a_crash_is_recorded_and_the_next_slot_is_a_new_try(site, engine):
    station = site(engine)
    station.run_slots(1)
    station.board.power_off()
    station.replace("station/uplink", "1 / 0\n")
    station.board.power_on()
    boots = station.board.boots
    station.run_slots(3)
    assert station.board.boots - boots == 2
    assert "LP-110" in station.text()
    assert "ZeroDivisionError" in station.text()
    station.board.power_off()
    station.install()
    station.board.power_on()
    station.run_slots(1)
    assert list(told(station.newest())) == [4, 3, 2, 1, 0]


def test_a_refused_station_file_leaves_the_prompt(site, engine):
    station = site(engine)
    station.run_slots(1)
    station.board.power_off()
    station.settings["interval_s"] = 5
    station.install()
    station.board.power_on()
    boots = station.board.boots
    station.run_slots(2)
    assert station.board.boots == boots
    assert "LP-354 interval_s must be 60 to 86400 seconds, not 5" in station.text()
    assert station.board.attended


def test_sensors_that_do_not_go_together_are_refused_like_any_other_fault_of_the_file(site, engine):
    station = site(engine, ("sht4x", "bme280"))
    station.board.power_off()
    station.settings["sensors"][1]["index"] = 0
    station.install()
    station.board.power_on()
    station.run_slots(2)
    assert "LP-356 two sensors measure temperature" in station.text()
    assert station.board.attended
