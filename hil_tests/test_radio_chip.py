"""The radio answers, sleeps when it is told to, and says so when it is not there."""

import pytest

from luftpegel_tools.rig.roles import Rig

OPEN = """
from esp32 import NVS
from machine import RTC, unique_id
from lora_radio import RadioError, open_driver
from station.config import BOARDS
from station.flash import Numbers
from station.memory import Memory
from station.radio_port import open_radio

def provisioned(name, size):
    found = bytearray(size)
    try:
        NVS("luftpegel").get_blob(name, found)
    except OSError:
        return None
    return bytes(found)

cls = open_driver({driver!r})
board = __import__(BOARDS[{board!r}], None, None, ("RAIL",))
memory = Memory(RTC())
radio = open_radio(board, cls, Numbers(NVS("luftpegel"), memory), memory, False)
dev_eui, join_eui = provisioned("dev_eui", 8), provisioned("join_eui", 8)
if not hasattr(cls, "BAUD"):  # a chip has no name of its own
    dev_eui, join_eui = dev_eui or bytes(2) + unique_id(), join_eui or bytes(8)

def begin():
    try:
        radio.configure("EU868", dev_eui, join_eui, provisioned("app_key", 16) or bytes(16), 5, False)
        radio.sleep()
    except RadioError as error:
        return error.code
"""

pytestmark = pytest.mark.look_at("the radio's supply and wiring; a modem's baud rate")


def test_it_answers_and_sleeps(board: Rig, driver: str) -> None:
    board.exec(OPEN.format(driver=driver, board=board.plan.type))
    assert board.eval("begin()", timeout_s=60) is None
    board.exec("radio.sleep()")
    if board.is_virtual:
        assert board.chips.state()["radio_asleep"].get(driver, True)


def test_an_absent_one_is_told(board: Rig, chips, driver: str) -> None:
    board.exec(OPEN.format(driver=driver, board=board.plan.type))
    with chips.absent(driver):
        assert board.eval("begin()", timeout_s=120) == "LP-231"


def test_it_comes_back(board: Rig, chips, driver: str) -> None:
    with chips.absent(driver):
        board.exec(OPEN.format(driver=driver, board=board.plan.type))
        board.eval("begin()", timeout_s=120)
    assert board.eval("begin()", timeout_s=60) is None
