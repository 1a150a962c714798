"""ChirpStack v4's uplink event as JSON, as its MQTT integration prints it, heard by two radio gateways.

About 1.6 KB. Built by hand because a day of a town is 288,000 of them; a test reads them with ChirpStack's
own message definitions. One gateway has GPS time, one has not; for both the server tells its own (`nsTime`).
"""

import base64
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from luftpegel_tools.network_server.chirpstack.events import GPS_EPOCH_S, LEAP_SECONDS

APPLICATION = "5f1c2f0e-6c1b-4b8e-9d0a-8a1d6b3e7c21"
_DEVICE = {
    "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
    "tenantName": "Stadtwerke",
    "applicationId": APPLICATION,
    "applicationName": "Luft und Pegel",
    "deviceProfileId": "d5b1f0b3-0c2b-4fd5-8a54-2b1b0d1c9a77",
    "deviceProfileName": "luftpegel-climate-eu868",
    "deviceClassEnabled": "CLASS_A",
}
_FREQUENCIES = tuple(867_100_000 + 200_000 * step for step in range(8))
_GATEWAYS: tuple[tuple[str, dict[str, float], bool], ...] = (  # id, place, whether it has GPS time
    ("a84041ffff1ee2b4", {"latitude": 50.0513, "longitude": 6.3022, "altitude": 231.0}, True),
    ("24e124fffef54092", {"latitude": 50.0581, "longitude": 6.2877, "altitude": 264.0}, False),
)
_DATA_RATE = 5
PORT_READINGS = 1


@dataclass(frozen=True)
class Uplink:
    """One frame on its way: whose, which, and when its transmission ended (Unix milliseconds)."""

    station: int
    f_cnt: int
    payload: bytes
    sent_ms: int


def dev_eui(station: int) -> str:
    """The device EUI of the station with this number."""
    return f"70b3d57ed{station:07x}"


def station_id(station: int) -> str:
    """Its name in stations.toml."""
    return f"LP-{station:04d}"


def topic(station: int) -> str:
    """Where ChirpStack publishes the station's uplinks."""
    return f"application/{APPLICATION}/device/{dev_eui(station)}/event/up"


def event_maker(seed: int) -> Callable[[Uplink], bytes]:
    """A function that prints events; what ChirpStack and the radio leave to chance comes from `seed`."""
    rng = random.Random(seed)  # noqa: S311  (no secret: the same load on each run)
    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode

    def event(uplink: Uplink) -> bytes:
        return encode(_event(rng, uplink)).encode()

    return event


def _event(rng: random.Random, uplink: Uplink) -> dict[str, Any]:
    eui = dev_eui(uplink.station)
    channel = rng.randrange(len(_FREQUENCIES))
    return {
        "deduplicationId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "time": _stamp(uplink.sent_ms * 1_000_000),
        "deviceInfo": {
            **_DEVICE,
            "deviceName": f"Klima {station_id(uplink.station)}",
            "devEui": eui,
            "tags": {"station": station_id(uplink.station)},
        },
        "devAddr": f"01{uplink.station:06x}",
        "adr": True,
        "dr": _DATA_RATE,
        "fCnt": uplink.f_cnt,
        "fPort": PORT_READINGS,
        "confirmed": False,
        "data": base64.b64encode(uplink.payload).decode(),
        "rxInfo": [_reception(rng, uplink.sent_ms, channel, gateway) for gateway in _GATEWAYS],
        "txInfo": {
            "frequency": _FREQUENCIES[channel],
            "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
        "regionConfigId": "eu868",
    }


def _reception(
    rng: random.Random, sent_ms: int, channel: int, gateway: tuple[str, dict[str, float], bool]
) -> dict[str, Any]:
    """What one gateway tells; `gw` messages leave out fields that hold their default, 0."""
    gateway_id, place, has_gps = gateway
    sent_ns = sent_ms * 1_000_000 + rng.randrange(1_000_000)
    received_ns = sent_ns + rng.randrange(20_000_000, 180_000_000)
    told: dict[str, Any] = {
        "gatewayId": gateway_id,
        "uplinkId": rng.getrandbits(32),
        "gwTime": _stamp(sent_ns),
        "nsTime": _stamp(received_ns),
    }
    if has_gps:
        since_ns = sent_ns - (GPS_EPOCH_S - LEAP_SECONDS) * 10**9
        told["timeSinceGpsEpoch"] = f"{since_ns // 10**9}{_fraction(since_ns)}s"
    heard = {"rssi": -rng.randrange(60, 118), "snr": rng.randrange(-40, 54) / 4, "channel": channel}
    told |= {name: value for name, value in heard.items() if value}
    return told | {
        "location": place,
        "context": base64.b64encode((sent_ns // 1000 % 2**32).to_bytes(4, "big")).decode(),
        "metadata": {"region_common_name": "EU868", "region_config_id": "eu868"},
        "crcStatus": "CRC_OK",
    }


def _stamp(unix_ns: int) -> str:
    """RFC 3339 as ChirpStack prints it."""
    return f"{_second(unix_ns // 10**9)}{_fraction(unix_ns)}+00:00"


def _fraction(time_ns: int) -> str:
    """Nought, three, six or nine digits, as many as are needed."""
    nanos = time_ns % 10**9
    if nanos % 1_000_000 == 0:
        return f".{nanos // 1_000_000:03d}" if nanos else ""
    return f".{nanos:09d}" if nanos % 1000 else f".{nanos // 1000:06d}"


@lru_cache(1000)
def _second(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%dT%H:%M:%S}"
