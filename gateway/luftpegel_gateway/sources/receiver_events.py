"""What a receiver has heard by plain LoRa, as the gateway's own events. Pure; the stations' keys are handed
in.

A delivery is a JSON object: the line as the receiver wrote it, its id, and when the line came by our own
clock (microseconds since 1970). Whether a frame is a station's own says its code (`luftpegel_direct`);
whether it comes a second time, `ingest/decide.py` knows. What is refused here lies in quarantine as it came,
and is read by the keys of the day when it is played again.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from luftpegel_direct import frame as direct
from luftpegel_direct import line
from luftpegel_gateway.model.events import Clocks, Event, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import values
from luftpegel_gateway.sources.json_object import object_of
from luftpegel_gateway.transport import aes

LARGEST_EVENT = 2048
NO_LINE, NO_KEY, FORGED = "LP-527", "LP-526", "LP-525"
FOREIGN = "no frame of a station"  # a reason that is counted
_SECOND = 1_000_000

Keys = Mapping[str, bytes]  # device EUI -> the station's key
NO_KEYS: Keys = {}


class Told(msgspec.Struct, frozen=True):
    """What a line says of a frame: which one of which boot, how long ago it came, and how well."""

    boot: int
    number: int
    uptime_s: int
    age_s: int
    rssi: int
    snr: float
    frame: bytes


def payload_of(receiver: str, written: bytes, at: int) -> bytes:
    """A delivery's payload. `at`: microseconds since 1970."""
    return msgspec.json.encode({"receiver": receiver, "at": at, "line": written.decode("ascii", "replace")})


def told(written: bytes) -> Told | None:
    """What a line tells of a frame; None for another line. ValueError: it is damaged."""
    kind, *found = line.read(written)
    if kind != line.FRAME:
        return None
    boot, number, uptime_s, age_s, rssi, snr4, heard = found
    return Told(boot, number, uptime_s, age_s, rssi, snr4 / 4, heard)


def parse(_topic: str, payload: bytes, size: int | None = None, *, keys: Keys = NO_KEYS) -> Event:
    """The uplink in one delivery. Raises Refused: LP-525 forged, LP-526 no key, LP-527 no line."""
    body = object_of(payload, size, LARGEST_EVENT, NO_LINE)
    odd: list[str] = []
    found = _told(body.get("line"))
    try:
        dev_eui, counter, port = direct.look(found.frame)
    except direct.Foreign:
        return Passed(FOREIGN)
    name = dev_eui.hex()
    key = keys.get(name)
    if key is None:
        raise Refused(NO_KEY, f"device {name}")
    try:
        data = direct.unseal(aes, _derived(key), found.frame)
    except direct.Forged as error:
        raise Refused(FORGED, f"device {name}, counter {counter}") from error
    at = values.whole(body.get("at"), 0, values.LATEST, "at", odd)
    receiver = values.label(body.get("receiver", ""), "receiver", odd)
    return Uplink(
        dev_eui=name,
        f_port=port,
        data=data,
        clocks=Clocks(None if at is None else max(0, at - found.age_s * _SECOND)),
        f_cnt=counter,
        rssi=found.rssi,
        snr=found.snr,
        gateway=receiver,
        gateways=1,
        once=True,
        lacking=tuple(odd),
    )


def _told(written: object) -> Told:
    if not isinstance(written, str):
        raise Refused(NO_LINE, "line is missing")
    try:
        found = told(written.encode())
    except ValueError as error:
        raise Refused(NO_LINE, values.prose(str(error), 100)) from error
    if found is None:
        raise Refused(NO_LINE, "another line than that of a frame")
    return found


@lru_cache(4096)
def _derived(key: bytes) -> tuple[bytes, bytes]:
    return direct.keys_of(aes, key)
