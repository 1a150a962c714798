"""The receive windows of both chips in real MicroPython, on virtual boards wired as the real ones are."""

import shutil
from pathlib import Path

import pytest
from tests.sx.conftest import BAND_HZ, CAP_DBM
from tests.sx.spi_law import Law
from tests.sx.test_on_virtual_board import WIRING

from lora_radio.lorawan_radio import JOIN_MARGIN_US, LIGHT_MARGIN_US, MARGIN_US
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.desk.troubled_board import IDENTITY
from luftpegel_tools.image import firmware_image
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock

MARGINS_US = {"awake": MARGIN_US, "light": LIGHT_MARGIN_US}
BEYOND_US = 5_000
HEAP_KIB = 112
SMOOTHING = 4


class Network:
    def join(self, request):
        return JoinAccept(0)

    def uplink(self, uplink):
        return Downlink(9, b"down", acknowledges=False)


class Desk:
    """A board with its radio; `lines` gives what it says to a line."""

    def __init__(self, kind, engine, folder):
        self.clock = VirtualClock()
        self.air = SharedAir(self.clock)
        self.gateway = LoneGateway(self.clock, self.air, Network(), IDENTITY)
        chip_class, pins = WIRING[kind]
        self.chip = chip_class(self.air)
        self.law = Law(self.chip, CAP_DBM, BAND_HZ)
        self.board = Board(
            self.clock, name=kind, engine=engine, state_dir=folder / "board", heap_kib=HEAP_KIB
        )
        self.chip.solder(self.board, **pins)
        firmware_image.build(folder / "image")
        shutil.copy(Path(__file__).parent / "board" / "lorawan.py", folder / "image" / "main.py")
        self.board.install(folder / "image")
        self.board.power_on()
        assert self.clock.run(lambda: self.board.attended)

    def lines(self, words, end):
        begun = len(self.board.console.text)

        def said():
            return bytes(self.board.console.text[begun:])

        self.board.type_keys(words.encode() + b"\n")
        assert self.clock.run(lambda: end in said() or b"Traceback" in said())
        text = said().decode()
        assert "Traceback" not in text, text
        return text

    def heard(self, window, late_us):
        """(whether the answer was received, the error that was learnt of it)"""
        self.gateway.answers_in, self.gateway.late_us = window, late_us
        text = self.lines("send", b"quiet\r\n")
        (line,) = [line for line in text.splitlines() if line.startswith("heard")]
        assert line.startswith(("heard [(9, b'down')]", "heard []")), text
        return "down" in line, int(line.split()[-1])


@pytest.mark.parametrize("engine", ["pip", "mpy32"])
@pytest.mark.parametrize("state", MARGINS_US)
@pytest.mark.parametrize("kind", WIRING)
def test_windows_bear_their_margin_and_no_more(kind, state, engine, tmp_path):
    desk = Desk(kind, engine, tmp_path)
    margin_us = MARGINS_US[state]
    with desk.board:
        desk.gateway.late_us = JOIN_MARGIN_US
        assert "joined True" in desk.lines(f"{kind} {state}", b"joined True\r\n")
        for window in (0, 1):
            for late_us in (-margin_us, 0, margin_us):
                heard, learnt_us = desk.heard(window, late_us)
                assert heard, (window, late_us)
                assert learnt_us * SMOOTHING == pytest.approx(late_us, abs=6_000)
        assert [desk.heard(0, sign * (margin_us + BEYOND_US)) for sign in (-1, 1)] == [(False, 0)] * 2
        assert "done" in desk.lines("", b"done\r\n")
    assert (desk.chip.refusals, desk.chip.flaws, desk.law.broken) == ([], [], [])
    assert desk.law.judged > 10
