"""The air between one station and the network server: frames get lost, and arrive late, weak and noisy.

A link is what a station's modem talks to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from luftpegel_tools.air.losses import Losses
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Reception, Uplink

RX1_US, RX2_US = 1_000_000, 2_000_000  # receive windows after an uplink (EU868); a join's come 4 s later
_JOIN_WINDOWS_LATER_US = 4_000_000
_TURN_ROUND_US = 100_000  # network server and gateway, on top of the way there and back
_CHANNELS_HZ = (868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000, 867_700_000)


class Server(Protocol):
    """A network server as the air sees it."""

    def join(self, request: JoinRequest, heard: Sequence[Reception]) -> JoinAccept | None:
        """A join request that at least one gateway heard."""

    def uplink(self, uplink: Uplink, heard: Sequence[Reception]) -> Downlink | None:
        """An uplink that at least one gateway heard."""


@dataclass(frozen=True)
class GatewaySite:
    """A LoRaWAN gateway as a certain station reaches it: mean signal, and where the gateway stands."""

    gateway_id: str
    rssi: int  # dBm
    snr: float  # dB
    latency_us: int = 60_000  # mean of the backhaul's delay
    has_gps: bool = True
    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float = 0.0


class ModemLink(Losses):
    """One station's way to the network server; is what its modem calls a Network."""

    def __init__(
        self,
        server: Server,
        sites: Sequence[GatewaySite],
        *,
        seed: str,
        loss_up: float = 0.0,
        loss_down: float = 0.0,
    ) -> None:
        super().__init__(seed, loss_up, loss_down)
        self._server = server
        self._sites = sites
        self._owes_acknowledgement = False

    def join(self, request: JoinRequest) -> JoinAccept | None:
        """See `Network`."""
        heard = self._receptions(request.frequency_hz)
        if self.lost_up(request.sent_us):
            return None
        accept = self._server.join(request, heard)
        window = _window(heard, _JOIN_WINDOWS_LATER_US)
        if accept is None or window is None or self.lost_down(request.sent_us):
            return None
        return replace(accept, window=window)

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """See `Network`."""
        self.count(uplinks=1, payload_bytes=len(uplink.data), airtime_us=uplink.airtime_us)
        heard = self._receptions(uplink.frequency_hz)
        acknowledges, self._owes_acknowledgement = self._owes_acknowledgement, False
        if self.lost_up(uplink.sent_us):
            self.count(uplinks_lost=1)
            return None
        answer = self._server.uplink(replace(uplink, acknowledges=acknowledges), heard)
        if answer is None:
            return None
        self.count(downlinks=1)
        window = _window(heard, 0)
        if window is None or self.lost_down(uplink.sent_us):
            self.count(downlinks_lost=1)
            return None
        self._owes_acknowledgement = answer.confirmed
        return replace(answer, window=window)

    def _receptions(self, frequency_hz: int) -> list[Reception]:
        channel = _CHANNELS_HZ.index(frequency_hz) if frequency_hz in _CHANNELS_HZ else 0
        return [self._reception(site, channel) for site in self._sites]

    def _reception(self, site: GatewaySite, channel: int) -> Reception:
        rssi, snr = self.signal(site.rssi, site.snr)
        return Reception(
            gateway_id=site.gateway_id,
            rssi=rssi,
            snr=snr,
            latency_us=self.delay_us(site.latency_us),
            channel=channel,
            rf_chain=0 if channel < 3 else 1,
            has_gps=site.has_gps,
            latitude=site.latitude,
            longitude=site.longitude,
            altitude=site.altitude,
        )


def _window(heard: Sequence[Reception], later_us: int) -> int | None:
    """The receive window that an answer can still reach: 1, 2, or None when the backhaul was too slow."""
    ready_us = 2 * min(reception.latency_us for reception in heard) + _TURN_ROUND_US - later_us
    return 1 if ready_us < RX1_US else 2 if ready_us < RX2_US else None
