"""What is in flash decides what a blank board does: boot loops, MicroPython, its settings and its files."""

import csv
import random
import struct
import subprocess
import sys

import pytest
from littlefs import LittleFS

from luftpegel_tools.virtual_board.flash import BLOCK, Flash
from luftpegel_tools.virtual_board.nvs import Nvs
from luftpegel_tools.virtual_board.rom.image import build_image, description
from luftpegel_tools.virtual_board.rom.loader import Loader
from luftpegel_tools.virtual_board.rom.nvs_image import build_nvs, read_nvs
from luftpegel_tools.virtual_board.rom.partitions import build_table, micropython_table
from luftpegel_tools.virtual_board.rom.registers import RegisterFile
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.slip import SlipReader, frame
from luftpegel_tools.virtual_board.rom.stand_in import stand_in

S3 = SILICON["esp32s3"]
SIZE = 4 << 20
SETTINGS = {
    "luftpegel": {"dev_eui": bytes(range(8)), "app_key": bytes(range(16)), "count": -7},
    "other": {"n": 3},
}


def write(board, address, data):
    """As a flasher would, before power is on."""
    for at in range(0, len(data), BLOCK):
        board.flash.erase_at(address + at)
        board.flash.program_at(address + at, data[at : at + BLOCK])


@pytest.fixture
def blank(pip_bench, tmp_path):
    """A blank board, off."""
    image = tmp_path / "none"
    image.mkdir()
    board = pip_bench.board("pass", power=False, blank=True)
    write(board, 0x200000, b"\xff" * 0x2000)  # the superblocks of the bench's image
    return board


def nvs_by_espressif(content, folder, size=0x6000) -> bytes:
    """The partition as Espressif's own generator makes it."""
    table, out = folder / "nvs.csv", folder / "nvs.bin"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("key", "type", "encoding", "value"))
        for name, values in content.items():
            rows.writerow((name, "namespace", "", ""))
            for key, value in values.items():
                if isinstance(value, int):
                    rows.writerow((key, "data", "i32", value))
                else:
                    rows.writerow((key, "data", "hex2bin", value.hex()))
    command = [sys.executable, "-m", "esp_idf_nvs_partition_gen", "generate", str(table), str(out), hex(size)]
    subprocess.run(command, check=True, capture_output=True)
    return out.read_bytes()


def first_words(bench, board, seconds=3) -> str:
    board.power_on()
    bench.clock.run_until(bench.clock.now_us + seconds * 1_000_000)
    return bench.text()


def test_nothing_in_flash_is_a_boot_loop(pip_bench, blank):
    said = first_words(pip_bench, blank)
    assert said.count("invalid header: 0xffffffff\n") >= 16
    assert "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)" in said
    assert "rst:0x7 (TG0WDT_SYS_RST)" in said
    assert blank.state == "loop"
    assert blank.boots > 1


def foreign(chip_id, project="blink"):
    head = description(project, "1", "v5.5")
    boot = build_image(chip_id, S3.data_address, [(S3.data_address, bytes(64))])
    app = build_image(chip_id, S3.text_address, [(S3.text_address, head + bytes(64))])
    return boot, build_table(micropython_table(SIZE)), app


