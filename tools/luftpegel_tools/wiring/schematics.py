"""What is wired where on a board.

Written down here a second time, beside the firmware's own tables in `firmware/boards/`, on purpose: a pin
that is wrong there is found. Numbers are GPIO numbers and the ESP32's numbers of its buses.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Schematic:
    """A board's sockets."""

    rail_pin: int  # switches the supply of all sensors
    rail_active_low: bool
    i2c_bus: int
    onewire_pin: int
    sensor_uart: int
    sockets: Mapping[str, tuple[int, int]]  # tx and rx on the sensors' UART; the first is the usual one
    modem_uart: int
    lora: Mapping[str, int]  # SPI bus and pins of the board's own LoRa chip
    battery_pin: int
    battery_divider: float  # battery voltage over the voltage at the pin


# Heltec's schematic HTIT-WB32LA V3 and pin map.
HELTEC_V3 = Schematic(
    rail_pin=36,
    rail_active_low=True,
    i2c_bus=0,
    onewire_pin=4,
    sensor_uart=1,
    sockets={"a": (47, 48), "b": (5, 6)},
    modem_uart=2,
    lora={"bus": 1, "cs": 8, "reset": 12, "busy": 13, "dio1": 14},
    battery_pin=1,
    battery_divider=4.9,
)

SCHEMATICS: Mapping[str, Schematic] = {"heltec_v3": HELTEC_V3}
