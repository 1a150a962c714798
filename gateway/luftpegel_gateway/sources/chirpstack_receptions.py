"""Who heard an uplink, how well, and when by which clock: what `rxInfo`, `txInfo` and `time` say together."""

from collections.abc import Sequence

import msgspec

from luftpegel_gateway.model.events import Clocks
from luftpegel_gateway.sources import values
from luftpegel_gateway.sources.chirpstack_shapes import Message, Reception

MOST_GATEWAYS = 64
_WORST = -1000.0  # below every RSSI and SNR: the rank of one that is not known


class Heard(msgspec.Struct, gc=False):
    """`rssi` dBm, `snr` dB and `gateway`: of the one that heard best; `gateways`: how many heard it."""

    clocks: Clocks
    rssi: int | None = None
    snr: float | None = None
    gateway: str = ""
    gateways: int = 0


def heard(message: Message, odd: list[str]) -> Heard:
    """All receptions of an uplink as one. Each gateway has one clock, also where it heard twice (mesh)."""
    receptions = _receptions(message, odd)
    lora = _is_lora(message)
    best = Heard(Clocks())
    best_rank: tuple[float, float] | None = None
    network: int | None = None
    gateways: dict[str, int] = {}
    for item in receptions:
        name = values.label(item.gateway_id, "rxInfo.gatewayId", odd).lower()
        rssi = values.whole(item.rssi, -250, 100, "rxInfo.rssi", odd)
        snr = values.real(item.snr, -100, 100, "rxInfo.snr", odd) if lora else None
        rank = (_WORST if snr is None else snr, _WORST if rssi is None else rssi)
        if best_rank is None or rank > best_rank:
            best_rank = rank
            best.rssi, best.snr, best.gateway = rssi, snr, name
        if item.ns_time is not None:
            own = values.moment(item.ns_time, "rxInfo.nsTime", odd)
            if own is not None and (network is None or own > network):
                network = own
        clock = _clock(item, odd)
        if clock is not None:
            gateways.setdefault(name, clock)
    best.gateways = len(message.rx_info or ())
    best.clocks = Clocks(told(message, odd), network, tuple(gateways.items()))
    return best


def told(message: Message, odd: list[str]) -> int | None:
    """The event's own time in microseconds."""
    if message.time is not None:
        return values.moment(message.time, "time", odd)
    odd.append("time")
    return None


def _receptions(message: Message, odd: list[str]) -> Sequence[Reception]:
    receptions = message.rx_info
    if receptions and len(receptions) <= MOST_GATEWAYS:
        return receptions
    odd.append("rxInfo")
    return receptions[:MOST_GATEWAYS] if receptions else ()


def _is_lora(message: Message) -> bool:
    """Whether the SNR means anything: gw.proto has it for LoRa only, and elsewhere a missing one is no 0."""
    modulation = message.tx_info.modulation if message.tx_info else None
    return modulation is None or (modulation.fsk is None and modulation.lr_fhss is None)


def _clock(item: Reception, odd: list[str]) -> int | None:
    """The gateway's own time, else its GPS time."""
    given = item.time if item.gw_time is None else item.gw_time
    clock = None if given is None else values.moment(given, "rxInfo.gwTime", odd)
    if clock is None and item.time_since_gps_epoch is not None:
        return values.gps_moment(item.time_since_gps_epoch, "rxInfo.timeSinceGpsEpoch", odd)
    return clock
