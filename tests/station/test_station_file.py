"""A station file is sound, or refused with line, code, cause and next step, in English and in German."""

import json
import random
import re
from pathlib import Path

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.station_files import station_file
from luftpegel_wire import Row, encode_readings
from luftpegel_wire.channels import TABLE
from sensors import driver
from station import config

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "station.toml"
SOUND = """\
station = "LP-0001"
board = "heltec_v3"
interval_s = 600
health = ["battery"]

[radio]
driver = "wio_e5"
region = "EU868"

[[sensors]]
driver = "sht4x"

[[sensors]]
driver = "bme280"
only = ["pressure"]

[[sensors]]
driver = "ds18b20"
quantity = "globe_temperature"

[steps]
pressure = 1
"""

# (text to replace, by what, line of the fault, code, word of the cause)
FAULTS = {
    "not TOML": ("interval_s = 600", "interval_s = ", None, "LP-351", "line 3"),
    "unknown key": ("interval_s", "intervall_s", 3, "LP-352", "intervall_s"),
    "unknown key of a sensor": ('only = ["pressure"]', "pin = 4", 15, "LP-352", "pin"),
    "missing key": ('driver = "sht4x"', "index = 1", 10, "LP-353", "driver"),
    "missing table": ("[radio]", "[steps2]", 6, "LP-352", "steps2"),
    "too often": ("600", "10", 3, "LP-354", "60 to 86400"),
    "a text where a number belongs": ("600", '"600"', 3, "LP-354", "'600'"),
    "true is no number": ("600", "true", 3, "LP-354", "True"),
    "name with a space": ("LP-0001", "LP 0001", 1, "LP-354", "letters"),
    "name that a board cannot spell": ("LP-0001", "LP-Brücke", 1, "LP-354", "letters"),
    "unknown board": ("heltec_v3", "heltec_v9", 2, "LP-355", "heltec_v3"),
    "unknown driver": ("sht4x", "sht5x", 11, "LP-355", "sps30"),
    "unknown radio": ("wio_e5", "wio", 7, "LP-355", "sx1262 sx1276"),
    "radio for which the board has no pins": ("heltec_v3", "tbeam_sx1262", 7, "LP-661", "sx1262"),
    "chip that the board has not": ("wio_e5", "sx1276", 7, "LP-661", "sx1262"),
    "health that the board has not": ('["battery"]', '["battery", "mood"]', 4, "LP-355", "battery"),
    "light sleep beside a modem": ('"EU868"', '"EU868"\nlight_sleep = true', 9, "LP-354", "modem"),
    "unknown region": ("EU868", "EU999", 8, "LP-355", "EU868"),
    "quantity the driver has not": ('"pressure"]', '"co2"]', 15, "LP-355", "pressure"),
    "unknown quantity": ("globe_temperature", "globe", 19, "LP-355", "globe"),
    "unknown health": ('["battery"]', '["mood"]', 4, "LP-355", "battery"),
    "resolution of an unknown quantity": ("pressure = 1", "presure = 1", 22, "LP-355", "presure"),
    "resolution that the wire has not": ("pressure = 1", "pressure = 3", 22, "LP-355", "3"),
    "one quantity twice": ('only = ["pressure"]', "", 13, "LP-356", "temperature"),
    "data rate of no region": ('"EU868"', '"EU868"\ndata_rate = 8', 9, "LP-660", "choose 0 to 7"),
    "the same address as another driver's usual one": (
        'driver = "sht4x"',
        'driver = "sht4x"\naddress = 0x76',
        15,
        "LP-662",
        "sht4x and bme280 answer at the same I2C address 0x76",
    ),
    "its own usual address, written down": (
        'driver = "bme280"\nonly = ["pressure"]',
        'driver = "sht4x"\nindex = 1\naddress = 68',
        16,
        "LP-662",
        "0x44",
    ),
    "no room for one reading": ('"EU868"', '"EU868"\nframe_bytes = 20', 9, "LP-663", "frame_bytes leaves 20"),
    "one address twice": (
        'driver = "bme280"\nonly = ["pressure"]',
        'driver = "sht4x"\nindex = 1',
        13,
        "LP-357",
        "I2C",
    ),
}


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "station.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_a_sound_file_becomes_the_board_s_json_unchanged(write):
    settings = station_file.load(write(SOUND))
    assert json.loads(json.dumps(settings)) == settings
    assert settings["sensors"][1] == {"driver": "bme280", "only": ["pressure"]}


def test_a_board_that_cannot_measure_its_battery_is_not_asked_to():
    given = {"station": "T", "board": "xiao_s3_wio_sx1262", "sensors": [{"driver": "sht4x"}]}
    settings = config.checked({**given, "radio": {"driver": "sx1262"}})
    plan = config.Plan(settings, config.board_of(settings), driver)
    assert plan.channels == [2, 4]


def test_a_chip_has_the_data_rates_of_the_firmware_s_own_regions(write):
    with_chip = SOUND.replace("wio_e5", "sx1262")
    assert station_file.load(write(with_chip.replace('"EU868"', '"EU868"\ndata_rate = 5')))
    path = write(with_chip.replace('"EU868"', '"EU868"\ndata_rate = 6'))
    with pytest.raises(station_file.StationFileError, match=r":9: LP-(660|354) .*0 to 5"):
        station_file.load(path)