def broken(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


BOOT, TABLE, APP = foreign(9)
CASES = {
    "text": ((b"no image", TABLE, APP), "invalid header: 0x69206f6e"),
    "chip": (foreign(0), "Invalid chip id. Expected 9 read 0. Bootloader for wrong chip?"),
    "bootloader's digest": ((broken(BOOT, len(BOOT) - 1), TABLE, APP), "Image hash failed"),
    "no table": ((BOOT, b"\xff", APP), "partition 0 invalid magic number 0xffff"),
    "table's sum": ((BOOT, broken(TABLE, 0x24), APP), "partition table MD5 mismatch"),
    "no program": ((BOOT, TABLE, b"\xff"), "has invalid magic byte (nothing flashed here?)"),
    "program's sum": ((BOOT, TABLE, broken(APP, 0x130)), "Checksum failed. Calculated"),
    "program cut off": ((BOOT, TABLE, APP[:0x80]), "Checksum failed"),
    "program's chip": ((BOOT, TABLE, foreign(5)[2]), "mismatch chip ID, expected 9, found 5"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_boot(pip_bench, blank, case):
    (boot, table, app), words = CASES[case]
    for address, data in ((0, boot), (0x8000, table), (0x10000, app)):
        write(blank, address, data)
    assert words in first_words(pip_bench, blank)
    assert blank.state == "loop"


def test_another_program_is_not_micropython(pip_bench, blank):
    for address, data in ((0, BOOT), (0x8000, TABLE), (0x10000, APP)):
        write(blank, address, data)
    assert "Project name:     blink" in first_words(pip_bench, blank)
    assert blank.state == "foreign"
    assert ">>>" not in pip_bench.text()


def test_the_stand_in_with_settings_and_files_by_other_hands(pip_bench, blank, tmp_path):
    files = LittleFS(block_size=BLOCK, block_count=0x200000 // BLOCK, read_size=32, prog_size=32)
    with files.open("main.py", "w") as main:
        main.write(
            "import esp32, os\nnvs, key = esp32.NVS('luftpegel'), bytearray(16)\n"
            "print(nvs.get_blob('app_key', key), bytes(key).hex(), nvs.get_i32('count'))\n"
            "print(os.listdir('/'))\n"
        )
    write(blank, 0, stand_in(S3, SIZE))
    write(blank, 0x9000, nvs_by_espressif(SETTINGS, tmp_path))
    write(blank, 0x200000, bytes(files.context.buffer))
    blank.power_on()
    pip_bench.run(lambda: "['main.py']" in pip_bench.text())
    assert f"16 {bytes(range(16)).hex()} -7\n" in pip_bench.text()


def test_an_erased_nvs_has_no_keys_and_the_boards_own_are_found_in_flash(pip_bench):
    board = pip_bench.board("pass", power=False)
    board.nvs.provision("luftpegel", app_key=bytes(16), count=3)
    board.rom.boot_pin_low = True
    board.power_on()
    pip_bench.run(lambda: board.state == "download")
    assert read_nvs(board.flash.read_at(0x9000, 0x6000)) == {"luftpegel": {"app_key": bytes(16), "count": 3}}
    board.rom.boot_pin_low = False
    board.press_reset()
    pip_bench.run(lambda: board.attended and board.state == "running")
    assert board.nvs.i32("luftpegel", "count") == 3
    board.rom.boot_pin_low = True
    board.press_reset()
    pip_bench.run(lambda: board.state == "download")
    write(board, 0x9000, b"\xff" * 0x6000)
    board.rom.boot_pin_low = False
    board.press_reset()
    pip_bench.run(lambda: board.attended and board.state == "running")
    assert board.nvs.content() == {}


@pytest.mark.parametrize("content", [{}, SETTINGS, {"big": {"blob": bytes(range(256)) * 30, "i": 1}}])
def test_nvs_partitions_are_espressifs(content, tmp_path):
    theirs = nvs_by_espressif(content, tmp_path)
    assert read_nvs(theirs) == content
    assert read_nvs(build_nvs(content, 0x6000)) == content
    if content is SETTINGS:
        assert build_nvs(content, 0x6000) == theirs


def test_damaged_nvs_and_slip_never_raise(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    whole = nvs_by_espressif(SETTINGS, tmp_path)[:0x2000]
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 6)):
            data[dice.randrange(0x200)] = dice.randrange(256)
        found = read_nvs(bytes(data))
        for name, values in found.items():
            assert values.items() <= SETTINGS.get(name, values).items()
    reader = SlipReader()
    for _ in range(20_000):
        reader.feed(dice.randbytes(dice.randrange(40)))
    reader.feed(b"\xc0\xc0")
    assert reader.feed(frame(b"\xc0\xdb!")) == [b"\xc0\xdb!"]


def test_settings_replaced_are_durable(tmp_path):
    nvs = Nvs(tmp_path / "nvs.json")
    nvs.provision("old", n=1)
    nvs.replace(SETTINGS)
    assert Nvs(tmp_path / "nvs.json").content() == SETTINGS


class Silence:
    """A chip around a loader that does nothing but listen."""

    def __init__(self):
        self.sent = b""

    def send(self, data):
        self.sent += data

    def boot_flash(self):
        pass

    def restart_loader(self):
        pass


def packet(number, data=b"", checksum=0):
    return frame(struct.pack("<BBHI", 0, number, len(data), checksum) + data)


SYNC = packet(0x08, b"\x07\x07\x12\x20" + b"\x55" * 32)
SOUND = [
    SYNC,
    packet(0x0A, bytes(4)),
    packet(0x09, bytes(16)),
    packet(0x14),
    packet(0x0D, bytes(8)),
    packet(0x0B, bytes(24)),
    packet(0x02, struct.pack("<5I", 4096, 4, 1024, 0, 0)),
    packet(0x03, struct.pack("<4I", 4, 0, 0, 0) + b"abcd", 0xEF ^ 4),
    packet(0x10, struct.pack("<5I", 4096, 1, 1024, 0, 0)),
    packet(0x11, struct.pack("<4I", 3, 0, 0, 0) + b"x\x9c\x03", 0x88),
    packet(0x05, bytes(16)),
    packet(0x07, bytes(16)),
    packet(0x06, struct.pack("<2I", 1, 0)),
    packet(0x13, bytes(16)),
    packet(0x0E, bytes(8)),
    packet(0x0F, struct.pack("<2I", 460800, 0)),
    packet(0xD1, struct.pack("<2I", 0, 4096)),
    packet(0xD2, struct.pack("<4I", 0, 8192, 4096, 64)),
    frame(bytes(4)),
]


@pytest.mark.parametrize("stub", [False, True])
def test_a_loader_takes_anything(tmp_path, stub):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    flash, host = Flash(tmp_path / "flash", 64), Silence()
    loader = Loader(S3, RegisterFile(S3, bytes(6), flash.size, lambda: None), flash, host)
    loader.stub = stub
    for _ in range(10_000):
        data = bytearray(dice.choice(SOUND))
        for _ in range(dice.randrange(3)):
            data[dice.randrange(len(data))] = dice.choice((0, 0xC0, 0xDB, 0xFF, dice.randrange(256)))
        loader.feed(bytes(data[: dice.choice((len(data), len(data), dice.randrange(len(data) + 1)))]))
        host.sent = host.sent[-100:]
    host.sent = b""
    loader.feed(b"\xc0\xc0" + SYNC)
    assert host.sent.count(b"\xc0\x01\x08") == 8
    flash.close()
