"""The doubles of sensors by their drivers' names: the bus of each, and how it gets its truth.

A new sensor is one line in MAKERS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from luftpegel_tools.virtual_board.chips.a02yyuw import A02YYUW
from luftpegel_tools.virtual_board.chips.base import Chip
from luftpegel_tools.virtual_board.chips.bme280 import BME280
from luftpegel_tools.virtual_board.chips.ds18b20 import DS18B20
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x
from luftpegel_tools.virtual_board.chips.sps30 import SPS30

# What a quantity (a name of spec/channels.toml) is at a virtual time in us: °C, %, Pa, µg/m³, mm.
Truth = Callable[[str, int], float]


@dataclass(frozen=True)
class Maker:
    """How a chip is had: `bus` is "i2c", "uart" or "onewire"."""

    bus: str
    make: Callable[[Truth], Chip]


def _sht4x(truth: Truth) -> Chip:
    return SHT4x(lambda now: (truth("temperature", now), truth("humidity", now)))


def _bme280(truth: Truth) -> Chip:
    return BME280(lambda now: (truth("temperature", now), truth("humidity", now), truth("pressure", now)))


def _sps30(truth: Truth) -> Chip:
    return SPS30(lambda now: (truth("pm1", now), truth("pm25", now), truth("pm4", now), truth("pm10", now)))


def _a02yyuw(truth: Truth) -> Chip:
    return A02YYUW(lambda now: truth("distance", now))


def _ds18b20(truth: Truth) -> Chip:
    return DS18B20(lambda now: truth("water_temperature", now))


MAKERS: Mapping[str, Maker] = {
    "sht4x": Maker("i2c", _sht4x),
    "bme280": Maker("i2c", _bme280),
    "sps30": Maker("uart", _sps30),
    "a02yyuw": Maker("uart", _a02yyuw),
    "ds18b20": Maker("onewire", _ds18b20),
}
