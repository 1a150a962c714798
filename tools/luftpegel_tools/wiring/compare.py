"""Holds a table of firmware/boards against the schematic: what a station would find wrong on that board."""

from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

from luftpegel_tools.wiring.schematics import NONE, Schematic

Table = ModuleType | SimpleNamespace
# Chip -> pins that are the flash's, and pins that can only listen (data sheets of the chips).
FLASH_PINS = {"esp32": range(6, 12), "esp32s3": range(26, 33), "esp32c3": range(12, 18)}
INPUT_ONLY = {"esp32": range(34, 40)}


def differences(table: Table, schematic: Schematic) -> list[str]:
    """One line for each thing that differs, or that the chip cannot do; empty when all is well."""
    return [
        f"{name}: {have!r} in the firmware, {want!r} on the board"
        for name, have, want in _pairs(table, schematic)
        if have != want
    ] + list(_impossible(table, schematic))


def _pairs(table: Table, schematic: Schematic) -> Iterator[tuple[str, Any, Any]]:
    yield "rail", table.RAIL["pin"], schematic.rail_pin
    yield "rail's active level", table.RAIL["on"], int(not schematic.rail_active_low)
    yield "I2C bus", table.I2C["id"], schematic.i2c_bus
    yield "I2C scl, sda", (table.I2C["scl"], table.I2C["sda"]), schematic.i2c_pins
    yield "1-Wire", table.ONEWIRE, schematic.onewire_pin
    for name, socket in table.UARTS.items():
        yield f"UART of socket {name}", socket["id"], schematic.sensor_uart
        yield f"socket {name}'s tx, rx", (socket["tx"], socket["rx"]), schematic.sockets.get(name)
    yield "sockets", set(table.UARTS), set(schematic.sockets)
    modem = getattr(table, "MODEM", None)
    yield "modem's UART", modem and modem["id"], schematic.modem_uart
    yield "modem's tx, rx", modem and (modem["tx"], modem["rx"]), schematic.modem_pins
    yield "modem's reset", modem and modem["reset"], schematic.modem_reset
    yield from _radio(table.LORA, schematic)
    battery = getattr(table, "BATTERY", None)
    yield "battery's pin", battery["adc"] if battery else NONE, schematic.battery_pin
    yield "battery's divider", battery["times_milli"] / 1000 if battery else 0.0, schematic.battery_divider
    yield "battery's switch", battery and battery.get("enable"), schematic.battery_enable
    yield "LED", table.LED["pin"], schematic.led["pin"]
    yield "LED's active level", table.LED["on"], int(not schematic.led["active_low"])


def _radio(lora: dict[str, Any], schematic: Schematic) -> Iterator[tuple[str, Any, Any]]:
    yield "radio", lora["chip"], schematic.radio
    yield "radio's SPI", lora["spi"]["id"], schematic.lora["bus"]
    wires = tuple(lora["spi"][name] for name in ("sck", "mosi", "miso"))
    yield "radio's sck, mosi, miso", wires, schematic.lora["wires"]
    for name, pin in schematic.lora.items():
        if name not in ("bus", "wires"):
            yield f"radio's {name}", lora["pins"].get(name), pin
    yield "radio's power manager", "pmu" in lora, schematic.power_manager


def _impossible(table: Table, schematic: Schematic) -> Iterator[str]:
    users: dict[int, str] = {}
    for name, pin, drives in _pins(table):
        if pin in users:
            yield f"pin {pin}: both {users[pin]} and {name} have it"
        users[pin] = name
        if pin in FLASH_PINS[schematic.chip]:
            yield f"pin {pin} of {name} is the flash's"
        if drives and pin in INPUT_ONLY.get(schematic.chip, ()):
            yield f"pin {pin} of {name} can only listen"


def _pins(table: Table) -> Iterator[tuple[str, int, bool]]:
    """(user, pin, whether the board drives it)"""
    yield "rail", table.RAIL["pin"], True
    yield "scl", table.I2C["scl"], True
    yield "sda", table.I2C["sda"], True
    yield "1-Wire", table.ONEWIRE, True
    yield "LED", table.LED["pin"], True
    lines = {f"socket {name}": socket for name, socket in table.UARTS.items()}
    if hasattr(table, "MODEM"):
        lines["modem"] = table.MODEM
        yield "modem's reset", table.MODEM["reset"], True
    for name, line in lines.items():
        yield f"{name}'s tx", line["tx"], True
        yield f"{name}'s rx", line["rx"], False
    for name in ("sck", "mosi", "miso"):
        yield f"radio's {name}", table.LORA["spi"][name], name != "miso"
    for name, pin in table.LORA["pins"].items():
        yield f"radio's {name}", pin, name in ("cs", "reset", "rx_enable")
    battery = getattr(table, "BATTERY", None)
    if battery:
        yield "battery", battery["adc"], False
        if "enable" in battery:
            yield "battery's switch", battery["enable"], True
