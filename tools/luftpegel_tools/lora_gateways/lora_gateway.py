"""A simulated LoRa gateway: hears uplinks on the shared air, sends what it is ordered to, counts both.

It speaks protobuf upwards and frames downwards; how its messages travel is not its business. Its concentrator
counts microseconds in 32 bits from a start of its own, so that rollovers happen in a run.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chirpstack_api import common, gw  # type: ignore[import-untyped]

from luftpegel_tools.air.shared_air import PUBLIC_NETWORK, Frame, RadioAir
from luftpegel_tools.backhaul import messages
from luftpegel_tools.backhaul.messages import Order, OrderError
from luftpegel_tools.lora_gateways.schedule import Schedule, airtime_us
from luftpegel_tools.virtual_time.clock import VirtualClock

_RADIO_OF_CHANNEL = (0, 0, 0, 1, 1, 1, 1, 1)  # RF chain
_COUNTER_RANGE = 1 << 32


@dataclass(frozen=True)
class Site:
    """A gateway and where it stands. The channels are those of EU868 that ChirpStack configures."""

    gateway_id: str  # 16 hex digits
    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float = 0.0
    has_gps: bool = True
    channels_hz: tuple[int, ...] = (
        *(868_100_000, 868_300_000, 868_500_000),
        *(867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000),
    )
    bandwidth_hz: int = 125_000
    sends_hz: tuple[int, int] = (863_000_000, 870_000_000)
    max_power_dbm: int = 29  # EIRP
    latency_us: int = 30_000  # mean of the backhaul's delay, one way


@dataclass
class _Counts:
    """What happened since the last GatewayStats."""

    received: int = 0
    ordered: int = 0
    emitted: int = 0
    rx_hz: Counter[int] = field(default_factory=Counter)
    tx_hz: Counter[int] = field(default_factory=Counter)
    rx_rates: Counter[tuple[int, int]] = field(default_factory=Counter)
    tx_rates: Counter[tuple[int, int]] = field(default_factory=Counter)
    status: Counter[str] = field(default_factory=Counter)


class SimulatedGateway:
    """One gateway on a shared air."""

    def __init__(
        self,
        site: Site,
        clock: VirtualClock,
        air: RadioAir,
        signal: Callable[[object, object], tuple[int, float] | None],
        seed: str,
    ) -> None:
        """`signal(sender, gateway)` gives (RSSI in dBm, SNR in dB), None when out of reach."""
        self.site = site
        self._clock = clock
        self._air = air
        self._signal = signal
        self._rng = random.Random(f"gateway/{seed}/{site.gateway_id}")  # noqa: S311 - a run must repeat
        self._counter_at_0 = self._rng.randrange(_COUNTER_RANGE)
        self._schedule = Schedule()
        self._counts = _Counts()

    def latency_us(self) -> int:
        """How long the next message takes through the backhaul."""
        half = self.site.latency_us / 2
        return round(half + self._rng.expovariate(1 / half)) if half else 0

    def hear(self, frame: Frame) -> Any | None:
        """At the end of a frame on the air: the gw.UplinkFrame, None when the gateway does not receive it."""
        tuning, site = frame.tuning, self.site
        if (
            tuning.inverted
            or tuning.sync_word != PUBLIC_NETWORK
            or tuning.frequency_hz not in site.channels_hz
            or tuning.bandwidth_hz != site.bandwidth_hz
            or self._schedule.sends_during(frame.start_us, frame.end_us)
        ):
            return None
        signal = self._signal(frame.sender, self)
        if signal is None:
            return None
        self._counts.received += 1
        self._counts.rx_hz[tuning.frequency_hz] += 1
        self._counts.rx_rates[tuning.sf, tuning.bandwidth_hz] += 1
        return gw.UplinkFrame(
            phy_payload=frame.payload,
            tx_info=gw.UplinkTxInfo(
                frequency=tuning.frequency_hz, modulation=messages.lora(tuning.sf, tuning.bandwidth_hz)
            ),
            rx_info=self._rx_info(frame, *signal),
        )

    def order(self, frame: Any) -> Any:
        """Take a gw.DownlinkFrame: the first item that can be sent will be. Gives the gw.DownlinkTxAck."""
        self._counts.ordered += 1
        statuses: list[str] = []
        for item in frame.items:
            statuses.append(self._try(item))
            if statuses[-1] == "OK":
                break
        if statuses:
            self._counts.status[statuses[-1]] += 1
        statuses += ["IGNORED"] * (len(frame.items) - len(statuses))
        return gw.DownlinkTxAck(
            gateway_id=self.site.gateway_id,
            downlink_id=frame.downlink_id,
            items=[gw.DownlinkTxAckItem(status=gw.TxAckStatus.Value(status)) for status in statuses],
        )

    def stats(self) -> Any:
        """The gw.GatewayStats since the last time."""
        counts, self._counts = self._counts, _Counts()
        return gw.GatewayStats(
            gateway_id=self.site.gateway_id,
            time=messages.stamp(self._unix_us(self._clock.now_us)),
            location=self._location(common.LocationSource.GPS),
            rx_packets_received=counts.received,
            rx_packets_received_ok=counts.received,
            tx_packets_received=counts.ordered,
            tx_packets_emitted=counts.emitted,
            rx_packets_per_frequency=counts.rx_hz,
            tx_packets_per_frequency=counts.tx_hz,
            rx_packets_per_modulation=_per_modulation(counts.rx_rates, inverted=False),
            tx_packets_per_modulation=_per_modulation(counts.tx_rates, inverted=True),
            tx_packets_per_status=counts.status,
        )

    def _try(self, item: Any) -> str:
        """Name of the TxAckStatus of one item."""
        try:
            order = messages.read_order(item)
        except OrderError:
            return "INTERNAL_ERROR"
        low, high = self.site.sends_hz
        if not low <= order.frequency_hz <= high:
            return "TX_FREQ"
        if order.power_dbm > self.site.max_power_dbm:
            return "TX_POWER"
        if order.gps_us is not None and not self.site.has_gps:
            return "GPS_UNLOCKED"
        start_us = self._start_us(order)
        end_us = start_us + airtime_us(order)
        status = self._schedule.book(self._clock.now_us, start_us, end_us)
        if status == "OK":
            self._clock.call_at(start_us, self._emit, order, start_us, end_us)
        return status

    def _emit(self, order: Order, start_us: int, end_us: int) -> None:
        self._counts.emitted += 1
        self._counts.tx_hz[order.frequency_hz] += 1
        self._counts.tx_rates[order.spreading_factor, order.bandwidth_hz] += 1
        self._air.transmit(
            self,
            order.frequency_hz,
            order.spreading_factor,
            order.bandwidth_hz,
            order.power_dbm,
            order.inverted,
            order.crc,
            order.payload,
            start_us,
            end_us,
            preamble=order.preamble,
        )

    def _start_us(self, order: Order) -> int:
        """Virtual time of an order; a counter stands for the nearest such moment, past or to come."""
        now_us = self._clock.now_us
        if order.counter is None:
            return (order.gps_us or 0) - messages.gps_us(self._unix_us(0))
        ahead = (order.counter - self._counter(now_us)) % _COUNTER_RANGE
        return now_us + (ahead - _COUNTER_RANGE if ahead >= _COUNTER_RANGE // 2 else ahead)

    def _counter(self, at_us: int) -> int:
        return (self._counter_at_0 + at_us) % _COUNTER_RANGE

    def _unix_us(self, at_us: int) -> int:
        return self._clock.epoch * 1_000_000 + at_us

    def _rx_info(self, frame: Frame, rssi: int, snr: float) -> Any:
        channel = self.site.channels_hz.index(frame.tuning.frequency_hz)
        unix_us = self._unix_us(frame.end_us)
        info = gw.UplinkRxInfo(
            gateway_id=self.site.gateway_id,
            uplink_id=self._rng.getrandbits(32),
            gw_time=messages.stamp(unix_us),
            rssi=rssi,
            snr=snr,
            channel=channel,
            rf_chain=_RADIO_OF_CHANNEL[channel],
            location=self._location(common.LocationSource.UNKNOWN),
            context=messages.context(self._counter(frame.end_us)),
            crc_status=gw.CRCStatus.CRC_OK,
        )
        if self.site.has_gps:
            info.time_since_gps_epoch.CopyFrom(messages.duration(messages.gps_us(unix_us)))
        return info

    def _location(self, source: int) -> Any:
        site = self.site
        return common.Location(
            latitude=site.latitude, longitude=site.longitude, altitude=site.altitude, source=source
        )


def _per_modulation(counts: Counter[tuple[int, int]], *, inverted: bool) -> list[Any]:
    return [
        gw.PerModulationCount(modulation=messages.lora(sf, bandwidth, inverted=inverted), count=count)
        for (sf, bandwidth), count in counts.items()
    ]
