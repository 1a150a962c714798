"""The way of one station's LoRa frames over the shared air, to and from the gateways.

The counterpart of `modem_link.ModemLink`, for a station whose radio sends real frames.
"""

from collections.abc import Sequence

from luftpegel_tools.air.airtime import MAC_OVERHEAD
from luftpegel_tools.air.losses import Losses
from luftpegel_tools.air.modem_link import GatewaySite
from luftpegel_tools.air.shared_air import Frame

_DATA_UP = {0b010, 0b100}  # message types of TS001, section 4.2.1
_OPTIONS_LENGTH = 15  # bits of FCtrl


class LoRaLink(Losses):
    """Ask `up` for each gateway, after `heard` has drawn whether a frame is lost for all of them."""

    def __init__(
        self, sites: Sequence[GatewaySite], *, seed: str, loss_up: float = 0.0, loss_down: float = 0.0
    ) -> None:
        super().__init__(seed, loss_up, loss_down)
        self._sites = {site.gateway_id: site for site in sites}
        self._is_lost = False

    @property
    def is_lost(self) -> bool:
        """Whether no gateway hears the frame that was counted last."""
        return self._is_lost

    def mean_rssi(self, gateway_id: str) -> int:
        """How loud this station is at a gateway, in dBm, fading apart."""
        return self._sites[gateway_id].rssi

    def heard(self, frame: Frame, *, drowned: bool) -> None:
        """A frame of this station has ended: count it, and draw its fate. `drowned` by others everywhere."""
        self._is_lost = self.lost_up(frame.end_us) or drowned
        if frame.payload[0] >> 5 not in _DATA_UP:
            return
        options = frame.payload[5] & _OPTIONS_LENGTH
        self.count(
            uplinks=1,
            uplinks_lost=int(self._is_lost),
            payload_bytes=max(0, len(frame.payload) - MAC_OVERHEAD - options),
            airtime_us=frame.end_us - frame.start_us,
        )

    def up(self, gateway_id: str) -> tuple[int, float] | None:
        """RSSI (dBm) and SNR (dB) of that frame at a gateway; None when it is lost."""
        site = self._sites[gateway_id]
        return None if self._is_lost else self.signal(site.rssi, site.snr)

    def down(self, gateway_id: str, now_us: int) -> tuple[int, float] | None:
        """The same for a frame of a gateway at the station."""
        site = self._sites[gateway_id]
        is_lost = self.lost_down(now_us)
        self.count(downlinks=1, downlinks_lost=int(is_lost))
        return None if is_lost else self.signal(site.rssi, site.snr)
