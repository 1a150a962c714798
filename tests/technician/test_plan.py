"""What a station will cost: held against the firmware's own reckoning and against numbers done by hand."""

import json
from xml.etree import ElementTree

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.station_files.fit import region_of
from luftpegel_tools.station_files.station_file import load_both
from luftpegel_tools.technician.planning import currents
from luftpegel_tools.technician.planning.budget import Battery, rows
from luftpegel_tools.technician.planning.frames import readings_frame, status_bytes

STATION = (
    'station = "LP-1"\nboard = "heltec_v3"\nhealth = ["battery"]\n[radio]\ndriver = "sx1262"\n'
    'region = "EU868"\n[[sensors]]\ndriver = "sht4x"\n'
)
BATTERY = Battery(4800)


@pytest.fixture
def plan(tmp_path):
    def made(text=STATION):
        (tmp_path / "station.toml").write_text(text, encoding="utf-8")
        return load_both(tmp_path / "station.toml")[1]

    return made


def told(plan, **more):
    return {(row.spreading_factor, row.interval_s): row for row in rows(plan, BATTERY, **more)}


def test_every_data_rate_at_every_interval(plan):
    assert list(told(plan())) == [(sf, minutes * 60) for sf in range(7, 13) for minutes in (5, 10, 15)]


@pytest.mark.parametrize("region", ["EU868", "EU433", "IN865"])
def test_airtime_is_that_of_the_firmware_s_own_formula(plan, region):
    """Two formulas by two hands: air/airtime.py, and the one by which the MAC keeps its duty cycle."""
    airtime_ms = firmware_module("lorawan.airtime").airtime_ms
    rates = region_of(region).DATA_RATES
    for row in told(plan(STATION.replace("EU868", region))).values():
        spreading, bandwidth = rates[row.data_rate]
        assert row.airtime_ms == pytest.approx(airtime_ms(spreading, bandwidth, row.frame_bytes + 13), abs=1)


def test_airtimes_of_semtech_s_calculator(plan):
    """51 bytes at SF12 and 10, 242 at SF7, 13 of LoRaWAN around them, CR 4/5, eight symbols of preamble."""
    found = told(plan())
    assert (found[12, 600].frame_bytes, found[12, 600].airtime_ms) == (51, 2793)
    assert (found[10, 600].frame_bytes, found[10, 600].airtime_ms) == (51, 698)
    assert (found[7, 600].frame_bytes, found[7, 600].airtime_ms) == (242, 400)


def test_a_frame_is_what_the_encoder_makes_of_a_day(plan):
    made = plan()
    for room in (51, 115, 242):
        length, taken = readings_frame(made.channels, made.steps, room, 600)
        assert room - 4 <= length <= room
        assert taken > 5
    assert (
        readings_frame(made.channels, made.steps, 51, 600)[1]
        < readings_frame(made.channels, made.steps, 242, 600)[1]
    )
    assert status_bytes(242) > status_bytes(20) <= 20


def test_duty_cycle_and_fair_use(plan):
    found = told(plan())
    assert found[12, 300].duty_percent == pytest.approx(2.793 / 300 * 100, rel=0.02)
    assert found[12, 300].legal  # just
    assert not told(plan(), intervals_s=(240,))[12, 240].legal
    assert told(plan(STATION.replace("EU868", "EU433")), intervals_s=(60,))[12, 60].duty_allowed_percent == 10
    assert not found[7, 600].fair
    small = told(plan(STATION.replace('"EU868"', f'"EU868"\nframe_bytes = {found[7, 600].fair_frame_bytes}')))
    assert small[7, 600].fair
    assert small[7, 600].readings > 1
    one_more = found[7, 600].fair_frame_bytes + 8  # airtime goes in steps
    assert not told(plan(STATION.replace('"EU868"', f'"EU868"\nframe_bytes = {one_more}')))[7, 600].fair
    assert found[12, 300].fair_frame_bytes == 0


def test_a_battery_by_hand(plan):
    """The charge of one interval, added up on paper."""
    row = told(plan(), sleep_ua=30)[7, 600]
    board, radio, sensor = currents.BOARDS["heltec_v3"], currents.RADIOS["sx1262"], currents.SENSORS["sht4x"]
    sensing = 0.001 + sensor.measure_s
    listen = 2 * (12 * 0.001024 + 0.04)
    awake = 1.5 + sensing + 0.400 + 2 + listen
    charge = (
        board.awake_ma * awake + sensor.on_ma * sensing + radio.send_ma * 0.400 + radio.listen_ma * listen
    )
    average = (charge + (0.030 + 0.0012) * (600 - awake)) / 600
    assert row.average_ma == pytest.approx(average, rel=0.01)
    lost = 4800 * 0.02 / 730.5
    assert row.battery_months == pytest.approx(4800 / (average + lost) / 730.5, rel=0.01)


def test_what_costs_more_lives_shorter(plan):
    usual = told(plan())
    for sf in range(7, 13):
        assert usual[sf, 300].battery_months < usual[sf, 600].battery_months < usual[sf, 900].battery_months
    assert usual[12, 600].battery_months < usual[7, 600].battery_months
    dust = told(plan(STATION + '[[sensors]]\ndriver = "sps30"\n'))
    assert dust[7, 600].battery_months < usual[7, 600].battery_months / 5
    light = told(plan(STATION.replace('"EU868"', '"EU868"\nlight_sleep = true')))
    assert light[12, 600].battery_months > usual[12, 600].battery_months
    assert told(plan(), sleep_ua=2200)[7, 600].battery_months < 4  # a board that never really sleeps


def test_all_that_a_station_can_have_has_its_currents_and_their_source():
    assert set(currents.BOARDS) == set(firmware_module("station.config").BOARDS)
    assert set(currents.RADIOS) == set(firmware_module("lora_radio").DRIVERS)
    assert set(currents.SENSORS) == set(firmware_module("sensors").DRIVERS)
    for table in (currents.BOARDS, currents.RADIOS, currents.SENSORS):
        assert all(len(one.source) > 10 for one in table.values())


def test_the_command(plan, tmp_path, capsys):
    plan()
    file, chart = str(tmp_path / "station.toml"), tmp_path / "chart.svg"
    assert main(["plan", file, "--lang", "de", "--every", "10", "--plot", str(chart)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("LP-1: heltec_v3, sx1262, sht4x; 3 Kanäle; 4800 mAh")
    assert len(lines) == 2 + 6 + 2 + 3
    drawn = ElementTree.fromstring(chart.read_bytes())
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 1 + 6
    assert main(["plan", file, "--json", "--battery", "3000", "--usable", "50"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["usable_mah"] == 1500
    assert len(answer["rows"]) == 18
    assert set(answer["sources"]) == {"heltec_v3", "sx1262", "sht4x"}


def test_what_cannot_be_reckoned_is_told(plan, tmp_path, capsys):
    plan()
    file = str(tmp_path / "station.toml")
    assert main(["plan", file, "--plot", str(tmp_path / "none" / "chart.svg")]) == 1
    assert "LP-612" in capsys.readouterr().err
    assert main(["plan", str(tmp_path / "none.toml")]) == 1
    assert "LP-350" in capsys.readouterr().err
    for words in (
        ["--battery", "-1"],
        ["--battery", "nan"],
        ["--usable", "0"],
        ["--every", "0.1"],
        ["--every", "x"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(["plan", file, *words])
        assert ended.value.code == 2