def test_the_power_manager_of_a_board_has_an_address_too(write):
    other = SOUND.replace("heltec_v3", "tbeam_sx1262").replace("wio_e5", "sx1262")
    other = other.replace('health = ["battery"]\n', "")
    assert station_file.load(write(other))
    path = write(other.replace('driver = "sht4x"', 'driver = "sht4x"\naddress = 0x34'))
    with pytest.raises(station_file.StationFileError, match="LP-662 the axp"):
        station_file.load(path)


def test_the_least_frame_that_is_allowed_holds_any_reading(write):
    with pytest.raises(station_file.StationFileError, match="LP-663") as refused:
        station_file.load(write(SOUND.replace('"EU868"', '"EU868"\nframe_bytes = 20')))
    need = int(re.search(r"up to ([0-9]+) bytes", str(refused.value))[1])
    _, plan = station_file.load_both(write(SOUND.replace('"EU868"', f'"EU868"\nframe_bytes = {need}')))
    draw = random.Random(5)
    for _ in range(500):
        low_high = [(TABLE[channel >> 1].low, TABLE[channel >> 1].high) for channel in plan.channels]
        values = [draw.choice((low, high, draw.randint(low, high))) for low, high in low_high]
        quality = [draw.choice((0, 0, 1, 9)) for _ in values]
        row = Row((1 << 32) - 1, draw.randrange(1 << 31), None, values, quality)
        assert encode_readings(list(plan.channels), [row], need, list(plan.steps))[1] == 1
    assert need < 51  # what goes at the slowest data rate


def test_a_station_that_measures_too_much_for_its_data_rate(write):
    many = SOUND.replace('only = ["pressure"]', "index = 1").replace("wio_e5", "sx1262")
    many = many.replace('"EU868"', '"EU868"\ndata_rate = 0')
    many += '[[sensors]]\ndriver = "sps30"\n[[sensors]]\ndriver = "a02yyuw"\nsocket = "b"\n'
    many = many.replace("[steps]\npressure = 1\n", "") + "[steps]\n"
    steps = ("temperature", "humidity", "pressure", "pm1", "pm25", "pm4", "pm10", "distance", "battery")
    many += "".join(f"{name} = 1\n" for name in steps)
    with pytest.raises(station_file.StationFileError, match=r"LP-664 .* leaves 51.* data_rate 3 or"):
        station_file.load(write(many))
    assert station_file.load(write(many.replace("data_rate = 0", "data_rate = 3")))


def test_misfits_speak_german(write):
    path = write(SOUND.replace('"EU868"', '"EU868"\nframe_bytes = 20'))
    with pytest.raises(
        station_file.StationFileError, match=r"braucht bis zu .* Nächster Schritt: frame_bytes"
    ):
        station_file.load(path, "de")


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_file_is_refused_with_its_line(write, name):
    old, new, line, code, word = FAULTS[name]
    assert old in SOUND
    path = write(SOUND.replace(old, new, 1))
    with pytest.raises(station_file.StationFileError) as refused:
        station_file.load(path)
    text = str(refused.value)
    assert text.startswith(f"{path}:{line}: {code} " if line else f"{path}: {code} ")
    assert word in text
    assert "Next: " in text


def test_the_board_refuses_with_the_same_words(tmp_path):
    path = tmp_path / "station.json"
    path.write_text('{"station": "LP-1", "board": "heltec_v3", "sensors": [], "radio": {"driver": "wio_e5"}}')
    with pytest.raises(
        config.ConfigError, match=r"LP-354 sensors must be a list of sensors, not \[\]. Next: "
    ):
        config.load(str(path))
    path.write_text("{")
    with pytest.raises(config.ConfigError, match="LP-351"):
        config.load(str(path))
    with pytest.raises(config.ConfigError, match="LP-350"):
        config.load(str(tmp_path / "nothing.json"))
    path.write_text("[]")
    with pytest.raises(config.ConfigError, match="LP-354"):
        config.load(str(path))


def test_every_refusal_speaks_german(write):
    assert set(station_file._TEXTS_DE) == set(config.TEXTS)
    wanted = [row[2] for table in (config._TOP, config._SENSOR, config._RADIO) for row in table.values()]
    assert set(wanted) <= set(station_file._WORDS_DE)
    with pytest.raises(station_file.StationFileError, match=r"60 bis 86400 Sekunden\. Nächster Schritt: "):
        station_file.load(write(SOUND.replace("600", "10")), "de")


def test_the_page_has_every_setting():
    page = (EXAMPLE.parents[1] / "station.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in page.split("\n") if line.startswith("| "))
    keys = [key for table in (config._TOP, config._SENSOR, config._RADIO) for key in table]
    assert [key for key in keys if not re.search(rf"`\[?\[?{key}\]?\]?`", rows)] == []


def test_the_command_says_ok_or_refuses(write, capsys):
    assert main(["station", "check", str(write(SOUND))]) == 0
    assert "LP-0001, 3 sensors: ok" in capsys.readouterr().out
    assert main(["station", "check", str(write(SOUND.replace("sht4x", "sht5x"))), "--lang", "de"]) == 1
    assert "Nächster Schritt" in capsys.readouterr().err


def test_channels_are_sorted_with_their_steps(write):
    settings = config.checked(station_file.load(write(SOUND)))
    plan = config.Plan(settings, config.board_of(settings), __import__("sensors").driver)
    assert plan.channels == [2, 4, 6, 14, 48]
    assert plan.steps == [10, 50, 1, 20, 10]
    assert plan.owned == [[2, 4], [None, None, 6], [48]]
