"""One confirmed uplink through each of the rig's radios: joins if there is no session, and hears the answer.

The identity is the one the board was provisioned with; a rig needs a gateway in reach of its network.
"""

import pytest

from luftpegel_tools.rig.board import RigBoard

SET_UP = """
from esp32 import NVS
from machine import RTC, unique_id
from boards import heltec_v3 as rig
from lora_radio import open_driver
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
memory = Memory(RTC())
radio = open_radio(rig, cls, Numbers(NVS("luftpegel"), memory), memory, False)
dev_eui, join_eui = provisioned("dev_eui", 8), provisioned("join_eui", 8)
if not hasattr(cls, "BAUD"):  # a chip has no name of its own
    dev_eui, join_eui = dev_eui or bytes(2) + unique_id(), join_eui or bytes(8)
radio.configure("EU868", dev_eui, join_eui, provisioned("app_key", 16) or bytes(16), 5, False)
"""


@pytest.fixture
def set_up(driver: str) -> str:
    return SET_UP.format(driver=driver)


@pytest.fixture
def radio(board: RigBoard, set_up: str) -> RigBoard:
    board.exec(set_up)
    return board


def test_one_confirmed_uplink(radio: RigBoard) -> None:
    joined = radio.eval("radio.joined() or radio.join()")
    assert joined, "the network does not answer: provision the board, and see that a gateway is in reach"
    assert 51 <= radio.eval("radio.max_payload()") <= 242
    radio.exec("downlinks = radio.send(1, b'luftpegel', True)")
    assert radio.eval("radio.acknowledged") is True
    assert radio.eval("radio.joined()") is True


def test_the_session_outlives_the_radios_sleep(radio: RigBoard, set_up: str) -> None:
    radio.exec("radio.joined() or radio.join()")
    radio.exec("radio.send(1, b'luftpegel')")
    radio.exec("radio.sleep()")
    radio.soft_reset()
    radio.exec(set_up)
    assert radio.eval("radio.joined()") is True
