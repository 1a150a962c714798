"""The doctor finds what will go wrong, and hands no key to anybody."""

import base64
import grp
import hashlib
import json
import os
import pwd
import random
import socket
import stat
import struct
import threading
import time
import zipfile

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.image.firmware_image import FIRMWARE
from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.technician.doctor import computer, micropython, town, usb
from luftpegel_tools.technician.doctor.secrets_in import MASK, holds_a_key, masked
from luftpegel_tools.technician.doctor.town import look
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file

STATION = 'station = "X"\nboard = "heltec_v3"\n[radio]\ndriver = "wio_e5"\n[[sensors]]\ndriver = "sht4x"\n'
KEY = bytes.fromhex("00112233445566778899aabbccddee0f")


@pytest.fixture
def whole(town):
    """A roster with keys, a board, and sound station files."""
    for name in ("level", "climate", "air"):
        (town.parent / f"{name}.toml").write_text(STATION, encoding="utf-8")
    assert main(["roster", "fill", str(town)]) == 0
    return town


def codes(findings):
    return [(one.state, one.code) for one in findings if one.code]


def examined(capsys, *words):
    code = main(["doctor", "--offline", "--json", "--lang", "en", *map(str, words)])
    return code, json.loads(capsys.readouterr().out)


# --- USB ---


@pytest.fixture
def linux(tmp_path):
    """A computer's files: one board with a driver, one without, nothing else running."""
    devices, proc = tmp_path / "devices", tmp_path / "proc"
    for name, vendor, product, port in (
        ("3-2.1", "10c4", "CP2102 USB to UART", "ttyUSB0"),
        ("3-2.2", "1a86", "USB Serial", None),
        ("3-3", "303a", "USB JTAG/serial debug unit", "tty/ttyACM0"),
        ("1-1", "046d", "Mouse", None),
    ):
        (devices / name / f"{name}:1.0").mkdir(parents=True)
        (devices / name / "idVendor").write_text(vendor + "\n")
        (devices / name / "product").write_text(product + "\n")
        if port:
            (devices / name / f"{name}:1.0" / port).mkdir(parents=True)
    (proc / "1").mkdir(parents=True)
    (proc / "1" / "comm").write_text("systemd\n")
    return usb.Computer(devices, proc, linux=True)


def test_a_board_that_no_driver_serves(linux):
    (found,) = [one for one in usb.look("en", ["/dev/ttyUSB0"], linux, lambda _: True) if one.code]
    assert (found.state, found.code) == ("fail", "LP-667")
    assert found.words == {"detail": "3-2.2 USB Serial", "module": "ch341"}


@pytest.mark.parametrize("program", ["brltty", "ModemManager"])
def test_a_program_that_takes_boards_for_its_own(linux, program):
    (linux.proc / "77").mkdir()
    (linux.proc / "77" / "comm").write_text(program + "\n")
    assert ("warn", "LP-668") in codes(usb.look("de", [], linux))


def test_no_board_at_all(tmp_path):
    empty = usb.Computer(tmp_path, tmp_path, linux=True)
    assert codes(usb.look("en", [], empty)) == [("warn", "LP-665")]
    assert codes(usb.look("en", [], usb.Computer(linux=False))) == [("warn", "LP-665")]


def test_a_port_that_is_not_ours(tmp_path, monkeypatch):
    port = tmp_path / "ttyUSB0"
    port.touch(0o660)
    gid = next(one.gr_gid for one in grp.getgrall() if one.gr_gid)
    monkeypatch.setattr(
        usb.Path, "stat", lambda _: os.stat_result((stat.S_IFCHR | 0o660, 0, 0, 1, 0, gid, 0, 0, 0, 0))
    )
    empty = usb.Computer(tmp_path, tmp_path, linux=True)
    (found,) = usb.look("en", [str(port)], empty, lambda _: False)
    assert (found.state, found.code) == ("fail", "LP-666")
    assert found.words["step"].startswith(f"sudo usermod -aG {grp.getgrgid(gid).gr_name} ")
    waiting = grp.struct_group((grp.getgrgid(gid).gr_name, "x", gid, [pwd.getpwuid(os.geteuid()).pw_name]))
    monkeypatch.setattr(grp, "getgrgid", lambda _: waiting)
    monkeypatch.setattr(os, "getgroups", list)
    (found,) = usb.look("en", [str(port)], empty, lambda _: False)
    assert "log out and in again" in found.words["step"]
    assert "usermod" not in found.words["step"]


