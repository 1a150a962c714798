"""Real esptool flashes a blank virtual board, which then boots what was flashed."""

import subprocess
import sys
from pathlib import Path

import esptool
import pytest
from mpremote.transport import TransportExecError

from luftpegel_tools.rig.board import rig_board
from luftpegel_tools.rig.virtual_desk import virtual_desk
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in

CHIPS = tuple(SILICON)
MAC = "24:6f:28:aa:bb:cc"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The stand-in for each chip."""
    folder = tmp_path_factory.mktemp("firmware")
    for chip in SILICON.values():
        (folder / chip.name).write_bytes(stand_in(chip, 4 << 20))
    return folder


def run_esptool(port: str, *words: str, before="no-reset", after="no-reset", fails=False) -> str:
    command = [sys.executable, "-m", "esptool", "--port", port, "--before", before, "--after", after, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return " ".join((done.stdout + done.stderr).split())


def address(chip: str) -> str:
    return hex(SILICON[chip].boot_offset)


def answers(port: str) -> bool:
    with rig_board(port) as board:
        return board.eval("6 * 7") == 42


@pytest.mark.parametrize("stub", [(), ("--no-stub",)], ids=["stub", "rom"])
@pytest.mark.parametrize("chip", CHIPS)
def test_it_is_flashed_read_back_and_boots(chip, stub, files, tmp_path):
    whole, back = files / chip, tmp_path / "back.bin"
    with virtual_desk("--blank", "--chip", chip) as desk:
        assert MAC in run_esptool(desk.port, *stub, "read-mac")
        assert SILICON[chip].title in run_esptool(desk.port, *stub, "chip-id")
        assert "flash size: 4MB" in run_esptool(desk.port, *stub, "flash-id")
        for way in ("--compress", "--no-compress"):
            said = run_esptool(desk.port, *stub, "write-flash", way, address(chip), str(whole))
            assert "Hash of data verified" in said
            if not stub:
                assert "successful" in run_esptool(desk.port, "verify-flash", address(chip), str(whole))
                assert "erased successfully" in run_esptool(desk.port, "erase-flash")
        if not stub:
            run_esptool(desk.port, "write-flash", address(chip), str(whole))
        run_esptool(desk.port, *stub, "read-flash", "0x8000", "0xc00", str(back))
        start = 0x8000 - SILICON[chip].boot_offset
        assert back.read_bytes() == whole.read_bytes()[start : start + 0xC00]
        run_esptool(desk.port, "--no-stub", "run")
        desk.wait_for("running")
        assert answers(desk.port)


def test_dtr_and_rts_do_the_resets(files):
    """As on a board with a USB bridge: nobody presses a button."""
    with virtual_desk("--blank", "--listen", "rfc2217://127.0.0.1:0") as desk:
        desk.ask("reset")
        desk.wait_for("loop")
        said = run_esptool(
            desk.listen[0],
            "write-flash",
            "0",
            str(files / "esp32s3"),
            before="default-reset",
            after="hard-reset",
        )
        assert "Hard resetting via RTS" in said
        desk.wait_for("running")
        command = [sys.executable, "-m", "mpremote", "connect", desk.listen[0], "eval", "6*7"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "42\n"


def test_over_a_bare_socket_and_from_micropython_and_back(files):
    with virtual_desk("--listen", "socket://127.0.0.1:0") as desk:
        with rig_board(desk.port) as board:
            board.put("/kept.txt", b"kept")
            board.leave("import machine; machine.bootloader()")
        desk.wait_for("download")
        assert "Hash of data" in run_esptool(
            desk.listen[0], "write-flash", "0", str(files / "esp32s3"), after="watchdog-reset"
        )
        desk.wait_for("running")
        with rig_board(desk.port) as board:
            assert board.get("/kept.txt") == b"kept"  # flashing leaves the files alone


def test_the_esp32_has_no_way_in_from_software():
    with (
        virtual_desk("--chip", "esp32") as desk,
        rig_board(desk.port) as board,
        pytest.raises(TransportExecError, match="AttributeError"),
    ):
        board.exec("import machine; machine.bootloader()")


def test_its_python_interface(files):
    with virtual_desk("--blank") as desk:
        chip = esptool.detect_chip(desk.port, connect_mode="no-reset")
        with esptool.run_stub(chip) as stub:
            esptool.attach_flash(stub)
            esptool.write_flash(stub, [(0, str(files / "esp32s3"))])
            stub.change_baud(921600)
            esptool.verify_flash(stub, [(0, str(files / "esp32s3"))])
        status = desk.ask("status")
        assert status["baud"] == 921600
        assert 5 < status["wire_s"] < 20  # 80 KB at 115200 baud
        assert status["flash_s"] > 2


def test_the_wrong_chip_is_told(files):
    with virtual_desk("--blank", "--chip", "esp32c3") as desk:
        said = run_esptool(desk.port, "--chip", "esp32s3", "flash-id", fails=True)
        assert "This chip is ESP32-C3, not ESP32-S3" in said
        said = run_esptool(desk.port, "write-flash", "0", str(files / "esp32s3"), fails=True)
        assert "is not an ESP32-C3 image" in said


@pytest.mark.parametrize(
    ("kind", "says"),
    [("fail", "Failed to"), ("stuck", "MD5 of file does not match")],
)
def test_flash_that_is_broken(files, kind, says):
    with virtual_desk("--blank") as desk:
        desk.ask("fault", kind=kind, at=0x12345)
        assert says in run_esptool(desk.port, "write-flash", "0", str(files / "esp32s3"), fails=True)
        desk.ask("mend")
        desk.ask("boot", low=True)
        desk.ask("reset")
        desk.wait_for("download")
        run_esptool(desk.port, "write-flash", "0", str(files / "esp32s3"))


@pytest.mark.parametrize("kind", ["cut", "unplug"])
def test_power_that_goes_in_the_middle(files, tmp_path, kind):
    whole = (files / "esp32s3").read_bytes()
    with virtual_desk("--blank") as desk:
        desk.ask("fault", kind=kind, at=0x12345)
        run_esptool(desk.port, "write-flash", "--no-compress", "0", str(files / "esp32s3"), fails=True)
        status = desk.ask("status")
        assert (status["state"], status["plugged"]) == ("off", kind == "cut")
        assert desk.links[1].is_symlink() == (kind == "cut")
        assert Path(desk.port).exists() == (kind == "cut")
        if kind == "unplug":
            desk.ask("plug")
        else:
            desk.ask("power", on=True)
        desk.wait_for("loop")  # no program is whole
        desk.ask("boot", low=True)
        status = desk.ask("reset")
        desk.wait_for("download")
        run_esptool(status["port"], "read-flash", "0", "0x20000", str(tmp_path / "back"))
        back = (tmp_path / "back").read_bytes()
        assert back[:0x12345] == whole[:0x12345]
        assert set(back[0x13000:]) == {0xFF}


def test_a_noisy_line_is_noticed_and_a_slow_one_borne(files):
    with virtual_desk("--blank") as desk:
        desk.ask("line", noise=0.01, seed=1)
        words = "--connect-attempts", "2", "write-flash", "0", str(files / "esp32s3")
        run_esptool(desk.port, *words, fails=True)
        desk.ask("line", bytes_per_s=46_080)
        desk.ask("boot", low=True)
        desk.ask("reset")
        desk.wait_for("download")
        assert "Hash of data" in run_esptool(desk.port, "write-flash", "0", str(files / "esp32s3"))
