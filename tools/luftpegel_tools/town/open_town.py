"""A town before a network server that is not ours: its gateways are at the server's broker, in real time."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from chirpstack_api import gw  # type: ignore[import-untyped]

from luftpegel_tools.air.lora_link import LoRaLink
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.programs.broker import BrokerError
from luftpegel_tools.town.diagnosis import Diagnosis, why_not
from luftpegel_tools.town.lora_coverage import LoRaCoverage
from luftpegel_tools.town.pace import Pace, keep_real_time
from luftpegel_tools.town.sniffer import Happening, Sniffer
from luftpegel_tools.town.spots import spot_of
from luftpegel_tools.town.station import Build, Identity, TownStation
from luftpegel_tools.town.town import Wishes, identities, switch_on
from luftpegel_tools.virtual_time.clock import VirtualClock

_PATIENCE_S = 5.0  # real time for a broker that is there
_POLL_EVERY_US = 10_000


class OpenTown:
    """A context manager. `tell` gets whatever happens; the broker's address and `prefix` are the server's."""

    def __init__(
        self,
        folder: Path,
        wishes: Wishes,
        address: BrokerAddress,
        prefix: str,
        tell: Callable[[Happening], None],
    ) -> None:
        """Connect the gateways and build the stations; nothing is switched on yet.

        Raises:
            BrokerError: LP-377, the broker is away; LP-378, it refuses us.
        """
        self.wishes = wishes
        self._tell = tell
        self.clock = VirtualClock(epoch=wishes.epoch)
        self.coverage = LoRaCoverage(self.clock, spot_of(1).sites(), wishes.seed, latency_us=0)
        self._diagnosis = Diagnosis(self.clock, prefix, tell)
        pace = Pace(self.clock)
        with ExitStack() as stack:
            self._bridges: list[GatewayBridge] = []
            for gateway in self.coverage.gateways:
                bridge = GatewayBridge(
                    address, prefix, self.clock, [gateway], after_send=pace.hold, on_ack=self._ordered
                )
                stack.callback(bridge.close)
                self.coverage.air.observers.append(bridge.observe)
                self._bridges.append(bridge)
            for bridge in self._bridges:
                if not bridge.post.wait_ready(_PATIENCE_S):
                    raise BrokerError(why_not(bridge))
            self.stations: list[TownStation] = []
            build = Build(self.clock, folder / "boards", wishes.engine, wishes.interval_s)
            for number, identity in enumerate(identities(wishes), 1):
                station = self._station(identity, number, build)
                stack.callback(station.close)
                self.stations.append(station)
            Sniffer(self.clock, self.coverage, self.stations, self._happened)
            self._stack = stack.pop_all()

    def switch_on(self, stagger_us: int) -> None:
        """Begin with the present time of day, and give the stations power, one after the other."""
        keep_real_time(self.clock)
        for bridge in self._bridges:
            bridge.start()
            bridge.poll_every(_POLL_EVERY_US)
        self._diagnosis.watch(self._bridges)
        switch_on(self.clock, self.stations, stagger_us)

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End boards and connections."""
        self._stack.close()

    def _station(self, identity: Identity, number: int, build: Build) -> TownStation:
        wishes, spot = self.wishes, spot_of(number)
        link = LoRaLink(
            spot.sites(), seed=f"{wishes.seed}/{identity.id}", loss_up=wishes.loss, loss_down=wishes.loss
        )
        place = spot.place(number, wishes.seed, wishes.epoch)
        return TownStation(identity, place, link, self.coverage.chip(link), build)

    def _happened(self, happening: Happening) -> None:
        self._tell(happening)
        self._diagnosis.happened(happening)

    def _ordered(self, ack: Any) -> None:
        statuses = [gw.TxAckStatus.Name(item.status) for item in ack.items]
        details = {"gateway": ack.gateway_id, "downlink_id": ack.downlink_id, "statuses": statuses}
        self._tell(Happening(self.clock.utc(), "tx-ack", details=details))
        self._diagnosis.ordered(ack)


def today() -> int:
    """An epoch for a town that shall keep the time of day: this very second."""
    return int(time.time())
