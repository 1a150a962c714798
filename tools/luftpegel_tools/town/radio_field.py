"""The air of a town whose stations send real frames, and the gateways that listen to it.

All gateways hear all stations, each as well as the station's link says. How the gateways reach their network
server is not the field's business.
"""

from collections.abc import Sequence

from luftpegel_tools.town.air import GatewaySite
from luftpegel_tools.town.gateway_bridge import SimulatedGateway, Site
from luftpegel_tools.town.radio_air import Frame, SharedAir
from luftpegel_tools.town.radio_link import RadioLink
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.clock import VirtualClock

LATENCY_US = 30_000


class RadioField:
    """`air`, `gateways`, and one chip for each station: `chip` gives it, to be soldered to a board."""

    def __init__(
        self, clock: VirtualClock, sites: Sequence[GatewaySite], seed: int, *, latency_us: int = LATENCY_US
    ) -> None:
        """`latency_us`: mean delay between gateways and network server, on top of what is real of it."""
        self._clock = clock
        self._links: dict[int, RadioLink] = {}
        self.air = SharedAir(clock, self._down)
        self.air.observers.append(self._heard)
        self.gateways = [
            SimulatedGateway(
                Site(
                    site.gateway_id,
                    site.latitude,
                    site.longitude,
                    site.altitude,
                    site.has_gps,
                    latency_us=latency_us,
                ),
                clock,
                self.air,
                self._up,
                seed=str(seed),
            )
            for site in sites
        ]

    def chip(self, link: RadioLink) -> LoRaChip:
        """A station's chip, which reaches the gateways as its link says."""
        chip = SX1262(self.air)
        self._links[id(chip)] = link
        return chip

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
