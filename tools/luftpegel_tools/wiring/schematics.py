"""What is wired where on a board: read from boards.toml, apart from the firmware's own tables on purpose."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NONE = -1  # no such pin
DATA = Path(__file__).with_name("boards.toml")


@dataclass(frozen=True)
class Schematic:
    """A board's sockets. Numbers are GPIO numbers and the ESP32's numbers of its buses."""

    title: str
    chip: str
    rail_pin: int  # switches the supply of all sensors
    rail_active_low: bool
    i2c_bus: int
    i2c_pins: tuple[int, int]  # scl, sda
    onewire_pin: int
    sensor_uart: int
    sockets: Mapping[str, tuple[int, int]]  # tx and rx on the sensors' UART; the first is the usual one
    radio: str  # the board's own LoRa chip, and its bus and pins
    lora: Mapping[str, Any]
    modem_uart: int | None = None
    modem_pins: tuple[int, int] | None = None  # tx, rx
    modem_reset: int | None = None
    battery_pin: int = NONE
    battery_divider: float = 0.0  # battery voltage over the voltage at the pin
    battery_enable: int | None = None
    led: Mapping[str, Any] = field(default_factory=dict)
    power_manager: bool = False  # feeds the radio, on the I2C bus

    @property
    def machine(self) -> str:
        """What MicroPython calls such a virtual board."""
        return f"Virtual {self.title} with {self.chip.upper()}"


def _schematic(row: Mapping[str, Any]) -> Schematic:
    lora = dict(row["lora"])
    lora["wires"] = tuple(lora["wires"])
    modem, battery, i2c = row.get("modem"), row.get("battery", {}), row["i2c"]
    return Schematic(
        title=row["title"],
        chip=row["chip"],
        rail_pin=row["rail"]["pin"],
        rail_active_low=row["rail"]["active_low"],
        i2c_bus=i2c["bus"],
        i2c_pins=(i2c["scl"], i2c["sda"]),
        onewire_pin=row["onewire"],
        sensor_uart=row["sensor_uart"],
        sockets={name: (pins[0], pins[1]) for name, pins in row["sockets"].items()},
        radio=lora.pop("kind"),
        lora=lora,
        modem_uart=modem["uart"] if modem else None,
        modem_pins=(modem["tx"], modem["rx"]) if modem else None,
        modem_reset=modem["reset"] if modem else None,
        battery_pin=battery.get("pin", NONE),
        battery_divider=battery.get("divider", 0.0),
        battery_enable=battery.get("enable"),
        led=row["led"],
        power_manager=row.get("power_manager", False),
    )


SCHEMATICS: Mapping[str, Schematic] = {
    name: _schematic(row) for name, row in tomllib.loads(DATA.read_text(encoding="utf-8")).items()
}