def test_a_port_of_root_alone_is_no_matter_of_groups(tmp_path):
    port = tmp_path / "ttyUSB0"
    port.touch(0o600)
    empty = usb.Computer(tmp_path, tmp_path, linux=True)
    for gone in (port, tmp_path / "unplugged"):
        (found,) = usb.look("de", [str(gone)], empty, lambda _: False)
        assert "usermod" not in found.words["step"]


# --- MicroPython's files ---


def image(chip, size=4096):
    return bytes([0xE9, 3]) + bytes(10) + chip.to_bytes(2, "little") + bytes(size)


def manifest(folder, board, content, name="esp.bin", checksum=None):
    (folder / name).write_bytes(content)
    checksum = checksum or hashlib.sha256(content).hexdigest()
    (folder / "micropython.toml").write_text(f'[{board}]\nfile = "{name}"\nsha256 = "{checksum}"\n')


def test_a_sound_file_for_each_board_type(tmp_path):
    for board, chip in micropython.CHIP_OF.items():
        manifest(tmp_path, board, image(chip))
        assert [one.state for one in micropython.look(tmp_path, [board])] == ["ok"]


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda folder: manifest(folder, "heltec_v3", image(0)), "ESP32 ≠ ESP32-S3"),
        (lambda folder: manifest(folder, "heltec_v3", image(9), checksum="0" * 64), "000000000000…"),
        (lambda folder: manifest(folder, "heltec_v3", image(9), checksum="12"), "sha256 ?"),
        (lambda folder: manifest(folder, "heltec_v3", b"<html>404"), ".bin"),
        (lambda folder: manifest(folder, "heltec_v3", b""), ".bin"),
        (lambda folder: manifest(folder, "ttgo_lora32", image(0)), "[heltec_v3] ?"),
        (
            lambda folder: (manifest(folder, "heltec_v3", image(9)), (folder / "esp.bin").unlink()),
            "No such file",
        ),
        (lambda folder: (folder / "micropython.toml").write_text("[heltec_v3"), "micropython.toml"),
        (lambda folder: (folder / "micropython.toml").write_text('heltec_v3 = "x.bin"'), "[heltec_v3] ?"),
        (lambda folder: (folder / "micropython.toml").write_text('[heltec_v3]\nfile = "../x"'), "file ?"),
        (lambda _: None, "No such file"),
    ],
)
def test_a_file_that_will_not_do(tmp_path, damage, word):
    damage(tmp_path)
    (found,) = micropython.look(tmp_path, ["heltec_v3"])
    assert (found.state, found.code) == ("fail", "LP-669")
    assert word in found.words["detail"]


def test_every_board_has_its_chip():
    assert set(micropython.CHIP_OF) == set(firmware_module("station.config").BOARDS)
    for board, chip in micropython.CHIP_OF.items():
        first = (FIRMWARE / "boards" / f"{board}.py").read_text().split("\n# LORA")[0][:300]
        assert ("ESP32-S3" in first) == (chip == 9)


# --- the town's files ---


def test_a_town_in_order(whole):
    assert codes(town.look(whole, "en")) == []
    assert [one.topic for one in town.look(whole, "en")] == ["roster", "stations"]


def test_each_fault_of_a_town_is_told_with_its_own_code(whole):
    (whole.parent / "air.toml").write_text(STATION.replace("wio_e5", "sx1276"))
    (whole.parent / "level.toml").unlink()
    Ledger(ledger_file(whole)).write(station="LP-0099", dev_eui="0" * 16, chip="a" * 12, step="keys")
    assert sorted(codes(town.look(whole, "de"))) == [
        ("fail", "LP-350"),
        ("fail", "LP-661"),
        ("warn", "LP-671"),
    ]
    keys_file(whole).chmod(0o644)
    assert ("fail", "LP-606") in codes(town.look(whole, "de"))


def test_a_roster_without_keys_and_one_with_a_name_twice(town, tmp_path):
    for name in ("level", "climate", "air"):
        (tmp_path / f"{name}.toml").write_text(STATION, encoding="utf-8")
    assert codes(look(town, "en")) == [("warn", "LP-670")]
    town.write_text(town.read_text().replace("LP-0002", "LP-0001"))
    assert codes(look(town, "en")) == [("fail", "LP-603")]
    assert codes(look(tmp_path / "none.csv", "en")) == [("fail", "LP-600")]


