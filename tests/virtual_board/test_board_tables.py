"""The firmware's tables of boards agree with what the makers tell, and a mistake in them is seen."""

import copy
import runpy
from types import SimpleNamespace

import pytest

from luftpegel_tools.image.firmware_image import FIRMWARE
from luftpegel_tools.wiring import SCHEMATICS
from luftpegel_tools.wiring.compare import differences

BOARDS = {path.stem: path for path in (FIRMWARE / "boards").glob("*.py") if path.stem != "__init__"}


def table_of(name):
    table = runpy.run_path(str(BOARDS[name]))
    return SimpleNamespace(**{key: copy.deepcopy(value) for key, value in table.items() if key.isupper()})


def test_every_board_of_the_firmware_is_there():
    assert SCHEMATICS.keys() == BOARDS.keys()


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_table_is_the_boards(name):
    assert differences(table_of(name), SCHEMATICS[name]) == []


def swap(table):
    table.I2C["scl"], table.I2C["sda"] = table.I2C["sda"], table.I2C["scl"]


MISTAKES = {
    "I2C scl, sda": swap,
    "battery's divider": lambda table: table.BATTERY.update(times_milli=table.BATTERY["times_milli"] * 2),
    "rail's active level": lambda table: table.RAIL.update(on=1 - table.RAIL["on"]),
    "rail": lambda table: table.RAIL.update(pin=33),
    "radio's sck, mosi, miso": lambda table: table.LORA["spi"].update(miso=10, mosi=11),
    "radio's busy": lambda table: table.LORA["pins"].update(busy=14, dio1=13),
    "modem's tx, rx": lambda table: table.MODEM.update(tx=39, rx=40),
    "socket b's tx, rx": lambda table: table.UARTS["b"].update(tx=6, rx=5),
    "both LED and radio's busy": lambda table: table.LED.update(pin=13),
    "is the flash's": lambda table: setattr(table, "ONEWIRE", 30),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_seen(mistake):
    table = table_of("heltec_v3")
    MISTAKES[mistake](table)
    assert [line for line in differences(table, SCHEMATICS["heltec_v3"]) if mistake in line]


def test_a_pin_that_can_only_listen_is_no_output():
    table = table_of("ttgo_lora32")
    table.UARTS["a"]["tx"] = 35
    assert [
        line
        for line in differences(table, SCHEMATICS["ttgo_lora32"])
        if "socket a's tx can only listen" in line
    ]
