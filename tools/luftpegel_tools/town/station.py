"""One simulated station: a virtual board with its chips at a place, a radio, and a link through the air."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_tools.air.losses import Losses
from luftpegel_tools.image import firmware_image
from luftpegel_tools.town.gateway_process import Entry
from luftpegel_tools.town.place import Place
from luftpegel_tools.town.proof import Measurement, Terms
from luftpegel_tools.town.station_kinds import CHIP, KINDS, Kind
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.base import Chip
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.lorawan_modem import LoRaWANModem
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import MODEMS, SCHEMATICS, solder
from luftpegel_wire.quantities import QUANTITIES, channel_of

BOARD = "heltec_v3"
NVS_NAMESPACE = "luftpegel"
_SCHEMATIC = SCHEMATICS[BOARD]
_STEPS = {channel_of(name, index): step for name, (_, step) in QUANTITIES.items() for index in (0, 1)}


@dataclass(frozen=True)
class Identity:
    """What a station is called and what it proves itself with."""

    id: str
    kind: str
    dev_eui: bytes
    join_eui: bytes
    app_key: bytes

    @classmethod
    def make(cls, number: int, kind: str, seed: int) -> "Identity":
        """The identity of the town's `number`-th station; keys come from the seed, they protect nothing."""
        generator = random.Random(f"identity/{seed}/{number}")  # noqa: S311
        return cls(
            id=f"LP-{number:04d}",
            kind=kind,
            dev_eui=bytes.fromhex("70b3d57ed005") + number.to_bytes(2, "big"),
            join_eui=bytes.fromhex("70b3d57ed0050000"),
            app_key=generator.randbytes(16),
        )


@dataclass(frozen=True)
class Build:
    """How boards are made and set up."""

    clock: VirtualClock
    folder: Path
    engine: str = "pip"
    interval_s: int = 600
    data_rate: int = 5
    frame_bytes: int = 51


BESIDE_US = 5_000_000  # a reading's look at the battery follows its measurements within this


def entry_of(identity: Identity, place: Place, interval_s: int) -> Entry:
    """A station for stations.toml."""
    dev_eui = identity.dev_eui.hex()
    return Entry(identity.id, dev_eui, place.name, identity.kind, interval_s, place.latitude, place.longitude)


class TownStation:
    """A station of the town."""

    def __init__(
        self, identity: Identity, place: Place, link: Losses, radio: LoRaWANModem | LoRaChip, build: Build
    ) -> None:
        self.identity, self.place, self.link = identity, place, link
        self._build = build
        self._kind: Kind = KINDS[identity.kind]
        self._battery_log: list[tuple[int, int]] = []
        self.radio = radio
        self.board = Board(
            build.clock,
            name=identity.id,
            unique_id=identity.dev_eui[2:],
            engine=build.engine,
            state_dir=build.folder / identity.id,
        )
        self.chips: list[Chip] = solder(self.board, self.settings(), place.truth, radio)
        self.board.attach_adc(_SCHEMATIC.battery_pin, self._battery_microvolts)
        self._provision()

    @property
    def entry(self) -> Entry:
        """The station for stations.toml."""
        return entry_of(self.identity, self.place, self._build.interval_s)

    def settings(self) -> dict[str, Any]:
        """The content of its station.json."""
        return {
            "station": self.identity.id,
            "board": BOARD,
            "interval_s": self._build.interval_s,
            "sensors": [dict(sensor) for sensor in self._kind.sensors],
            "radio": {
                "driver": next((name for name in MODEMS if type(self.radio) is MODEMS[name]), CHIP),
                "region": "EU868",
                "data_rate": self._build.data_rate,
                "frame_bytes": self._build.frame_bytes,
            },
        }

    def measurements(self) -> list[Measurement]:
        """Everything its chips have handed out so far, the battery's voltage too."""
        epoch = self._build.clock.epoch
        found = [
            Measurement(epoch + now_us / 1e6, channel_of(quantity, int(sensor.get("index", 0))), value)
            for sensor, chip in zip(self._kind.sensors, self.chips, strict=True)
            for now_us, values in chip.delivered
            for quantity, value in values.items()
        ]
        battery = channel_of("battery")
        return found + [Measurement(epoch + now / 1e6, battery, value) for now, value in self._battery_told()]

    def _battery_told(self) -> list[tuple[int, int]]:
        """The looks at the battery that readings tell: beside what the sensors delivered, where these take
        their time; not the one with which a wake decides whether to measure at all."""
        if not self._kind.lead_s:
            return self._battery_log
        delivered = [now_us for chip in self.chips for now_us, _ in chip.delivered]
        return [look for look in self._battery_log if any(abs(look[0] - us) < BESIDE_US for us in delivered)]

    def terms(self, since_us: int, until_us: int) -> Terms:
        """What its readings of a time span are held to."""
        epoch = self._build.clock.epoch
        return Terms(
            lead_s=self._kind.lead_s,
            steps=_STEPS,
            since_s=epoch + since_us / 1e6,
            until_s=epoch + until_us / 1e6,
        )

    def close(self) -> None:
        """End its board."""
        self.board.close()

    def _provision(self) -> None:
        identity = self.identity
        image = self._build.folder / f"{identity.id}-image"
        firmware_image.build(image, self.settings())
        self.board.install(image)
        self.board.nvs.provision(
            NVS_NAMESPACE, app_key=identity.app_key, dev_eui=identity.dev_eui, join_eui=identity.join_eui
        )

    def _battery_microvolts(self) -> int:
        """What the ADC sees; what that means is noted, as a chip notes what it hands out."""
        now_us = self._build.clock.now_us
        microvolts = round(self.place.battery(now_us) / _SCHEMATIC.battery_divider * 1e6)
        self._battery_log.append((now_us, round(microvolts * _SCHEMATIC.battery_divider / 1000)))
        return microvolts