# --- the computer ---


def test_a_compiler_that_does_not_run(tmp_path):
    broken = tmp_path / "mpy-cross"
    broken.write_bytes(b"\x7fELF of another machine")
    broken.chmod(0o755)
    assert codes(computer.programs(str(broken))) == [("fail", "LP-674")]
    assert codes(computer.programs(str(tmp_path / "none"))) == [("fail", "LP-674")]
    assert codes(computer.programs()) == []


@pytest.mark.parametrize(("free", "state"), [(10, "fail"), (200, "warn"), (5000, "ok")])
def test_a_disk(tmp_path, free, state):
    assert [one.state for one in computer.disk(tmp_path, lambda _: free * 1_000_000)] == [state]


def test_a_clock_that_cannot_be_right(tmp_path):
    file = tmp_path / "town.csv"
    file.touch()
    assert codes(computer.clock([file], None)) == []
    assert codes(computer.clock([], None, lambda: 1_000_000_000.0)) == [("fail", "LP-672")]
    assert codes(computer.clock([file], None, lambda: time.time() - 90_000)) == [("fail", "LP-672")]
    assert codes(computer.clock([], None, lambda: 1e19)) == [("fail", "LP-672")]


@pytest.fixture
def time_server():
    """Answers each request as `answer` says; (host, what it does)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(60)
        does = {}

        def serve():
            while True:
                asked, sender = line.recvfrom(512)
                if asked == b"end":
                    return
                now = time.time() + 2_208_988_800 + does.get("ahead", 0)
                stamp = struct.pack(">II", int(now), int(now % 1 * 2**32))
                answer = bytes([does.get("first", 0x24), 1]) + bytes(22) + asked[40:48] + stamp + stamp
                line.sendto(does.get("whole", lambda whole: whole)(answer), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{line.getsockname()[1]}", does
        line.sendto(b"end", line.getsockname())
        thread.join(60)


def test_a_clock_beside_a_time_server(time_server):
    host, does = time_server
    assert [one.topic for one in computer.clock([], host)] == ["clock_compared"]
    does["ahead"] = 40
    assert codes(computer.clock([], host)) == [("fail", "LP-672")]
    assert computer.offset_from(host) == pytest.approx(-40, abs=1)


@pytest.mark.parametrize(
    "does",
    [
        {"first": 0xE4},  # its own clock is not set
        {"first": 0x23},  # a client's words
        {"whole": lambda answer: answer[:47]},
        {"whole": lambda answer: answer[:1] + b"\0" + answer[2:]},  # "kiss of death"
        {"whole": lambda answer: answer[:24] + bytes(8) + answer[32:]},  # for somebody else
    ],
)
def test_what_is_no_time_does_not_count(time_server, does):
    host, doing = time_server
    doing.update({"ahead": 4000, **does})
    assert computer.offset_from(host) is None
    assert [one.topic for one in computer.clock([], host)] == ["clock"]


def test_a_server_that_is_not_there_is_no_fault():
    assert codes(computer.clock([], "127.0.0.1:9")) == []
    assert codes(computer.clock([], "no such host:123")) == []


# --- secrets ---

ENCODINGS = {
    "bytes": lambda key: key,
    "hex": lambda key: key.hex().encode(),
    "HEX": lambda key: key.hex().upper().encode(),
    "spaces": lambda key: key.hex(" ").encode(),
    "colons": lambda key: key.hex(":").upper().encode(),
    "dashes in pairs": lambda key: key.hex("-", 2).encode(),
    "C": lambda key: b"{" + b", ".join(b"0x%02X" % byte for byte in key) + b"}",
    "C, few digits": lambda key: b"{" + b",".join(b"0x%x" % byte for byte in key) + b"}",
    "escapes": lambda key: b"".join(b"\\x%02x" % byte for byte in key),
    "decimal": lambda key: b"[" + b", ".join(b"%d" % byte for byte in key) + b"]",
    "base64": base64.b64encode,
    "base64 of more": lambda key: base64.b64encode(b"key:" + key + b"!"),
    "base64 of still more": lambda key: base64.b64encode(b"keys:" + key + b"!!"),
    "base64 for addresses": base64.urlsafe_b64encode,
    "base64 on lines": lambda key: base64.encodebytes(b"x" * 50 + key),
    "UTF-16": lambda key: key.hex().encode("utf-16"),
    "JSON": lambda key: json.dumps(key.hex()).encode(),
    "on two lines": lambda key: key.hex()[:15].encode() + b"\r\n" + key.hex()[15:].encode(),
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_key_is_found_in_every_encoding(name, order):
    for round_ in range(20):
        key = random.Random(round_).randbytes(16)
        content = b'# bridge, dead cafe\nappkey = "' + ENCODINGS[name](key[::order]) + b'"\nnext = 1\n'
        assert holds_a_key(content, [KEY, key])
        assert not holds_a_key(content, [KEY])


def test_what_could_be_a_key_is_masked():
    for name in ("hex", "HEX", "spaces", "colons", "C", "escapes"):
        text = ENCODINGS[name](KEY).decode()
        assert MASK in masked(f'key = "{text}"'), name
        assert "ddee" not in masked(text).lower().replace(" ", "").replace(":", "").replace(", 0x", "")
    assert (
        masked("70b3d57ed0001234 stays, so does 2026-11-26") == "70b3d57ed0001234 stays, so does 2026-11-26"
    )


def packed(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_has_what_helps_and_no_key(whole, tmp_path, capsys):
    Ledger(ledger_file(whole)).write(station="LP-0001", dev_eui="0" * 16, chip="a" * 12, step="keys")
    file = tmp_path / "help.zip"
    examined(capsys, "--roster", whole, "--bundle", file)
    parts = packed(file)
    stations = {f"stations/{name}.toml" for name in ("level", "climate", "air")}
    assert set(parts) == {"report.json", "town.csv", "town.ledger", *stations}
    assert "luftpegel" in json.loads(parts["report.json"])["versions"]
    keys = [bytes(key) for key in Keys(keys_file(whole)).all()]
    assert len(keys) == 3
    assert not any(holds_a_key(content, keys) for content in [*parts.values(), file.read_bytes()])


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_file_with_a_key_is_left_out_and_named(whole, tmp_path, capsys, name):
    key = bytes(Keys(keys_file(whole)).all()[0])
    with (whole.parent / "level.toml").open("ab") as stream:
        stream.write(b"# " + ENCODINGS[name](key) + b"\n")
    _, told = examined(capsys, "--roster", whole, "--bundle", tmp_path / "help.zip")
    assert told["bundle"]["left_out"] == ["stations/level.toml"]
    assert not any(holds_a_key(content, [key]) for content in packed(tmp_path / "help.zip").values())


def test_nothing_of_a_town_goes_where_its_keys_cannot_be_read(whole, tmp_path, capsys):
    keys_file(whole).chmod(0o644)
    code, told = examined(capsys, "--roster", whole, "--bundle", tmp_path / "help.zip")
    assert code == 1
    assert told["bundle"]["left_out"] == ["town.csv"]
    assert set(packed(tmp_path / "help.zip")) == {"report.json"}


def test_a_bundle_that_cannot_be_written(whole, tmp_path, capsys):
    assert main(["doctor", "--offline", "--bundle", str(tmp_path / "none" / "help.zip")]) == 1
    assert "LP-612" in capsys.readouterr().err


# --- the command ---


def test_lines_for_people_have_one_cause_and_one_next_step(whole, capsys, monkeypatch):
    monkeypatch.setattr(usb, "boards", list)
    (whole.parent / "air.toml").write_text(STATION.replace("wio_e5", "sx1276"))
    words = [
        "doctor",
        "--offline",
        "--roster",
        str(whole),
        "--micropython",
        str(whole.parent),
        "--lang",
        "de",
    ]
    assert main(words) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "2 vorher zu beheben."
    states = [line[:6].strip() for line in lines[:-1] if line[1] != " "]
    assert set(states) <= {"ok", "warn", "fail"}
    told = [line for line in lines if line.startswith((" warn", " fail"))]
    assert len(told) == sum("Nächster Schritt" in line for line in lines)


def test_the_answer_for_machines(whole, capsys):
    code, told = examined(capsys, "--roster", whole)
    assert code == (1 if told["failed"] else 0)
    assert {one["state"] for one in told["findings"]} <= {"ok", "warn", "fail"}
    assert told["bundle"] is None
