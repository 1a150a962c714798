"""ChirpStack v4's integration events, JSON or protobuf, as the gateway's own, and its commands. Pure.

Contract: chirpstack's `integration.proto`. Its traps: `rxInfo` and `txInfo` leave out fields that hold their
default (no `rssi` means 0 dBm, no `fPort` an uplink without one), `deduplicationId` is random and names
nothing, `data` is "" for MAC-only uplinks, and `joinServerContext` means that the payload is still encrypted.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from luftpegel_gateway.model.events import Downlink, Event, Joined, Notice, Refused, UplinkFrame

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EUI = re.compile(r"[0-9a-f]{16}")
_ADDRESS = re.compile(r"[0-9a-f]{8}")
_TOPIC = re.compile(r"(?P<device>(?:.*/)?application/[^/]+/device/[^/]+)/event/(?P<kind>[a-z]+)")
_MESSAGES = {"up": "UplinkEvent", "join": "JoinEvent", "log": "LogEvent", "status": "StatusEvent",
             "ack": "AckEvent", "txack": "TxAckEvent", "location": "LocationEvent"}  # fmt: skip
LARGEST_EVENT = 256 * 1024
LATEST = 2**53  # microseconds: the year 2255


def parse(topic: str, payload: bytes) -> Event:
    """The event of one MQTT message. Raises Refused LP-250 for anything that is none."""
    place = _TOPIC.fullmatch(topic)
    reader = _READERS.get(place["kind"]) if place else None
    if place is None or reader is None:
        raise Refused("LP-250", f"topic {topic[:200]!r}")
    if len(payload) > LARGEST_EVENT:
        raise Refused("LP-250", f"{len(payload)} bytes are more than any event has")
    content = _content(place["kind"], payload)
    try:
        return reader(place["device"], content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("LP-250", f"{type(error).__name__}: {str(error)[:200]}") from error


def is_json(payload: bytes | bytearray) -> bool:
    """Whether an event is JSON. No protobuf event begins with "{": proto3 has no such wire type."""
    return payload.lstrip()[:1] == b"{"


def json_command(downlink: Downlink) -> bytes:
    """A command for a ChirpStack whose integration speaks JSON."""
    command = {
        "devEui": downlink.dev_eui,
        "confirmed": False,
        "fPort": downlink.f_port,
        "data": base64.b64encode(downlink.data).decode(),
        "id": downlink.id,
    }
    return json.dumps(command).encode()


def protobuf_command(downlink: Downlink) -> bytes:
    """The same for one whose integration speaks protobuf: it reads nothing else."""
    from chirpstack_api import integration  # type: ignore[import-untyped]  # noqa: PLC0415

    command = integration.DownlinkCommand(
        id=downlink.id, dev_eui=downlink.dev_eui, f_port=downlink.f_port, data=downlink.data
    )
    encoded: bytes = command.SerializeToString()
    return encoded


def _content(kind: str, payload: bytes) -> dict[str, Any]:
    """The message as a dictionary with ChirpStack's JSON names."""
    try:
        content = json.loads(payload) if is_json(payload) else _protobuf(kind, payload)
    except (ValueError, RecursionError) as error:
        raise Refused("LP-250", f"neither JSON nor protobuf: {str(error)[:200]}") from error
    if not isinstance(content, dict):
        raise Refused("LP-250", "the event is no object")
    return content


def _protobuf(kind: str, payload: bytes) -> dict[str, Any]:
    """Read only what the readers use: converting a whole message to JSON costs a hundred times as much."""
    # Imported here: 50 ms and 10 MB that a JSON integration never needs.
    from chirpstack_api import integration  # noqa: PLC0415
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        event = getattr(integration, _MESSAGES[kind]).FromString(payload)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    content: dict[str, Any] = {"deviceInfo": {"devEui": event.device_info.dev_eui}}
    if kind == "up":
        content |= _protobuf_uplink(event)
    elif kind == "log":
        content |= {"level": integration.LogLevel.Name(event.level), "description": event.description,
                    "code": integration.LogCode.Name(event.code)}  # fmt: skip
    return content


def _protobuf_uplink(event: Any) -> dict[str, Any]:
    content = {
        "devAddr": event.dev_addr,
        "fCnt": event.f_cnt,
        "fPort": event.f_port,
        "dr": event.dr,
        "data": event.data,
        "rxInfo": [{"rssi": gateway.rssi, "snr": gateway.snr} for gateway in event.rx_info],
    }
    if event.HasField("time"):
        content["time"] = event.time.seconds * 1_000_000 + event.time.nanos // 1000
    if event.HasField("join_server_context"):
        content["joinServerContext"] = {}
    return content


def _uplink(device: str, content: dict[str, Any]) -> UplinkFrame:
    rssi, snr = _strongest(content.get("rxInfo") or [])
    return UplinkFrame(
        dev_eui=_dev_eui(content),
        dev_addr=_hex(_ADDRESS, content["devAddr"]),
        f_cnt=_whole(content.get("fCnt", 0), 2**32 - 1),
        f_port=_whole(content.get("fPort", 0), 255),
        data=_bytes(content.get("data")),
        received_at=_microseconds(content["time"]),
        reply_topic=f"{device}/command/down",
        dr=_whole(content.get("dr", 0), 15),
        rssi=rssi,
        snr=snr,
        encrypted=content.get("joinServerContext") is not None,
    )


def _join(_device: str, content: dict[str, Any]) -> Joined:
    return Joined(_dev_eui(content))


def _log(_device: str, content: dict[str, Any]) -> Notice:
    level, code, text = (str(content.get(key, "")) for key in ("level", "code", "description"))
    return Notice(_dev_eui(content), level[:20], code[:60], text[:500])


def _other(_device: str, content: dict[str, Any]) -> Notice:
    return Notice(_dev_eui(content), "INFO", "", "")


_READERS: dict[str, Callable[[str, dict[str, Any]], Event]] = {
    "up": _uplink,
    "join": _join,
    "log": _log,
    "status": _other,
    "ack": _other,
    "txack": _other,
    "location": _other,
}


def _dev_eui(content: dict[str, Any]) -> str:
    return _hex(_EUI, content["deviceInfo"]["devEui"])


def _hex(pattern: re.Pattern[str], text: str) -> str:
    """Lower-case hex digits of the right length; ValueError otherwise."""
    if not pattern.fullmatch(text.lower()):
        raise ValueError(f"{text[:40]!r} is no hexadecimal identifier of the right length")
    return text.lower()


def _whole(value: object, largest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise ValueError(f"{str(value)[:40]} is no whole number from 0 to {largest}")
    return value


def _bytes(value: str | bytes | None) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"data is not base64: {error}") from error


def _microseconds(value: str | int) -> int:
    """Unix microseconds of an RFC 3339 time; nanoseconds are cut."""
    if isinstance(value, int):
        return _whole(value, LATEST)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"time {value!r} names no zone")
    elapsed = moment - _EPOCH
    return _whole((elapsed.days * 86400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds, LATEST)


def _strongest(receptions: list[dict[str, Any]]) -> tuple[int | None, float | None]:
    """RSSI and SNR of the gateway that heard best. An absent field holds its default, 0."""
    heard = [(float(item.get("snr", 0)), int(item.get("rssi", 0))) for item in receptions]
    if not heard:
        return None, None
    snr, rssi = max(heard)
    if not math.isfinite(snr) or abs(rssi) > 1000:
        raise ValueError(f"rxInfo: rssi {str(rssi)[:20]}, snr {snr}")
    return rssi, snr
