"""Frames of other makers' devices, for the sinks that take them raw. Pure.

They are no readings: they get no name, no check, no place in a store. Bounded: a frame's size, what its
network server decoded of it, and how many an hour, so that a neighbour's devices cannot fill the disk while a
sink is down.
"""

from collections.abc import Mapping

from luftpegel_gateway.downlinks.airtime import spend
from luftpegel_gateway.ingest.clocks import Estimate
from luftpegel_gateway.model.events import Uplink
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Stranger

PASSED_ON, TOO_MANY, TOO_LONG = "passed on raw", "beyond the hour's bound", "longer than any frame"
MOST_AN_HOUR = 20_000  # of one source
LARGEST_FRAME = 255  # bytes; LoRa carries no more
LARGEST_OBJECT = 8192  # bytes of JSON; a larger one is left out


def account_of(source: str) -> str:
    """Under which name a source's frames of this hour are counted, beside the radio gateways' airtime."""
    return f"strangers of {source}"


def counted(spent: Mapping[str, tuple[int, int]], source: str, now: int) -> tuple[int, int] | None:
    """The source's account after one more frame; None when there were enough this hour."""
    return spend(spent, account_of(source), now, 1, MOST_AN_HOUR)


def passed_on(event: Uplink, tenant: str, source: str, received: Estimate, decoded: bytes) -> Stranger:
    """What sinks get. `decoded`: what the network server made of it, JSON, or b""."""
    return Stranger(
        ref=Ref(tenant, event.dev_eui),
        source=source,
        f_port=event.f_port,
        f_cnt=event.f_cnt,
        data=event.data,
        decoded=decoded if len(decoded) <= LARGEST_OBJECT else b"",
        received_at=received.at,
        application=event.application_name or event.application,
        rssi=event.rssi,
        snr=event.snr,
        dr=event.dr,
        gateway=event.gateway,
    )
