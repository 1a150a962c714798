"""What is connected to what: from the board's own table (firmware/boards) and the pins of each part.

Pins of parts are those of the usual modules, by their makers' data sheets; on the board it is GPIO numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.station_files.fit import address_of
from luftpegel_tools.station_files.station_plan import StationPlan

# What a wire carries -> its name for people, English and German, and the colour that wires usually have.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "supply": ("switched supply of the sensors", "geschaltete Versorgung der Sensoren", "#c00000"),
    "always": ("3.3 V at all times", "3,3 V, immer an", "#ff6060"),
    "boost": ("5 V from the switched supply", "5 V aus der geschalteten Versorgung", "#c06000"),
    "ground": ("ground", "Masse", "#000000"),
    "sda": ("data", "Daten", "#0050c0"),
    "scl": ("clock", "Takt", "#c0a000"),
    "rx": ("what the part says", "was das Teil sagt", "#008040"),
    "tx": ("what the board says", "was die Platine sagt", "#8000a0"),
    "onewire": ("data, with 4.7 kΩ to 3.3 V", "Daten, mit 4,7 kΩ an 3,3 V", "#0050c0"),
    "reset": ("reset", "Reset", "#606060"),
}
# Pins of each part: its own name, and what goes there; "" stays open.
PINS: Mapping[str, Sequence[tuple[str, str]]] = {
    "sht4x": (("VDD", "supply"), ("GND", "ground"), ("SDA", "sda"), ("SCL", "scl")),
    "bme280": (("VCC", "supply"), ("GND", "ground"), ("SDA", "sda"), ("SCL", "scl")),
    "sps30": (("1 VDD", "boost"), ("2 RX", "tx"), ("3 TX", "rx"), ("4 SEL", ""), ("5 GND", "ground")),
    "a02yyuw": (("VCC", "supply"), ("GND", "ground"), ("TX", "rx"), ("RX", "")),
    "ds18b20": (("VDD", "supply"), ("GND", "ground"), ("DQ", "onewire")),
    "wio_e5": (("3V3", "always"), ("GND", "ground"), ("PB6 TX", "rx"), ("PB7 RX", "tx"), ("RST", "reset")),
    "rak3172": (("VDD", "always"), ("GND", "ground"), ("PA2 TX", "rx"), ("PA3 RX", "tx"), ("RST", "reset")),
}
_OPEN = ("stays open", "bleibt offen", "#c0c0c0")


@dataclass(frozen=True, slots=True)
class Wire:
    """From a pin of the part to one of the board ("" where it stays open)."""

    part_pin: str
    board_pin: str
    kind: str


@dataclass(frozen=True, slots=True)
class Part:
    """A sensor or a modem: its driver, where it is plugged in (a socket, an address), its wires."""

    name: str
    place: str
    wires: Sequence[Wire]


def parts_of(plan: StationPlan) -> Iterator[Part]:
    """All that is connected to the board, in the file's order; a LoRa chip on the board is not."""
    for sensor, driver in zip(plan.settings["sensors"], plan.drivers, strict=True):
        place, pins = _sensor_pins(sensor, driver, plan.board)
        yield Part(sensor["driver"], place, _wires(sensor["driver"], pins, plan.board))
    radio = plan.settings["radio"]["driver"]
    if not plan.own_lorawan:
        modem = plan.board.MODEM
        pins = {"rx": modem["rx"], "tx": modem["tx"], "reset": modem["reset"]}
        yield Part(radio, f"UART {modem['id']}", _wires(radio, pins, plan.board))


def _sensor_pins(sensor: Mapping[str, Any], driver: Any, board: Any) -> tuple[str, dict[str, int]]:
    if driver.BUS == "i2c":
        pins = {"sda": board.I2C["sda"], "scl": board.I2C["scl"]}
        return f"I2C 0x{address_of(sensor, driver):02x}", pins
    if driver.BUS == "onewire":
        return "1-Wire", {"onewire": board.ONEWIRE}
    socket = board.UARTS[sensor["socket"]]
    return f"UART {sensor['socket']}", {"rx": socket["rx"], "tx": socket["tx"]}


def _wires(part: str, pins: Mapping[str, int], board: Any) -> list[Wire]:
    fixed = {"ground": "GND", "always": "3V3", "supply": rail_of(board), "boost": rail_of(board), "": ""}
    return [
        Wire(pin, fixed[kind] if kind in fixed else f"GPIO{pins[kind]}", kind) for pin, kind in PINS[part]
    ]


def rail_of(board: Any) -> str:
    """The sensors' supply, by the pin that switches it: low or high is on."""
    return f"rail (GPIO{board.RAIL['pin']}={board.RAIL['on']})"


def meaning(wire: Wire, language: str) -> str:
    """What a wire carries, for people."""
    return (KINDS.get(wire.kind) or _OPEN)[language == "de"]


def colour(wire: Wire) -> str:
    """Its colour in a picture; the text beside it says the same."""
    return (KINDS.get(wire.kind) or _OPEN)[2]


def text_of(plan: StationPlan, language: str) -> str:
    """The wiring as lines: a part, then a wire a line."""
    lines = []
    for part in parts_of(plan):
        lines.append(f"{part.name} ({part.place})")
        for wire in part.wires:
            line = "-----" if wire.board_pin else "  x  "
            lines.append(f"  {wire.part_pin:>7} {line} {wire.board_pin or '':<16} {meaning(wire, language)}")
    return "\n".join(lines)
