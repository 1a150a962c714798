"""A station file is sound, or refused with line, code, cause and next step, in English and in German."""

import json

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.station_files import station_file
from sensors import driver
from station import config

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
    "radio for which the board has no pins": ("heltec_v3", "tbeam_sx1262", 7, "LP-355", "sx1262"),
    "chip that the board has not": ("wio_e5", "sx1276", 7, "LP-355", "sx1262"),
    "health that the board has not": ('["battery"]', '["battery", "mood"]', 4, "LP-355", "battery"),
    "light sleep beside a modem": ('"EU868"', '"EU868"\nlight_sleep = true', 9, "LP-354", "modem"),
    "unknown region": ("EU868", "EU999", 8, "LP-355", "EU868"),
    "quantity the driver has not": ('"pressure"]', '"co2"]', 15, "LP-355", "pressure"),
    "unknown quantity": ("globe_temperature", "globe", 19, "LP-355", "globe"),
    "unknown health": ('["battery"]', '["mood"]', 4, "LP-355", "battery"),
    "resolution of an unknown quantity": ("pressure = 1", "presure = 1", 22, "LP-355", "presure"),
    "resolution that the wire has not": ("pressure = 1", "pressure = 3", 22, "LP-355", "3"),
    "one quantity twice": ('only = ["pressure"]', "", 13, "LP-356", "temperature"),
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
