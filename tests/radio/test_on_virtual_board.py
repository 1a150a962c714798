"""Each driver in real MicroPython on a virtual board, over two wakes with a deep sleep between them."""

import shutil

import pytest
from tests.radio.conftest import DEV_EUI, FIRMWARE_LIB, KINDS, Network

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock

MAIN = """
import machine
from lora_radio import RadioError, open_driver
cls = open_driver("{name}")
radio = cls(machine.UART(2, baudrate=cls.BAUD, tx=machine.Pin(45), rx=machine.Pin(46), rxbuf=cls.RXBUF))
radio.configure("EU868", bytes.fromhex("2CF7F12024900138"), bytes(8), bytes(range(16)), 5, False)
print("joined", radio.joined() or radio.join(), radio.max_payload())
try:
    for received in radio.send(1, bytes(range(200)), True):
        print("got", received.port, received.payload.hex(), received.rssi, received.snr, radio.acknowledged)
    radio.send(2, bytes(243))
except RadioError as error:
    print(error)
radio.sleep()
print("slept")
machine.deepsleep(60000)
"""


@pytest.fixture(params=KINDS)
def name(request):
    return request.param


@pytest.fixture
def image(name, tmp_path):
    folder = tmp_path / "image"
    shutil.copytree(
        FIRMWARE_LIB / "lora_radio",
        folder / "lib" / "lora_radio",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "main.py").write_text(MAIN.replace("{name}", name))
    return folder


@pytest.mark.parametrize("engine", ["pip", "mpy32"])
def test_two_wakes_with_one_join(engine, name, image, tmp_path):
    clock = VirtualClock()
    network = Network()
    modem = KINDS[name].chip(network, DEV_EUI)
    with Board(clock, name="radio", engine=engine, state_dir=tmp_path / "board", heap_kib=64) as board:
        board.attach_uart(2, modem)
        board.install(image)
        board.power_on()
        for turn in (1, 2):
            network.downlinks = [Downlink(11, bytes(range(100)), acknowledges=True, rssi=-101, snr=-3)]
            assert clock.run(lambda turn=turn: board.console.text.count(b"slept") == turn)
        text = board.console.text.decode()
    assert text.count("joined True 242") == 2
    assert text.count(f"got 11 {bytes(range(100)).hex()} -101 -30 True") == 2
    assert text.count("LP-236") == 2
    assert len(network.joins) == 1
    assert [(uplink.f_cnt, len(uplink.data)) for uplink in network.uplinks] == [(0, 200), (1, 200)]
