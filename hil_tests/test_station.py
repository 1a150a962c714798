"""Wakes of the station as it is in the field: sample, journal, send, sleep, and awake at the next slot."""

import pytest

from luftpegel_tools.rig.roles import Rig
from luftpegel_wire import PORT_READINGS, PORT_STATUS, decode

SILENT, UNKNOWN = 9, 15
CHANNELS = (2, 4, 14)  # temperature, humidity, battery
# A wake that ends in a minute with this much left of it is short enough for two years on a battery.
AWAKE_S = 20
HANGING = """
import time
from sensors import sht4x
def _hang(self):
    while True:
        time.sleep_ms(1000)
sht4x.SHT4x.measure = _hang
"""

pytestmark = pytest.mark.look_at(
    "the last lines of the console's log: the step of the wake that stands there"
)


def test_one_wake(make_station, driver: str) -> None:
    station = make_station("sht4x", radio=driver)
    text = station.wake()
    assert "reading " in text
    assert "sent " in text
    assert station.board.reset.cause == "DEEPSLEEP_RESET"
    ((_, (values, quality)), *_) = station.rows().items()
    temperature, humidity, battery = values
    assert quality == (0, 0, 0)
    assert -1000 < temperature < 5000
    assert 0 <= humidity <= 10000
    assert 2500 < battery < 5500
    assert station.board.eval("next(journal.walk(journal.next_seq)).layout.channels") == CHANNELS


def test_the_network_hears_the_journal(make_station, radio, driver: str) -> None:
    station = make_station("sht4x", radio=driver)
    station.wake()
    since = radio.count()
    for _ in range(3):
        station.wake()
    heard = decode(PORT_READINGS, radio.wait_for(PORT_READINGS, since + 2).payload)
    kept = station.rows()
    assert heard.seq == max(kept)
    assert [row.seq for row in heard.rows][:3] == sorted(kept, reverse=True)[:3]
    for row in heard.rows[:3]:
        values, quality = kept[row.seq]
        assert tuple(row.quality) == quality
        for told, stored in zip(row.values, values, strict=True):
            assert abs(told - stored) <= 50  # the wire's steps


def test_readings_are_what_the_chips_handed_out(make_station, chips) -> None:
    station = make_station("sht4x")
    try:
        for celsius, volts in ((-12.3, 3.3), (31.7, 4.1)):
            chips.see(temperature=celsius)
            chips.battery(volts)
            station.wake()
            values, quality = station.rows()[station.next_seq() - 1]
            assert values[:2] == tuple(chips.delivered("sht4x")[-1].values())
            assert abs(values[2] - volts * 1000) <= 3
            assert quality == (0, 0, 0)
    finally:
        chips.see(temperature=21.5)
        chips.battery(3.92)


def test_a_status_follows_the_start(make_station, radio) -> None:
    station = make_station("sht4x")
    station.forget_radio()
    station.board.reset.soft()
    since = radio.count()
    station.wake()
    status = decode(PORT_STATUS, radio.wait_for(PORT_STATUS, since).payload)
    assert status.fields["interval_s"] == station.settings["interval_s"]
    assert status.fields["newest_seq"] == max(station.rows())
    assert status.fields["faults"] == 0
    assert status.fields["heap_free"] > 10_000


def test_all_sensors_in_one_reading(make_station) -> None:
    station = make_station("sht4x", "sps30", "a02yyuw", "ds18b20")
    station.wake()
    values, quality = station.rows()[station.next_seq() - 1]
    assert len(values) == 9
    assert set(quality) == {0}


def test_a_dead_sensor_costs_its_own_cells(make_station, chips) -> None:
    station = make_station("sht4x", "ds18b20")
    with chips.absent("sht4x"):
        text = station.wake()
    assert "LP-119" in text
    values, quality = station.rows()[station.next_seq() - 1]
    assert values[:2] == (None, None)
    assert quality == (SILENT, SILENT, 0, 0)
    station.wake()
    assert station.rows()[station.next_seq() - 1][1] == (0, 0, 0, 0)


