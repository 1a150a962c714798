"""Solders to a board what its station file names."""

from collections.abc import Callable, Mapping
from typing import Any

from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.axp2101 import AXP2101
from luftpegel_tools.virtual_board.chips.base import Chip
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.lorawan_modem import LoRaWANModem
from luftpegel_tools.wiring.schematics import SCHEMATICS, Schematic
from luftpegel_tools.wiring.sensors import MAKERS, Truth

NOBODYS_PIN = 199
Radio = LoRaChip | LoRaWANModem


def solder(board: Board, settings: Mapping[str, Any], truth: Truth, radio: Radio) -> list[Chip]:
    """Solder the sensors of a station.json, measuring `truth`, to the rail that feeds them, and the radio.

    Returns the sensors' chips in the order of the file.

    Raises:
        KeyError: no double has that driver's name, or no schematic that board's.
    """
    schematic = SCHEMATICS[settings["board"]]
    chips = [_sensor(board, schematic, sensor, truth) for sensor in settings["sensors"]]
    board.attach_rail(schematic.rail_pin, schematic.rail_active_low, chips)
    solder_radio(board, schematic, radio)
    return chips


def solder_radio(board: Board, schematic: Schematic, radio: Radio) -> None:
    """Solder a radio: the board's own chip, or a modem on the headers."""
    if isinstance(radio, LoRaChip):
        radio.solder(board, **schematic.lora)
        if schematic.power_manager:
            board.attach_rail(NOBODYS_PIN, True, [radio])  # the manager switches it
            board.attach_i2c(schematic.i2c_bus, AXP2101(radio), schematic.i2c_pins)
    else:
        if schematic.modem_uart is None:
            raise KeyError(f"{schematic.title} has no UART for a modem")
        board.attach_uart(schematic.modem_uart, radio, schematic.modem_pins)


def _sensor(board: Board, schematic: Schematic, sensor: Mapping[str, Any], truth: Truth) -> Chip:
    maker = MAKERS[sensor["driver"]]
    chip = maker.make(truth)
    _BUSES[maker.bus](board, schematic, sensor, chip)
    return chip


def _to_i2c(board: Board, schematic: Schematic, sensor: Mapping[str, Any], chip: Any) -> None:
    chip.address = sensor.get("address", chip.address)
    board.attach_i2c(schematic.i2c_bus, chip, schematic.i2c_pins)


def _to_uart(board: Board, schematic: Schematic, sensor: Mapping[str, Any], chip: Any) -> None:
    socket = sensor.get("socket", next(iter(schematic.sockets)))
    board.attach_uart(schematic.sensor_uart, chip, schematic.sockets[socket])


def _to_onewire(board: Board, schematic: Schematic, _sensor: Mapping[str, Any], chip: Any) -> None:
    board.attach_onewire(schematic.onewire_pin, chip)


_BUSES: Mapping[str, Callable[[Board, Schematic, Mapping[str, Any], Any], None]] = {
    "i2c": _to_i2c,
    "uart": _to_uart,
    "onewire": _to_onewire,
}
