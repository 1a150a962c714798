"""The town's radio network for stations that send real frames: air, gateways, and their way to the server.

All gateways hear all stations, each as well as the station's link says.
"""

import random
from collections.abc import Sequence
from contextlib import ExitStack

from luftpegel_tools.town.air import GatewaySite
from luftpegel_tools.town.broker import Broker
from luftpegel_tools.town.chirpstack import ChirpStack
from luftpegel_tools.town.gateway_bridge import (
    BrokerAddress,
    GatewayBridge,
    InStep,
    NetworkSide,
    SimulatedGateway,
    Site,
)
from luftpegel_tools.town.radio_air import Frame, SharedAir
from luftpegel_tools.town.radio_link import RadioLink
from luftpegel_tools.virtual_board.clock import VirtualClock

PREFIX = "eu868"
_STATS_EVERY_US = 3_600_000_000  # each costs real time


class RadioNetwork:
    """Close it; `join` each station's chip with its link before it is switched on."""

    def __init__(
        self, clock: VirtualClock, broker: Broker, server: ChirpStack, sites: Sequence[GatewaySite], seed: int
    ) -> None:
        """Raises ConnectionError LP-377: the broker does not answer."""
        self._clock = clock
        self._links: dict[int, RadioLink] = {}
        self.air = SharedAir(clock, self._down)
        address = BrokerAddress(broker.host, broker.port)
        in_step = InStep(clock)
        gateways = [
            SimulatedGateway(
                Site(site.gateway_id, site.latitude, site.longitude, site.altitude, site.has_gps),
                clock,
                self.air,
                self._up,
                seed=str(seed),
            )
            for site in sites
        ]
        with ExitStack() as stack:
            network = NetworkSide(
                address,
                PREFIX,
                clock,
                core=server.radio.core,
                application=server.radio,
                rng=random.Random(f"network/{seed}"),  # noqa: S311 - a run must repeat
                after_send=in_step.soon,
            )
            stack.callback(network.close)
            bridge = GatewayBridge(
                address, PREFIX, clock, gateways, after_send=in_step.soon, stats_every_us=_STATS_EVERY_US
            )
            stack.callback(bridge.close)
            self.air.observers += [self._heard, bridge.observe]
            in_step.join(bridge, network)
            self._stack = stack.pop_all()

    def join(self, chip: object, link: RadioLink) -> None:
        """A station's chip, which sends over this air."""
        self._links[id(chip)] = link

    def close(self) -> None:
        """End the gateways' connections."""
        self._stack.close()

    def _heard(self, frame: Frame) -> None:
        link = self._links.get(id(frame.sender))
        if link is not None:
            link.heard(frame)

    def _up(self, sender: object, gateway: object) -> tuple[int, float] | None:
        assert isinstance(gateway, SimulatedGateway)
        link = self._links.get(id(sender))
        return None if link is None else link.up(gateway.site.gateway_id)

    def _down(self, sender: object, receiver: object) -> tuple[int, float] | None:
        if not isinstance(sender, SimulatedGateway):
            return None  # another station: it sends uplinks, which no station listens to
        return self._links[id(receiver)].down(sender.site.gateway_id, self._clock.now_us)
