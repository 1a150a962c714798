"""What stations the town has: the sensors of each kind, as the station file names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CHIP = "sx1262"  # the radio of the town's boards that has our own LoRaWAN; the others are modems


@dataclass(frozen=True)
class Kind:
    """A kind of station; `lead_s` is how long after waking its first sensor delivers."""

    sensors: Sequence[Mapping[str, Any]]
    lead_s: float = 0.0


KINDS: Mapping[str, Kind] = {
    "climate": Kind(({"driver": "sht4x"}, {"driver": "bme280", "index": 1})),
    # the fan of the dust sensor runs up for 30 s before anything is measured
    "air": Kind(({"driver": "sps30"}, {"driver": "sht4x"}), lead_s=30.0),
    "level": Kind(({"driver": "a02yyuw"}, {"driver": "ds18b20"})),
}
