"""One board from blank to station, again, exchanged and erased; whose key lies on it is read from its NVS."""

import json

import pytest
from tests.technician.flash_town import Town, hub, key_on, keys_anywhere, settings_on

from luftpegel_tools.cli import main
from luftpegel_tools.rig.board import rig_board

CHIP = "246f28000001"


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, 3)


def test_a_blank_board_becomes_a_station_and_stays_it(town):
    with hub(1) as desk:
        code, boards = town.flash(desk)
        assert code == 0
        assert boards["1.1"]["outcome"] == "ok"
        assert boards["1.1"]["station"] == "LP-0001"
        assert [row["ok"] for row in boards["1.1"]["selftest"]] == [True] * 5
        first = town.roster.station("LP-0001")
        assert key_on(desk) == bytes(town.keys.of(first.dev_eui))
        assert settings_on(desk)["dev_eui"]["value"] == first.dev_eui
        steps = [line["step"] for line in town.ledger()]
        assert steps == ["assigned", "flashed", "keys", "selftest"]
        assert {line["chip"] for line in town.ledger()} == {CHIP}
        # Again: its own station, over the prompt; its journal and its join numbers stay.
        with rig_board(desk.ask("status")["port"]) as board:
            board.exec("import os, esp32\nos.mkdir('/journal')")
            board.put("/journal/0", b"x")
            board.exec("n = esp32.NVS('luftpegel')\nn.set_i32('dev_nonce', 77)\nn.commit()")
            board.put("/station/left_over.mpy", b"M")
            board.put("/boards/generic.mpy", b"broken")
        code, boards = town.flash(desk)
        assert (code, boards["1.1"]["station"]) == (0, "LP-0001")
        with rig_board(desk.ask("status")["port"]) as board:
            assert board.get("/journal/0") == b"x"
            assert board.eval("__import__('esp32').NVS('luftpegel').get_i32('dev_nonce')") == 77
            assert "left_over.mpy" not in board.eval("__import__('os').listdir('/station')")
        code, boards = town.flash(desk, "--resume")
        assert (code, boards["1.1"]["skipped"]) == (0, True)
        # Erased: the same station, and join numbers that nobody has used.
        code, boards = town.flash(desk, "--erase")
        assert (code, boards["1.1"]["station"]) == (0, "LP-0001")
        assert key_on(desk) == bytes(town.keys.of(first.dev_eui))
        assert int.from_bytes(bytes.fromhex(settings_on(desk)["dev_nonce"]["value"]), "little") == 4096
        assert town.owners() == {"LP-0001": {CHIP}}


def test_no_key_is_in_ledger_output_or_image_folder(town):
    with hub(1) as desk:
        process = town.start(desk, "--once")
        said, _ = process.communicate(timeout=300)
    told = said + town.ledger_file.read_text()
    for entry in town.roster:
        assert town.keys.of(entry.dev_eui).hex() not in told


def test_another_board_gets_a_station_only_when_asked_for(town):
    with hub(1) as desk:
        assert town.flash(desk, "LP-0001")[0] == 0
    with hub(1, first=0x246F28000009) as desk:
        code, boards = town.flash(desk, "LP-0001")
        assert (code, boards["1.1"]["outcome"]) == (1, "LP-633")
        assert keys_anywhere(desk, 1, town) == set()
        code, boards = town.flash(desk, "--replace", "LP-0001")
        assert (code, boards["1.1"]["station"]) == (0, "LP-0001")
        nonce = int.from_bytes(bytes.fromhex(settings_on(desk)["dev_nonce"]["value"]), "little")
        assert nonce == 4096  # a network refuses numbers that the old board has used
    assert town.ledger()[-4]["replaces"] == CHIP
    with hub(1) as desk:  # the old one is a board like any other now
        code, boards = town.flash(desk)
        assert (code, boards["1.1"]["station"]) == (0, "LP-0002")
        assert key_on(desk) == bytes(town.keys.of(town.roster.station("LP-0002").dev_eui))


def test_a_board_with_micropython_is_not_erased(town):
    with hub(1) as desk:
        assert town.flash(desk)[0] == 0
        with rig_board(desk.ask("status")["port"]) as board:
            board.put("/notes.txt", b"mine")
        town.ledger_file.unlink()  # another town's board, as far as this one knows
        with rig_board(desk.ask("status")["port"]) as board:
            board.exec("import esp32\nn = esp32.NVS('luftpegel')\nn.set_i32('join_nonce', 500)\nn.commit()")
        code, boards = town.flash(desk, "LP-0003")
        assert (code, boards["1.1"]["station"]) == (0, "LP-0003")
        assert key_on(desk) == bytes(town.keys.of(town.roster.station("LP-0003").dev_eui))
        assert "join_nonce" not in settings_on(desk)  # it would refuse its new network's accepts
        with rig_board(desk.ask("status")["port"]) as board:
            assert board.get("/notes.txt") == b"mine"


def test_the_wrong_chip_gets_nothing(tmp_path):
    town = Town(tmp_path, 2, "ttgo_lora32")
    with hub(1) as desk:
        code, boards = town.flash(desk)
        assert (code, boards["1.1"]["outcome"]) == (1, "LP-623")
        assert keys_anywhere(desk, 1, town) == set()
    assert town.ledger() == []


@pytest.mark.parametrize(
    ("break_it", "code", "exit_code"),
    [
        (lambda town: (town.folder / "micropython.toml").unlink(), "LP-625", 3),
        (lambda town: (town.folder / "micropython.toml").write_text("[x"), "LP-625", 3),
        (lambda town: (town.folder / "micropython.toml").write_text("[heltec_v3]\nfile='../x'"), "LP-625", 3),
        (lambda town: (town.folder / "micropython.toml").write_text(""), "LP-626", 3),
        (lambda town: (town.folder / "esp32s3.bin").unlink(), "LP-626", 3),
        (lambda town: (town.folder / "esp32s3.bin").write_bytes(b"x"), "LP-627", 3),
        (lambda town: (town.folder / "town.keys").unlink(), "LP-639", 1),
        (lambda town: (town.folder / "heltec_v3.toml").unlink(), "LP-350", 1),
    ],
)
def test_what_is_missing_is_told_before_a_board_is_touched(town, capsys, break_it, code, exit_code):
    break_it(town)
    words = "flash", "--roster", str(town.file), "--micropython", str(town.folder), "--once"
    for language, next_step in (("en", "Next"), ("de", "Nächster Schritt")):
        assert main([*words, "--lang", language]) == exit_code
        said = capsys.readouterr().err
        assert code in said
        assert next_step in said


def test_no_board_and_no_such_station(town, capsys):
    words = "flash", "--roster", str(town.file), "--micropython", str(town.folder), "--once"
    assert main([*words, "--ports", "3-2.7", "--lang", "en"]) == 3
    assert "LP-620" in capsys.readouterr().err
    assert main([*words, "LP-9999"]) == 2
    assert json.dumps(town.ledger()) == "[]"
