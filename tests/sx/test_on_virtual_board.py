"""Drivers and chips joined by real MicroPython on a virtual board, both engines, wired as the boards are."""

import shutil
from pathlib import Path

import pytest
from tests.sx.conftest import BAND_HZ, CAP_DBM
from tests.sx.spi_law import Law

from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.sx1276 import SX1276
from luftpegel_tools.virtual_time.clock import VirtualClock

FIRMWARE = Path(__file__).parents[2] / "firmware"
WIRING = {
    "sx1262": (SX1262, {"bus": 1, "cs": 8, "reset": 12, "busy": 13, "dio1": 14}),
    "sx1276": (SX1276, {"bus": 1, "cs": 18, "reset": 23, "dio0": 26, "dio1": 33}),
}
SILENT_SF = 12  # the last window's; nothing comes in it


@pytest.fixture
def image(tmp_path):
    folder = tmp_path / "image"
    junk = shutil.ignore_patterns("__pycache__")
    shutil.copytree(FIRMWARE / "lib" / "lora_radio", folder / "lib" / "lora_radio", ignore=junk)
    shutil.copytree(FIRMWARE / "boards", folder / "boards", ignore=junk)
    shutil.copy(Path(__file__).parent / "board" / "main.py", folder / "main.py")
    return folder


class Gateway:
    """Answers each uplink one second after its end, but the last."""

    def __init__(self, clock, air):
        self.clock, self.air = clock, air
        self.uplinks = []
        air.observers.append(self.heard)

    def heard(self, frame):
        if frame.sender is self:
            return
        self.uplinks.append(frame)
        if len(self.uplinks) <= 3:
            self.clock.call_later(1_000_000, self.answer, frame)

    def answer(self, frame):
        at, payload = frame.tuning, b"down " + frame.payload
        start_us = self.clock.now_us
        end_us = start_us + lora_airtime_us(len(payload), at.sf, at.bandwidth_hz, crc=False)
        self.air.transmit(
            self, at.frequency_hz, at.sf, at.bandwidth_hz, 27, True, False, payload, start_us, end_us
        )


@pytest.mark.parametrize("kind", WIRING)
@pytest.mark.parametrize("engine", ["pip", "mpy32"])
def test_uplinks_and_their_windows(kind, engine, image, tmp_path):
    clock = VirtualClock()
    air = SharedAir(clock, lambda *_: (-101, -3.5))
    gateway = Gateway(clock, air)
    chip_class, pins = WIRING[kind]
    chip = chip_class(air)
    law = Law(chip, CAP_DBM, BAND_HZ)
    with Board(clock, name=kind, engine=engine, state_dir=tmp_path / "board", heap_kib=64) as board:
        chip.solder(board, **pins)
        board.install(image)
        board.power_on()
        assert clock.run(lambda: board.attended)
        board.type_keys(kind.encode() + b"\n")
        assert clock.run(lambda: b"done\r\n" in board.console.text or b"Traceback" in board.console.text)
        text = board.console.text.decode()
    heard = [line.split() for line in text.splitlines() if line.startswith("heard")]
    assert [" ".join(words[1:-4]) for words in heard] == [f"b'down uplink at SF{sf}'" for sf in (7, 9, 12)], (
        text
    )
    assert [(frame.payload, frame.power_dbm) for frame in gateway.uplinks[:4]] == [
        (b"uplink at SF%d" % sf, CAP_DBM) for sf in (7, 9, 12, 7)
    ]
    for words in heard:
        rssi, snr, error_us, late_us = map(int, words[-4:])
        assert (abs(rssi + 101) <= 1, snr) == (True, -35)
        assert abs(error_us) < 2500
        assert -1000 < late_us < 1000
    assert "silence 1" in text
    assert "433175000 Hz is outside the band" in text
    last = gateway.uplinks[-1]
    assert (last.payload, last.power_dbm, last.tuning.bandwidth_hz) == (bytes(222), 10, 250_000)
    assert (chip.refusals, chip.flaws) == ([], [])
    assert (law.broken, law.judged > 10) == ([], True)
