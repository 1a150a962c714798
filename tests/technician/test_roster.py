"""The roster: what spreadsheets make of it is read, what is wrong is told with line and column."""

import random
import time

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.technician.roster import fill_euis, read_roster
from luftpegel_tools.technician.words import TroubleError


def test_a_roster_is_read(town):
    first, second, third = read_roster(town)
    assert (first.number, first.station, first.name, first.kind) == (1, "LP-0001", "Mühlbach Brücke", "level")
    assert first.station_file == town.parent / "level.toml"
    assert (first.latitude, first.longitude) == (50.0513, 6.3022)
    assert (second.dev_eui, second.latitude) == ("", None)
    assert (third.dev_eui, third.join_eui, third.line) == ("70b3d57ed0001236", "0" * 16, 4)


@pytest.mark.parametrize(
    "as_written",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";").replace("50.05", "50,05"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace("longitude", "longitude,street").replace("6.31", "6.31,Hauptstraße"),
        lambda text: text.replace("station,name", "Station, NAME "),
        lambda text: text + "\n,,,,,,\n",
        lambda text: text.replace("Mühlbach Brücke", '"Mühlbach, Brücke"').replace(
            "Mühlbach, B", "Mühlbach B"
        ),
    ],
)
def test_whatever_a_spreadsheet_makes_of_it(town, as_written):
    plain = [(entry.station, entry.dev_eui, entry.latitude, entry.name) for entry in read_roster(town)]
    town.write_text(as_written(town.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    assert [
        (entry.station, entry.dev_eui, entry.latitude, entry.name) for entry in read_roster(town)
    ] == plain


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("LP-0002", "LP-0001", "LP-603", "town.csv:3: station LP-0001 stands in line 2"),
        ("LP-0002", "LP 2", "LP-602", "town.csv:3: station"),
        ("climate,", "klima,", "LP-602", "level | climate | air"),
        ("Schulhof", "", "LP-602", "name is ''"),
        ("70b3d57ed0001234", "70b3d57ed000123", "LP-602", "dev_eui is '70b3d57ed000123'"),
        ("70b3d57ed0001234", "7,00E+15", "LP-602", "town.csv:2"),
        ("70b3d57ed0001234", "70B3D57ED0001236", "LP-603", "town.csv:4"),
        ("50.0513", "91", "LP-602", "latitude is '91'"),
        ("50.0513", "nan", "LP-602", "latitude"),
        ("50.0513,", ",", "LP-602", "latitude + longitude"),
        ("station_file", "station_fiel", "LP-604", "station_file is meant"),
        ("latitude", "latitud", "LP-604", "latitude is meant"),
        ("kind", "art", "LP-601", "no column kind"),
        ("Schulhof", '"Schulhof', "LP-600", "town.csv:3"),
        ("Schulhof", "Schul\0hof", "LP-600", "NUL"),
    ],
)
def test_what_is_wrong_is_told(town, old, new, code, told):
    town.write_text(town.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(TroubleError) as refused:
        read_roster(town)
    assert refused.value.code == code
    assert told in str(refused.value)
    assert refused.value.text("de") != refused.value.text("en")


def test_a_spreadsheet_that_is_not_utf8(town):
    town.write_bytes(town.read_text(encoding="utf-8").encode("cp1252"))
    with pytest.raises(TroubleError, match=r"LP-600.*not UTF-8"):
        read_roster(town)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_no_roster_at_all(town, content):
    town.write_bytes(content)
    with pytest.raises(TroubleError):
        read_roster(town)
    town.unlink()
    with pytest.raises(TroubleError, match="LP-600"):
        read_roster(town)


def test_filling_touches_nothing_else(town):
    text = town.read_text(encoding="utf-8").replace("\n", "\r\n").replace("Schulhof", '"Schulhof, hinten"')
    town.write_text(text, encoding="utf-8", newline="")
    assert fill_euis(town) == 1
    eui = read_roster(town).station("LP-0002").dev_eui
    assert town.read_bytes().decode() == text.replace("climate.toml,,", f"climate.toml,{eui},")
    first = bytes.fromhex(eui)[0]
    assert first & 0x02
    assert not first & 0x01
    assert fill_euis(town) == 0


def test_an_eui_is_drawn_again_when_it_is_taken(town):
    town.write_text(town.read_text().replace("70b3d57ed0001234", "72b3d57ed0001234"))
    draws = [bytes.fromhex("72b3d57ed0001234"), bytes.fromhex("0102030405060708")]
    fill_euis(town, lambda _: draws.pop(0))
    assert read_roster(town).station("LP-0002").dev_eui == "0202030405060708"


def read(town):
    """The stations of a roster, none where it is refused with a text."""
    try:
        return read_roster(town)
    except TroubleError as trouble:
        return [] if trouble.text("de") else None


def test_damaged_rosters_are_refused_or_read(town):
    seed = time.time_ns()
    print("seed", seed)
    chance = random.Random(seed)
    sound = town.read_bytes()
    for _ in range(20_000):
        damaged = bytearray(sound)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randint(0, 3)] = chance.choice(
                [b"", b",", b'"', b"\n", b"\xc3", b"\0", b";"]
            )
        town.write_bytes(damaged)
        stations = [entry.station for entry in read(town)]
        assert len(set(stations)) == len(stations)


def test_the_verb(town, capsys):
    assert main(["roster", "check", str(town), "--lang", "en"]) == 0
    assert "3 stations, 2 with a DevEUI, 0 with a key, 0 with a board" in capsys.readouterr().out
    assert main(["roster", "fill", str(town), "--lang", "de"]) == 0
    assert "1 DevEUIs und 3 Schlüssel" in capsys.readouterr().out
    assert main(["roster", "fill", str(town), "--json"]) == 0
    assert '"new_keys": 0' in capsys.readouterr().out
    keys = town.with_suffix(".keys").read_text().split()[1:]
    for word in ("check", "fill"):
        main(["roster", word, str(town)])
        shown = capsys.readouterr()
        assert not any(line.split(",")[1] in shown.out + shown.err for line in keys)
    town.write_text("x")
    assert main(["roster", "check", str(town), "--lang", "de"]) == 1
    assert "Nächster Schritt" in capsys.readouterr().err
