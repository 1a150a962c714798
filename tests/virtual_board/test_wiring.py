"""Every driver of the firmware has a double, and each gets where the station file says."""

import runpy

import pytest

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.image.firmware_image import FIRMWARE
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS, MAKERS, MODEMS, SCHEMATICS, solder

HELTEC = SCHEMATICS["heltec_v3"]
EUI = bytes(8)


def truth(_quantity, _now_us):
    return 20.0


@pytest.fixture
def soldered(tmp_path):
    """What is soldered for these sensors; -> (board, chips)."""
    boards = []

    def run(*sensors, radio=None):
        board = Board(VirtualClock(), name="wired", state_dir=tmp_path / str(len(boards)))
        boards.append(board)
        settings = {"board": "heltec_v3", "sensors": sensors}
        return board, solder(board, settings, truth, radio or MODEMS["wio_e5"](None, EUI))

    yield run
    for board in boards:
        board.close()


def test_each_driver_has_a_double():
    drivers = runpy.run_path(str(FIRMWARE / "lib" / "sensors" / "__init__.py"))["DRIVERS"]
    assert drivers.keys() == MAKERS.keys()


def test_chips_come_in_the_order_of_the_file(soldered):
    _, chips = soldered(*({"driver": driver} for driver in reversed(MAKERS)))
    assert [type(chip) for chip in chips] == [type(MAKERS[driver].make(truth)) for driver in reversed(MAKERS)]


def test_an_address_is_the_chips(soldered):
    board, (usual, other) = soldered({"driver": "sht4x"}, {"driver": "sht4x", "address": 0x45})
    assert board.peripherals.i2c[HELTEC.i2c_bus] == {0x44: usual, 0x45: other}


def test_sockets_part_two_devices_of_one_uart(soldered):
    board, chips = soldered({"driver": "sps30"}, {"driver": "a02yyuw", "socket": "b"})
    links = board.peripherals.uart(HELTEC.sensor_uart)._links
    assert [(link.pins, link.device) for link in links] == list(
        zip(HELTEC.sockets.values(), chips, strict=True)
    )


def test_the_rail_feeds_the_sensors_and_not_the_radio(soldered):
    board, chips = soldered(*({"driver": driver} for driver in MAKERS))
    assert board.pins.rails[HELTEC.rail_pin].chips == chips


@pytest.mark.parametrize("driver", [*MODEMS, "sx1262"])
def test_each_radio_that_the_board_can_have(soldered, driver):
    radio = MODEMS[driver](None, EUI) if driver in MODEMS else CHIPS[driver](SharedAir(VirtualClock()))
    board, _ = soldered(radio=radio)
    assert radio.board is board


def test_an_unknown_driver_is_not_left_out_in_silence(soldered):
    with pytest.raises(KeyError, match="sht5x"):
        soldered({"driver": "sht5x"})
