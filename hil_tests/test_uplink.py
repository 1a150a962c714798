"""One confirmed uplink through the rig's Wio-E5: joins if there is no session, and hears the answer.

The identity is the one the board was provisioned with; a rig needs a gateway in reach of its network.
"""

import pytest

from luftpegel_tools.hil import BenchBoard

SET_UP = """
from esp32 import NVS
from machine import UART, Pin
from boards import heltec_v3 as rig
from lora_radio import open_driver

def provisioned(name, size):
    found = bytearray(size)
    try:
        NVS("luftpegel").get_blob(name, found)
    except OSError:
        return None
    return bytes(found)

cls = open_driver("wio_e5")
where = rig.MODEM
uart = UART(where["id"], baudrate=cls.BAUD, tx=Pin(where["tx"]), rx=Pin(where["rx"]), rxbuf=cls.RXBUF)
radio = cls(uart, Pin(where["reset"], Pin.OUT, value=1))
key = provisioned("app_key", 16) or bytes(16)
radio.configure("EU868", provisioned("dev_eui", 8), provisioned("join_eui", 8), key, 5, False)
"""


@pytest.fixture
def radio(board: BenchBoard) -> BenchBoard:
    board.exec(SET_UP)
    return board


def test_one_confirmed_uplink(radio: BenchBoard) -> None:
    joined = radio.eval("radio.joined() or radio.join()")
    assert joined, "the network does not answer: provision the board, and see that a gateway is in reach"
    assert 51 <= radio.eval("radio.max_payload()") <= 242
    radio.exec("downlinks = radio.send(1, b'luftpegel', True)")
    assert radio.eval("radio.acknowledged") is True
    assert radio.eval("radio.joined()") is True


def test_the_session_outlives_the_modems_sleep(radio: BenchBoard) -> None:
    radio.exec("radio.joined() or radio.join()")
    radio.exec("radio.send(1, b'luftpegel')")
    radio.exec("radio.sleep()")
    radio.soft_reset()
    radio.exec(SET_UP)
    assert radio.eval("radio.joined()") is True
