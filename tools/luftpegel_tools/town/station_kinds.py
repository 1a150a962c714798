"""What stations the town has: the sensors of each kind, as the station file names them and as soldered.

The wiring is that of the Heltec WiFi LoRa 32 V3, written down here a second time on purpose: a pin that is
wrong in the firmware's own table is found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.town.place import Place
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.a02yyuw import A02YYUW
from luftpegel_tools.virtual_board.chips.base import Chip, I2CChip, OneWireDevice, UARTDevice
from luftpegel_tools.virtual_board.chips.bme280 import BME280
from luftpegel_tools.virtual_board.chips.ds18b20 import DS18B20
from luftpegel_tools.virtual_board.chips.lorawan_modem import LoRaWANModem
from luftpegel_tools.virtual_board.chips.rak3172 import Rak3172
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x
from luftpegel_tools.virtual_board.chips.sps30 import SPS30
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5

I2C_BUS, SENSOR_UART, MODEM_UART = 0, 1, 2
# Radios as the station file names them: a chip with our own LoRaWAN, modems with theirs.
CHIP = "sx1262"
MODEMS: Mapping[str, type[LoRaWANModem]] = {"wio_e5": WioE5, "rak3172": Rak3172}
LORA_PINS = {"bus": 1, "cs": 8, "reset": 12, "busy": 13, "dio1": 14}
ONEWIRE_PIN, RAIL_PIN, BATTERY_ADC_PIN = 4, 36, 1


@dataclass(frozen=True)
class Sensor:
    """One sensor: its entry in the station file, and how its chip, measuring a place, gets onto a board."""

    settings: Mapping[str, Any]
    solder: Callable[[Board, Place], Chip]

    @property
    def index(self) -> int:
        """Tells two sensors of one quantity apart."""
        return int(self.settings.get("index", 0))


@dataclass(frozen=True)
class Kind:
    """A kind of station; `lead_s` is how long after waking its first sensor delivers."""

    sensors: Sequence[Sensor]
    lead_s: float = 0.0


def _on_i2c(board: Board, chip: I2CChip) -> Chip:
    board.attach_i2c(I2C_BUS, chip)
    return chip


def _on_uart(board: Board, chip: UARTDevice) -> Chip:
    board.attach_uart(SENSOR_UART, chip)
    return chip


def _on_onewire(board: Board, chip: OneWireDevice) -> Chip:
    board.attach_onewire(ONEWIRE_PIN, chip)
    return chip


def _sht4x(board: Board, place: Place) -> Chip:
    return _on_i2c(board, SHT4x(lambda now: (place.temperature(now), place.humidity(now))))


def _bme280(board: Board, place: Place) -> Chip:
    return _on_i2c(
        board, BME280(lambda now: (place.temperature(now), place.humidity(now), place.pressure(now)))
    )


def _sps30(board: Board, place: Place) -> Chip:
    return _on_uart(board, SPS30(place.dust))


def _a02yyuw(board: Board, place: Place) -> Chip:
    return _on_uart(board, A02YYUW(place.distance))


def _ds18b20(board: Board, place: Place) -> Chip:
    return _on_onewire(board, DS18B20(place.water_temperature))


_SHT4X = Sensor({"driver": "sht4x"}, _sht4x)

KINDS: Mapping[str, Kind] = {
    "climate": Kind((_SHT4X, Sensor({"driver": "bme280", "index": 1}, _bme280))),
    # the fan of the dust sensor runs up for 30 s before anything is measured
    "air": Kind((Sensor({"driver": "sps30"}, _sps30), _SHT4X), lead_s=30.0),
    "level": Kind((Sensor({"driver": "a02yyuw"}, _a02yyuw), Sensor({"driver": "ds18b20"}, _ds18b20))),
}
