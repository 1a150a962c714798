"""What `luftpegel flash` is made of, without a board: files, images, places, assignment, verdicts."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from littlefs import LittleFS
from tests.technician.flash_town import Town

from luftpegel_tools.technician import on_board
from luftpegel_tools.technician.flashing import ports
from luftpegel_tools.technician.flashing.assignment import Assigner
from luftpegel_tools.technician.flashing.micropython import read_file, read_table
from luftpegel_tools.technician.flashing.one_board import ChipsAtWork
from luftpegel_tools.technician.flashing.station_image import (
    BLOCK,
    NAMESPACE,
    Settings,
    file_system,
    nvs_partition,
)
from luftpegel_tools.technician.keys import Key
from luftpegel_tools.technician.ledger import Ledger
from luftpegel_tools.technician.selftest import failures, run_selftest
from luftpegel_tools.technician.words import TroubleError
from luftpegel_tools.virtual_board.rom.nvs_image import read_nvs
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in

SETTINGS = Settings(bytes(range(8)), bytes(8), Key(range(16)), 4096)


def test_damaged_files_are_refused_and_never_more():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    whole = stand_in(SILICON["esp32s3"], 4 << 20, kib=72)
    assert read_file(Path("x"), whole).chip == "ESP32-S3"
    for _ in range(20_000):
        table = bytearray(whole[0x8000:0x8100])
        for _ in range(dice.randrange(1, 8)):
            table[dice.randrange(len(table))] = dice.randrange(256)
        read_table(bytes(table[: dice.randrange(len(table) + 1)]))
    for _ in range(300):
        data = bytearray(whole[: dice.choice((0, 1, 12, 0x7FFF, 0x8000, 0x8020, len(whole)))])
        for at in (0, 12, 0x8000, 0x8004, 0x8024):
            if at < len(data) and dice.random() < 0.3:
                data[at] = dice.randrange(256)
        with suppress(TroubleError):
            read_file(Path("x"), bytes(data))


@pytest.mark.parametrize("sizes", [(7, 8, 16), (8, 9, 16), (8, 8, 15), (8, 8, 17), (8, 8, 0)])
def test_settings_of_a_wrong_length_are_never_made(sizes):
    with pytest.raises(ValueError, match="bytes, not"):
        Settings(bytes(sizes[0]), bytes(sizes[1]), Key(bytes(sizes[2])), 0)


def test_nvs_is_what_the_firmware_reads():
    found = read_nvs(nvs_partition(SETTINGS, 0x6000))
    assert found == {NAMESPACE: {**SETTINGS.blobs(), "dev_nonce": 4096}}


def test_files_are_there_where_old_ones_lay():
    dice = random.Random(1)
    files = {f"lib/a/{n}.mpy": dice.randbytes(dice.randrange(9000)) for n in range(60)}
    flash = bytearray(dice.randbytes(1 << 20))  # whatever lay there before
    for offset, data in file_system(files, 1 << 20):
        assert offset % BLOCK == 0
        flash[offset : offset + len(data)] = data
    volume = LittleFS(block_size=BLOCK, block_count=256, read_size=32, prog_size=32, mount=False)
    volume.context.buffer = flash
    volume.mount()
    for path, content in files.items():
        with volume.open(path, "rb") as stream:
            assert stream.read() == content


def test_files_that_do_not_fit_are_told():
    with pytest.raises(TroubleError, match="LP-639"):
        file_system({"big": bytes(1 << 20)}, 1 << 19)


def test_places_are_usb_paths(monkeypatch):
    infos = [
        SimpleNamespace(device=f"/dev/ttyUSB{n}", location=place)
        for n, place in enumerate(("3-2.10", "3-2.2:1.0", "3-20.1", "1-1", None))
    ]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: infos)
    assert [port.place for port in ports.find(["hub:3-2"])] == ["3-2.2", "3-2.10"]
    assert [port.place for port in ports.find(["3-20.1"])] == ["3-20.1"]
    assert [port.place for port in ports.find([])] == ["1-1", "3-2.2", "3-2.10", "3-20.1"]
    assert ports.find(["/nowhere"]) == []


def test_fifty_at_once_get_fifty_stations(tmp_path):
    town = Town(tmp_path, 50)
    chips = [f"{n:012x}" for n in range(50)]

    def assign(chip):
        assigner = Assigner(Ledger(town.ledger_file), town.roster)  # as many programs
        return assigner.assign(chip, lambda _: True, "ESP32-S3", fresh=True).entry.station

    with ThreadPoolExecutor(8) as workers:
        stations = list(workers.map(assign, chips))
    assert len(set(stations)) == 50
    assert [assign(chip) for chip in chips] == stations
    with pytest.raises(TroubleError, match="LP-624"):
        assign("f" * 12)


def test_join_numbers_go_on_until_they_are_used_up(tmp_path):
    town = Town(tmp_path, 1)
    ledger = Ledger(town.ledger_file)
    assigner = Assigner(ledger, town.roster)
    for nonce in range(0, 1 << 16, 4096):
        given = assigner.assign("a" * 12, lambda _: True, "ESP32-S3", fresh=True)
        assert given.dev_nonce == nonce
        ledger.write(station="LP-0001", dev_eui=given.entry.dev_eui, chip="a" * 12, step="keys")
    with pytest.raises(TroubleError, match="LP-636"):
        assigner.assign("a" * 12, lambda _: True, "ESP32-S3", fresh=True)


def test_two_boards_of_one_mac():
    chips = ChipsAtWork()
    chips.enter("a", "1.1")
    chips.enter("a", "1.1")
    with pytest.raises(TroubleError, match="LP-634"):
        chips.enter("a", "1.2")
    chips.leave("1.1")
    chips.enter("a", "1.2")


class Scripted:
    """A board that answers each part of the self-test as it is told."""

    def __init__(self, **answers):
        usual = {
            "FIRMWARE": '@["LP-0001"]',
            "SENSORS": "@[2, 0, 2150, 0]\n@[4, 0, 4800, 0]\n@[14, -1, 3920, 0]",
            "RADIO": "@[]",
            "FLASH": "@[1600000, 262144, true]",
        }
        self.answers = {getattr(on_board, name): answer for name, answer in (usual | answers).items()}

    def run(self, program):
        return self.answers.get(program, "@" + json.dumps([["sht4x"], "sx1262"]))


@pytest.mark.parametrize(
    ("answers", "name", "code"),
    [
        ({"SENSORS": "LP-119 sht4x: silent; x\n@[2, 0, null, 9]\n@[4, 0, null, 9]"}, "sht4x", "LP-119"),
        ({"SENSORS": "@[2, 0, 1, 0]\n@[4, 0, 1, 0]\n@[14, -1, 3100, 0]"}, "battery", "LP-117"),
        ({"SENSORS": "@[2, 0, 1, 0]\n@[14, -1, null, 15]"}, "battery", "LP-117"),
        ({"SENSORS": "@[broken"}, "sensors", "LP-118"),
        ({"RADIO": '@["LP-231", "LP-231 no answer"]'}, "sx1262", "LP-231"),
        ({"RADIO": ""}, "radio", "LP-118"),
        ({"FLASH": "@[100000, 262144, true]"}, "flash", "LP-639"),
        ({"FLASH": "@[1600000, 262144, false]"}, "flash", "LP-632"),
        ({"FIRMWARE": ""}, "firmware", "LP-118"),
    ],
)
def test_what_is_not_well_is_told(answers, name, code):
    assert failures(run_selftest(Scripted())) == []
    bad = failures(run_selftest(Scripted(**answers)))
    assert [(verdict.name, verdict.code) for verdict in bad] == [(name, code)]
