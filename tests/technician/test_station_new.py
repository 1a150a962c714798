"""A station file from answers passes the check, whatever fits together; what does not fit is not written."""

import builtins
import itertools
import json
import tomllib
from xml.etree import ElementTree

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.station_files.station_file import load_both
from luftpegel_tools.station_files.station_plan import radios_of
from luftpegel_tools.technician.wizard.wiring import KINDS, PINS, parts_of
from luftpegel_tools.wiring import SCHEMATICS

BOARDS = firmware_module("station.config").BOARDS
DRIVERS = sorted(firmware_module("sensors").DRIVERS)
FITTING = [
    (board, radio) for board in sorted(BOARDS) for radio in sorted(radios_of(firmware_module(BOARDS[board])))
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def new(tmp_path):
    """Types `station new` for a file, with options; gives the file."""

    def made(*words, code=0):
        file = tmp_path / "station.toml"
        assert main(["station", "new", str(file), *map(str, words)]) == code
        return file

    return made


def sensors(*names):
    return itertools.chain.from_iterable(("--sensor", name) for name in names)


@pytest.mark.parametrize(("board", "radio"), FITTING)
def test_all_that_fits_passes_the_check(new, board, radio, tmp_path, capsys):
    """Every set of sensors on every board with every radio that it can have."""
    for count in range(1, len(DRIVERS) + 1):
        for names in itertools.combinations(DRIVERS, count):
            file = new("--yes", "--board", board, "--radio", radio, *sensors(*names))
            assert main(["station", "check", str(file)]) == 0
            plan = load_both(file)[1]
            assert [sensor["driver"] for sensor in plan.settings["sensors"]] == list(names)
            assert len(set(plan.channels)) == len(plan.channels)
            file.unlink()


def test_what_is_typed_by_number_or_by_name(new, monkeypatch, capsys):
    typed = iter(["LP-7", "99", "2", "", "1, sht4x", "", "moon", "EU433", "ten", "900"])
    monkeypatch.setattr(builtins, "input", lambda _: next(typed))
    file = new("--lang", "de")
    assert tomllib.loads(file.read_text()) == {
        "station": "LP-7",
        "board": "heltec_v3",
        "interval_s": 900,
        "sensors": [{"driver": "a02yyuw", "socket": "a"}, {"driver": "sht4x"}],
        "radio": {"driver": "sx1262", "region": "EU433", "adr": True},
    }
    told = capsys.readouterr()
    assert told.err.count("LP-677") == 4
    assert "ist geschrieben" in told.out
    assert next(typed, None) is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "LP-675"),  # no sensor
        (("--sensor", "sht5x"), "LP-677"),
        (("--sensor", "sht4x", "--board", "heltec"), "LP-677"),
        (("--sensor", "sht4x", "--board", "tbeam_sx1262", "--radio", "wio_e5"), "LP-677"),
        (("--sensor", "sht4x", "--region", "US915"), "LP-677"),
        (("--sensor", "sht4x", "--interval", "-5"), "LP-677"),
        (("--sensor", "sht4x", "--interval", "10"), "LP-354"),
        (("--sensor", "sht4x", "--station", "LP 1"), "LP-354"),
        (("--sensor", "sht4x", "--station", 'x"\n[radio]'), "LP-351"),
        (("--sensor", "sht4x", "--sensor", "sht4x"), "LP-357"),
        (("--sensor", "a02yyuw", "--sensor", "sps30", "--sensor", "a02yyuw"), "LP-357"),
    ],
)
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_does_not_fit_is_told_and_not_written(new, capsys, words, code, language):
    file = new("--yes", "--lang", language, *words, code=1)
    assert code in capsys.readouterr().err
    assert not file.exists()


def test_no_file_is_replaced(new, tmp_path, capsys):
    new("--yes", "--sensor", "sht4x").write_text("mine")
    assert new("--yes", "--sensor", "sht4x", code=1).read_text() == "mine"
    assert "LP-676" in capsys.readouterr().err


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_a_terminal_that_ends_leaves_nothing(new, monkeypatch, capsys, end):
    def ask(_):
        raise end

    monkeypatch.setattr(builtins, "input", ask)
    assert not new(code=1).exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["station", "new", str(tmp_path / "no" / "s.toml"), "--yes", "--sensor", "sht4x"]) == 1
    assert "LP-612" in capsys.readouterr().err


# --- wiring ---


def test_each_part_has_its_pins_and_each_kind_of_wire_its_words():
    modems = {"wio_e5", "rak3172"}
    assert set(PINS) == set(DRIVERS) | modems
    assert {kind for pins in PINS.values() for _, kind in pins} <= {*KINDS, ""}
    for name, pins in PINS.items():
        bus = "uart" if name in modems else firmware_module("sensors").driver(name).BUS
        kinds = {kind for _, kind in pins}
        assert kinds >= {"uart": {"ground", "rx"}, "i2c": {"sda", "scl"}, "onewire": {"onewire"}}[bus]
        assert bool(kinds & {"always"}) == (name in modems)  # a modem never hangs on the sensors' rail


def test_the_wires_are_those_of_the_maker_s_schematic(new):
    """The virtual board is soldered by a schematic that was written down a second time."""
    file = new("--yes", "--board", "heltec_v3", "--radio", "wio_e5", *sensors("sps30", "a02yyuw", "ds18b20"))
    schematic = SCHEMATICS["heltec_v3"]
    parts = {
        part.name: {wire.kind: wire.board_pin for wire in part.wires} for part in parts_of(load_both(file)[1])
    }
    for name, socket in (("sps30", "a"), ("a02yyuw", "b")):
        tx, rx = schematic.sockets[socket]
        assert parts[name]["rx"] == f"GPIO{rx}"
        assert parts[name].get("tx", f"GPIO{tx}") == f"GPIO{tx}"
    assert parts["ds18b20"]["onewire"] == f"GPIO{schematic.onewire_pin}"
    assert parts["ds18b20"]["supply"] == f"rail (GPIO{schematic.rail_pin}=0)"


@pytest.mark.parametrize(
    ("board", "radio", "language"), [(*fit, word) for fit in FITTING for word in ("de", "en")]
)
def test_a_picture_shows_every_wire_with_its_words(new, tmp_path, capsys, board, radio, language):  # noqa: PLR0917
    picture = tmp_path / "wiring.svg"
    words = ("--yes", "--board", board, "--radio", radio, "--svg", picture, "--lang", language)
    file = new(*words, *sensors(*DRIVERS))
    printed = capsys.readouterr().out
    drawing = ElementTree.fromstring(picture.read_bytes())
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    wires = [wire for part in parts_of(load_both(file)[1]) for wire in part.wires]
    assert len(list(drawing.iter(f"{SVG}line"))) == len(wires)
    for wire in wires:
        assert texts.count(wire.part_pin) >= 1
        assert wire.part_pin in printed
        assert not wire.board_pin or wire.board_pin in texts
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    for text in drawing.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height


def test_the_check_for_machines(new, capsys):
    file = new("--yes", "--sensor", "sht4x")
    capsys.readouterr()
    assert main(["station", "check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    file.write_text(file.read_text().replace("sx1262", "sx1276"))
    assert main(["station", "check", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "LP-661"
