"""The air of a town whose stations send real frames, and the gateways that listen to it.

All gateways hear all stations, each as well as the station's link says. Of two frames that share channel,
spreading factor and time a gateway receives the one that is much louder there, or none. How the gateways
reach their network server is not its business.
"""

from collections.abc import Sequence

from luftpegel_tools.air.lora_link import LoRaLink
from luftpegel_tools.air.modem_link import GatewaySite
from luftpegel_tools.air.shared_air import Frame, SharedAir
from luftpegel_tools.lora_gateways.lora_gateway import SimulatedGateway, Site
from luftpegel_tools.town.station_kinds import CHIP
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS

LATENCY_US = 30_000
CAPTURE_DB = 6  # so much louder a frame survives another (Bor et al., "Do LoRa LPWANs scale?", 2016)


class LoRaCoverage:
    """`air`, `gateways`, and one chip for each station: `chip` gives it, to be soldered to a board."""

    def __init__(
        self, clock: VirtualClock, sites: Sequence[GatewaySite], seed: int, *, latency_us: int = LATENCY_US
    ) -> None:
        """`latency_us`: mean delay between gateways and network server, on top of what is real of it."""
        self._clock = clock
        self._links: dict[int, LoRaLink] = {}
        self._drowned_at: set[str] = set()  # gateways that do not hear the frame that has ended just now
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

    def chip(self, link: LoRaLink) -> LoRaChip:
        """A station's chip, which reaches the gateways as its link says."""
        chip = CHIPS[CHIP](self.air)
        self._links[id(chip)] = link
        return chip

    def _heard(self, frame: Frame) -> None:
        link = self._links.get(id(frame.sender))
        if link is not None:
            places = [gateway.site.gateway_id for gateway in self.gateways]
            self._drowned_at = {place for place in places if self._is_drowned(frame, link, place)}
            link.heard(frame, drowned=len(self._drowned_at) == len(places))

    def _is_drowned(self, frame: Frame, link: LoRaLink, gateway_id: str) -> bool:
        least = link.mean_rssi(gateway_id) - CAPTURE_DB
        rivals = [self._links.get(id(rival.sender)) for rival in frame.rivals]
        return any(rival is not None and rival.mean_rssi(gateway_id) > least for rival in rivals)

    def _up(self, sender: object, gateway: object) -> tuple[int, float] | None:
        assert isinstance(gateway, SimulatedGateway)
        link, place = self._links.get(id(sender)), gateway.site.gateway_id
        return None if link is None or place in self._drowned_at else link.up(place)

    def _down(self, sender: object, receiver: object) -> tuple[int, float] | None:
        if not isinstance(sender, SimulatedGateway):
            return None  # another station: it sends uplinks, which no station listens to
        return self._links[id(receiver)].down(sender.site.gateway_id, self._clock.now_us)
