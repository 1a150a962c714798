"""The simulated town: stations, the air, a network server and its broker, on one virtual clock.

Real time enters where the town meets real programs: a frame is published and the broker's acknowledgement
awaited before virtual time goes on, and applications get a few milliseconds to answer into the same window.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_tools.air.lora_link import LoRaLink
from luftpegel_tools.air.losses import Losses
from luftpegel_tools.air.modem_link import ModemLink
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.network_server.chirpstack import ChirpStack, Settings
from luftpegel_tools.programs.broker import Broker, BrokerError
from luftpegel_tools.town.lora_backhaul import LoRaBackhaul
from luftpegel_tools.town.lora_coverage import LoRaCoverage
from luftpegel_tools.town.spots import Spot, spot_of
from luftpegel_tools.town.station import Build, Identity, TownStation
from luftpegel_tools.town.station_kinds import CHIP
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.lorawan_modem import LoRaWANModem
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import MODEMS

EPOCH = 1_777_593_600  # 2026-05-01 00:00 UTC, so that a run does not depend on the day it is made
_BROKER_PATIENCE_S = 10.0  # for somebody else's
_OWN_BROKER_PATIENCE_S = 60.0  # it runs; a machine at its limits lets it wait
STAGGER_US = 47_000_000  # stations are not switched on in one moment
_SILENT = "LP-375: the MQTT broker does not answer. Next: try again; report it."
_AWAY = (
    "LP-377: the gateway's broker does not answer, or refuses us: {address.host}:{address.port}. "
    "Next: check that it runs, the address, user and password."
)
RADIOS = (CHIP, *MODEMS)


@dataclass(frozen=True)
class Wishes:
    """What town it shall be."""

    kinds: Sequence[str] = ("climate", "air", "level")
    seed: int = 1
    loss: float = 0.2
    engine: str = "pip"
    radio: str = CHIP
    interval_s: int = 600
    protobuf: bool = False  # the network server's events as protobuf instead of JSON
    epoch: int = EPOCH  # Unix seconds at virtual time 0


class Town:
    """The town; a context manager that takes everything down again."""

    def __init__(self, folder: Path, wishes: Wishes, applications: BrokerAddress | None = None) -> None:
        """Start broker and network server, build and register the stations; nothing is switched on yet.

        `applications`: the broker at which the network server's applications are, where it is not the town's.
        BrokerError LP-375: it does not answer.
        """
        self.wishes = wishes
        self.clock = VirtualClock(epoch=wishes.epoch)
        with ExitStack() as stack:
            self.broker = stack.enter_context(Broker(folder / "broker"))
            self.server = ChirpStack(
                Settings(epoch_s=wishes.epoch, seed=wishes.seed, json=not wishes.protobuf),
                applications or BrokerAddress(self.broker.host, self.broker.port),
            )
            stack.callback(self.server.close)
            self.application_id, self._profile_id = self._found_town()
            self.coverage: LoRaCoverage | None = None
            if wishes.radio == CHIP:
                self.coverage = LoRaCoverage(self.clock, spot_of(1).sites(), wishes.seed)
                network = LoRaBackhaul(self.clock, self.broker, self.server, self.coverage, wishes.seed)
                stack.callback(network.close)
            self.stations: list[TownStation] = []
            build = Build(self.clock, folder / "boards", wishes.engine, wishes.interval_s)
            for number, identity in enumerate(identities(wishes), 1):
                station = self._station(identity, number, build)
                stack.callback(station.close)
                self.stations.append(station)
            patience_s = _OWN_BROKER_PATIENCE_S if applications is None else _BROKER_PATIENCE_S
            if not self.server.bus.wait_ready(patience_s):
                raise BrokerError(_SILENT if applications is None else _AWAY.format(address=applications))
            self._stack = stack.pop_all()

    def switch_on(self, stagger_us: int = STAGGER_US) -> None:
        """Give the stations power, one after the other."""
        switch_on(self.clock, self.stations, stagger_us)

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End boards, network server and broker."""
        self._stack.close()

    def _station(self, identity: Identity, number: int, build: Build) -> TownStation:
        wishes = self.wishes
        spot = spot_of(number)
        self._register(identity)
        return TownStation(
            identity, spot.place(number, wishes.seed, wishes.epoch), *self._radio(identity, spot), build
        )

    def _radio(self, identity: Identity, spot: Spot) -> tuple[Losses, LoRaWANModem | LoRaChip]:
        """The station's link, and its radio on it."""
        wishes = self.wishes
        seed = f"{wishes.seed}/{identity.id}"
        if self.coverage is None:
            link = ModemLink(self.server, spot.sites(), seed=seed, loss_up=wishes.loss, loss_down=wishes.loss)
            return link, MODEMS[wishes.radio](link, identity.dev_eui)
        lora_link = LoRaLink(spot.sites(), seed=seed, loss_up=wishes.loss, loss_down=wishes.loss)
        return lora_link, self.coverage.chip(lora_link)

    def _found_town(self) -> tuple[str, str]:
        records = self.server.records
        tenant_id = records.add_tenant(api.Tenant(name="Musterstadt"))
        application_id = records.add_application(api.Application(name="environment", tenant_id=tenant_id))
        profile = api.DeviceProfile(
            name="luftpegel", tenant_id=tenant_id, supports_otaa=True, device_status_req_interval=1
        )
        return application_id, records.add_profile(profile)

    def _register(self, identity: Identity) -> None:
        self.server.records.add_device(_device(identity, self.application_id, self._profile_id))
        self.server.records.set_keys(
            api.DeviceKeys(dev_eui=identity.dev_eui.hex(), nwk_key=identity.app_key.hex())
        )


def identities(wishes: Wishes) -> list[Identity]:
    """The stations of such a town."""
    return [Identity.make(number, kind, wishes.seed) for number, kind in enumerate(wishes.kinds, 1)]


def switch_on(clock: VirtualClock, stations: Sequence[TownStation], stagger_us: int) -> None:
    """Give stations power, one after the other."""
    for number, station in enumerate(stations):
        clock.call_later(number * stagger_us, station.board.power_on)


def _device(identity: Identity, application_id: str, profile_id: str) -> Any:
    return api.Device(
        dev_eui=identity.dev_eui.hex(),
        join_eui=identity.join_eui.hex(),
        name=identity.id,
        application_id=application_id,
        device_profile_id=profile_id,
        tags={"kind": identity.kind},
    )
