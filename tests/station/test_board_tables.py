"""Each board's table against its schematic, written down here a second time from the makers' pin maps.

A number that is wrong in a table costs a trip to the river, and a virtual board wired by the same table would
not show it. What lies on free headers is our choice: there the two have to agree, and no pin serves twice.
"""

import importlib

import pytest

from station.config import BOARDS

# rail: pin, level that is on; i2c: SCL, SDA; lora: SCK, MOSI, MISO, CS, reset, then the rest by name;
# battery: pin, divider times 1000, pin and level that connect it; led: pin, level that is on;
# sockets: TX, RX; modem: TX, RX, reset
SCHEMATICS = {
    "heltec_v3": {
        "rail": (36, 0), "i2c": (42, 41), "onewire": 4, "sockets": {"a": (47, 48), "b": (5, 6)},
        "modem": (40, 39, 7), "chip": "sx1262", "lora": (9, 10, 11, 8, 12, {"busy": 13, "dio1": 14}),
        "battery": (1, 4900, (37, 0)), "led": (35, 1),
    },
    "lilygo_t3_s3": {
        "rail": (38, 0), "i2c": (17, 18), "onewire": 39, "sockets": {"a": (43, 44), "b": (41, 42)},
        "modem": (47, 48, 40), "chip": "sx1262", "lora": (5, 6, 3, 7, 8, {"busy": 34, "dio1": 33}),
        "battery": (1, 2000, None), "led": (37, 1),
    },
    "tbeam_sx1262": {
        "rail": (14, 0), "i2c": (22, 21), "onewire": 13, "sockets": {"a": (15, 36), "b": (25, 39)},
        "modem": None, "chip": "sx1262", "lora": (5, 27, 19, 18, 23, {"busy": 32, "dio1": 33}),
        "battery": None, "led": (4, 0), "pmu": {"axp192": "ldo2", "axp2101": "aldo2"},
    },
    "ttgo_lora32": {
        "rail": (14, 0), "i2c": (22, 21), "onewire": 4, "sockets": {"a": (13, 34), "b": (15, 36)},
        "modem": None, "chip": "sx1276", "lora": (5, 27, 19, 18, 23, {"dio0": 26, "dio1": 33}),
        "battery": (35, 2000, None), "led": (25, 1),
    },
    "xiao_s3_wio_sx1262": {
        "rail": (1, 0), "i2c": (6, 5), "onewire": 2, "sockets": {"a": (43, 44), "b": (3, 4)},
        "modem": None, "chip": "sx1262",
        "lora": (7, 9, 8, 41, 42, {"busy": 40, "dio1": 39, "rx_enable": 38}),
        "battery": None, "led": (48, 1),
    },
    "generic": {
        "rail": (16, 0), "i2c": (18, 17), "onewire": 4, "sockets": {"a": (6, 7), "b": (41, 42)},
        "modem": (39, 40, 38), "chip": "sx1262",
        "lora": (12, 11, 13, 10, 9, {"busy": 14, "dio1": 21, "rx_enable": 47}),
        "battery": (1, 4900, (2, 0)), "led": (5, 1),
    },
}  # fmt: skip


def as_written(table):
    """A board's table in the words of SCHEMATICS."""
    spi, pins = table.LORA["spi"], dict(table.LORA["pins"])
    lora = (spi["sck"], spi["mosi"], spi["miso"], pins.pop("cs"), pins.pop("reset"), pins)
    battery = getattr(table, "BATTERY", None)
    if battery:
        connected = (battery["enable"], battery["on"]) if "enable" in battery else None
        battery = (battery["adc"], battery["times_milli"], connected)
    modem = getattr(table, "MODEM", None)
    told = {
        "rail": (table.RAIL["pin"], table.RAIL["on"]),
        "i2c": (table.I2C["scl"], table.I2C["sda"]),
        "onewire": table.ONEWIRE,
        "sockets": {name: (uart["tx"], uart["rx"]) for name, uart in table.UARTS.items()},
        "modem": modem and (modem["tx"], modem["rx"], modem["reset"]),
        "chip": table.LORA["chip"],
        "lora": lora,
        "battery": battery,
        "led": (table.LED["pin"], table.LED["on"]),
    }
    return told | ({"pmu": table.LORA["pmu"]["rails"]} if "pmu" in table.LORA else {})


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_table_is_the_schematic(name):
    assert as_written(importlib.import_module(BOARDS[name])) == SCHEMATICS[name]


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_no_pin_serves_twice(name):
    told = as_written(importlib.import_module(BOARDS[name]))
    used = [told["rail"][0], *told["i2c"], told["onewire"], *(told["modem"] or ()), told["led"][0]]
    used += [pin for socket in told["sockets"].values() for pin in socket]
    used += [*told["lora"][:5], *told["lora"][5].values()]
    if told["battery"]:
        used += [told["battery"][0], *(told["battery"][2] or ())[:1]]
    assert sorted(set(used)) == sorted(used)
