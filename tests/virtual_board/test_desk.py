"""The desk: eight boards on a hub that come and go, and the hands that reach for them."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import serial

from luftpegel_tools.rig.board import rig_board
from luftpegel_tools.rig.virtual_desk import virtual_desk
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in
from luftpegel_tools.wiring import SCHEMATICS


@pytest.fixture(scope="module")
def hub():
    with virtual_desk("--blank", "--hub", "8") as desk:
        yield desk


def esptool(port, *words):
    command = [sys.executable, "-m", "esptool", "--port", str(port), "--before", "no-reset", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_eight_at_once_are_flashed_by_their_places(hub, tmp_path):
    file = tmp_path / "firmware.bin"
    file.write_bytes(stand_in(SILICON["esp32s3"], 4 << 20))
    with ThreadPoolExecutor(4) as workers:
        said = workers.map(
            lambda link: esptool(link, "--after", "watchdog-reset", "write-flash", "0", str(file)),
            hub.links.values(),
        )
        macs = {line for text in said for line in text.splitlines() if line.startswith("MAC")}
    assert len(macs) == 8
    for place, port in hub.ports.items():
        hub.wait_for("running", place=place)
        with rig_board(port) as board:
            board.exec("import machine")
            assert board.eval("machine.unique_id()")[5] == 0xCC + place - 1


def test_a_board_comes_and_goes_and_its_neighbours_stay(hub):
    with serial.Serial(hub.ports[3], timeout=10) as port:
        before = hub.ask("status", place=4)["boots"]
        assert hub.ask("unplug", place=3)["plugged"] is False
        assert not hub.links[3].is_symlink()
        with pytest.raises(serial.SerialException):
            port.read(1 << 16)  # what was said before, and then the end
    status = hub.ask("plug", place=3)
    assert str(hub.links[3].readlink()) == status["port"]
    assert hub.ask("status", place=4)["boots"] == before
    assert hub.ask("plug", place=3)["boots"] == status["boots"]  # it is in already


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"do": "explode"}, "there is no 'explode'"),
        ({"do": "reset", "place": 9}, "there is no place 9"),
        ({"do": "status", "place": []}, "there is no place"),
        ({"do": "boot"}, "missing"),
        ({"do": "reset", "hard": True}, "unexpected"),
        ({"do": "fault", "kind": "worn", "at": 0}, "kind is one of fail"),
        ({"do": "fault", "kind": "fail", "at": 1 << 30}, "below 0x400000"),
    ],
)
def test_nonsense_is_told(hub, request_, says):
    with pytest.raises(RuntimeError, match=f"LP-192.*{says}.*docs/board.md"):
        hub.ask(**request_)
    assert hub.ask("status")["ok"]


@pytest.mark.parametrize("line", [b"{", b"[" * 5000, b"[]", b'{"do": []}', b"\xff\xfe"])
def test_what_is_no_request_is_told(hub, line):
    hub._control.sendall(line + b"\n")
    assert b"LP-192" in hub._answers.readline()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--listen", "telnet://127.0.0.1:0"), "LP-193"),
        (("--listen", "socket://127.0.0.1"), "LP-193"),
        (("--listen", "socket://127.0.0.1:x"), "LP-193"),
        (("--listen", "rfc2217://192.0.2.1:7"), "LP-193"),
        (("--control", "/nowhere/control"), "LP-194"),
        (("--stand-in", "/nowhere/file"), "LP-195"),
    ],
)
def test_what_cannot_be_had_is_told(options, code):
    command = [sys.executable, "-m", "luftpegel_tools.cli", "board", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith(code)
    assert "Next:" in done.stdout
    assert done.returncode == (2 if code == "LP-195" else 3)


@pytest.mark.parametrize("name", sorted(SCHEMATICS))
def test_it_can_be_any_board(name):
    with virtual_desk("--board", name) as desk, rig_board(desk.port) as board:
        board.exec("import sys")
        assert SCHEMATICS[name].title in board.eval("sys.implementation._machine")
        assert desk.ask("status")["chip"] == SCHEMATICS[name].chip