def test_a_silent_network_costs_no_reading(make_station, radio) -> None:
    station = make_station("sht4x")
    station.forget_radio()
    first = station.next_seq()
    radio.network.answers(False)
    try:
        text = station.wake()
    finally:
        radio.network.answers(True)
    assert "LP-238" in text
    station.forget_radio()
    since = radio.count()
    station.wake()
    frame = decode(PORT_READINGS, radio.wait_for(PORT_READINGS, since).payload)
    assert {first, first + 1} <= {row.seq for row in frame.rows}


def test_an_absent_radio_costs_no_reading(make_station, chips) -> None:
    station = make_station("sht4x")
    first = station.next_seq()
    with chips.absent(station.settings["radio"]["driver"]):
        assert "LP-231" in station.wake()
    assert max(station.rows()) == first


@pytest.mark.usefixtures("chips")  # a real board keeps its keys
def test_no_keys_cost_no_reading(make_station) -> None:
    station = make_station("sht4x")
    first = station.next_seq()
    station.board.exec("from esp32 import NVS; n = NVS('luftpegel'); n.erase_key('app_key'); n.commit()")
    station.forget_radio()
    assert "LP-239" in station.wake()
    assert max(station.rows()) == first


def test_a_wake_fits_its_budget(make_station, driver: str) -> None:
    station = make_station("sht4x", radio=driver)
    station.wake()
    text = station.wake()
    assert station.settings["interval_s"] - int(text.split("asleep for ")[1].split()[0]) <= AWAKE_S
    if station.board.is_virtual:
        assert station.board.chips.state()["radio_asleep"].get(driver, True)


def test_deep_sleep_draws_what_it_may(board: Rig) -> None:
    """The hook for a meter: rig.toml's `current` command prints µA."""
    board.console.start(
        "import machine, time; print('sleeping'); time.sleep_ms(50); machine.deepsleep(15000)"
    )
    board.console.wait_for("sleeping")
    if board.is_virtual:
        board.reset.take()
        pytest.skip("no meter on a virtual board")
    drawn = board.power.mean_current_ua()
    board.reset.take()
    assert drawn < 100


def test_the_watchdog_finds_a_hanging_sensor(make_station) -> None:
    """It costs its own cells: the next start leaves it out, the one after tries it again."""
    station = make_station("sht4x", "ds18b20")
    station.wake()
    first = station.next_seq()
    station.start(HANGING)
    station.board.console.wait_for(">>> ", 200)
    station.board.reset.take()
    assert station.board.reset.cause == "WDT_RESET"
    station.wake()
    values, quality = station.rows()[first]
    assert values[:2] == (None, None)
    assert quality[:2] == (UNKNOWN, UNKNOWN)
    assert quality[2:] == (0, 0)
    assert b"the watchdog bit" in station.board.files.read("/crash.txt")
    station.wake()
    assert station.rows()[first + 1][1] == (0, 0, 0, 0)


def test_a_refused_file_waits_for_a_technician(make_station) -> None:
    station = make_station("sht4x", interval_s=1)
    station.start()
    assert "LP-354" in station.board.console.wait_for("waits here for a technician")
    station.board.reset.take()
    assert station.board.reset.cause != "DEEPSLEEP_RESET"


def test_a_failing_firmware_is_slept_over(make_station) -> None:
    """What nobody foresaw ends in a record and in sleep until the next slot, never in a dead prompt."""
    station = make_station("sht4x")
    station.wake()
    broken = "from station import cycle\ncycle._Wake._sample = lambda *_: 1 // 0\n"
    station.board.console.start(broken + "from station import guard\nguard.start()")
    station.board.console.wait_for("LP-110", 60)
    station.board.console.wait_for(">>> ", 120, tracebacks=True)
    station.board.reset.take()
    assert station.board.reset.cause == "DEEPSLEEP_RESET"
    assert b"ZeroDivisionError" in station.board.files.read("/crash.txt")
    assert "reading " in station.wake()


def test_main_starts_it_and_ctrl_c_stops_it(make_station) -> None:
    station = make_station("sht4x")
    board = station.board
    board.files.write("/main.py", b"from station import guard\n\nguard.start()\n")
    try:
        board.console.start("import machine; machine.reset()")
        board.console.wait_for("LP-HIL starts in 5 s; Ctrl-C stops it.")
        board.console.type_keys(b"\x03")
        board.console.wait_for("Stopped by hand")
    finally:
        board.reset.take()
        board.files.remove("/main.py")
