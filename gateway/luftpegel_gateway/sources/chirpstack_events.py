"""ChirpStack v4's integration events, JSON or protobuf, as the gateway's own, and its commands. Pure.

Contract: chirpstack's `integration.proto`, 4.0 to 4.19. Its traps: a missing field holds its default
(`rxInfo` and `txInfo` never write one, nor does any part of 4.0), `deduplicationId` is random and names
nothing, `data` is "" for MAC-only uplinks, `joinServerContext` means that the payload is still encrypted,
`time` is any radio gateway's word, and `rxInfo[].nsTime` (from 4.6, not in 4.11.0) ChirpStack's own clock.

A device EUI, and data that can be read, are all that an uplink must have. Whatever else is missing or makes
no sense is None, and its JSON name stands in `lacking`.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from luftpegel_gateway.config.installed import missing
from luftpegel_gateway.model.events import (
    Carried,
    Clocks,
    Downlink,
    Event,
    Joined,
    Notice,
    Passed,
    Reported,
    Uplink,
)
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import values
from luftpegel_gateway.sources.chirpstack_receptions import heard, told
from luftpegel_gateway.sources.chirpstack_shapes import Message, from_json, from_protobuf, is_json

__all__ = ["is_json", "json_command", "parse", "parse_posted", "protobuf_command"]

LARGEST_EVENT = 256 * 1024
PROTOBUF_PART = "chirpstack"  # of pyproject.toml: what reads protobuf
LONGEST_TOPIC = 300  # of those whose parts are remembered
# Kinds that hold no reading ("integration" ended with 4.15). Reasons are counted, so there must be few.
OTHER_KINDS = ("ack", "location", "integration")
BESIDE = ("status", "txack")  # no reading hangs on them, so one that cannot be read is passed over, too
LEVELS = ("INFO", "WARNING", "ERROR")
CODES = ("UNKNOWN", "DOWNLINK_PAYLOAD_SIZE", "UPLINK_CODEC", "DOWNLINK_CODEC", "OTAA",
         "UPLINK_F_CNT_RESET", "UPLINK_MIC", "UPLINK_F_CNT_RETRANSMISSION", "DOWNLINK_GATEWAY",
         "RELAY_NEW_END_DEVICE", "F_CNT_DOWN", "EXPIRED")  # fmt: skip
_ADDRESS = re.compile(r"[0-9a-f]{8}")
_VERSION_3 = (b'"devEUI"', b'"applicationID"')


class _Place(NamedTuple):
    """What the topic says: …application/{application}/device/{device}/event/{kind}."""

    base: str  # all before /event/; "": the event was posted, and there is no topic
    application: str
    device: str  # its EUI, or "" where another template made the topic
    kind: str


def parse(topic: str, payload: bytes, size: int | None = None) -> Event:
    """The event of one MQTT message; `size`: bytes of the whole payload where `payload` is its head.

    Raises Refused: LP-250 for what is no event or names no device, LP-256 for one of ChirpStack v3, LP-399
    or LP-540 for one in protobuf where its definitions are not installed.
    """
    return _event(_place(topic) if len(topic) <= LONGEST_TOPIC else _place.__wrapped__(topic), payload, size)


def parse_posted(kind: str, payload: bytes, size: int | None = None) -> Event:
    """The event of one request of its HTTP integration; `kind`: the parameter `event` of the address.

    Commands cannot go back this way. Raises as `parse`.
    """
    return _event(_Place("", "", "", kind), payload, size)


def _event(place: _Place, payload: bytes, size: int | None) -> Event:
    reader = _READERS.get(place.kind)
    if reader is None:
        kind = place.kind if place.kind in OTHER_KINDS else "unknown"
        return Passed(f"kind {kind}", place.device)
    if size is not None or len(payload) > LARGEST_EVENT:
        raise Refused("LP-250", f"{size or len(payload)} bytes are more than any event has")
    try:
        return _read(reader, place, payload)
    except Refused:
        if place.kind not in BESIDE:
            raise
        return Passed(f"kind {place.kind}", place.device)


def _read(reader: "_Reader", place: _Place, payload: bytes) -> Event:
    odd: list[str] = []
    speaks_json = is_json(payload)
    message = _message(place.kind, payload, speaks_json, odd)
    given = message.device_info.dev_eui if message.device_info else None
    if given != place.device or not given:
        given = _dev_eui(given, place, payload, odd)
    return reader(place, message, given, speaks_json, odd)


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


@lru_cache(4096)
def _place(topic: str) -> _Place:
    parts = topic.rsplit("/", 5)
    if (
        len(parts) < 6
        or (parts[0] != "application" and not parts[0].endswith("/application"))
        or parts[2] != "device"
        or parts[4] != "event"
        or not all(parts)
    ):
        raise Refused("LP-250", f"topic {topic[:200]!r}")
    try:
        device = values.device_eui(parts[3])
    except ValueError:
        device = ""
    return _Place(topic[: -len(parts[5]) - len("/event/")], parts[1], device, parts[5])


def _message(kind: str, payload: bytes, speaks_json: bool, odd: list[str]) -> Message:
    try:
        return from_json(payload, odd) if speaks_json else from_protobuf(kind, payload)
    except ImportError as error:  # what is not JSON waits until it can be read
        raise Refused(*missing(PROTOBUF_PART)) from error
    except RecursionError as error:
        raise Refused("LP-250", "the JSON is nested too deeply") from error
    except (ValueError, TypeError) as error:
        form = "JSON that cannot be read" if speaks_json else "neither JSON nor protobuf"
        raise Refused("LP-250", f"{form}: {values.prose(str(error), 200)}") from error


def _dev_eui(given: Any, place: _Place, payload: bytes, odd: list[str]) -> str:
    """The event's own word, not the topic's: a bridge or a rule can publish an event under any topic."""
    try:
        dev_eui = values.device_eui(given)
    except ValueError as error:
        if given is None and any(key in payload for key in _VERSION_3):
            raise Refused("LP-256", str(error)) from error
        raise Refused("LP-250", f"no device EUI: {error}") from error
    if place.base and dev_eui != place.device:
        odd.append("topic")
    return dev_eui


def _uplink(place: _Place, message: Message, dev_eui: str, speaks_json: bool, odd: list[str]) -> Uplink:
    try:
        data = values.base64(message.data)
    except ValueError as error:
        raise Refused("LP-250", f"data is no base64: {error}") from error
    radio = heard(message, odd)
    tenant, application, application_name = _origin(place, message, odd)
    return Uplink(
        dev_eui=dev_eui,
        f_port=values.whole(message.f_port, 0, 255, "fPort", odd),
        data=data,
        clocks=radio.clocks,
        dev_addr=_address(message, odd),
        f_cnt=values.whole(message.f_cnt, 0, 2**32 - 1, "fCnt", odd),
        reply_topic=place.base and f"{place.base}/command/down",
        json=speaks_json,
        application=application,
        application_name=application_name,
        tenant=tenant,
        dr=values.whole(message.dr, 0, 15, "dr", odd),
        rssi=radio.rssi,
        snr=radio.snr,
        gateway=radio.gateway,
        gateways=radio.gateways,
        encrypted=_encrypted(message, odd),
        lacking=tuple(sorted(set(odd))) if odd else (),
    )


def _join(place: _Place, message: Message, dev_eui: str, _json: bool, odd: list[str]) -> Joined:
    _, application, name = _origin(place, message, odd)
    return Joined(dev_eui, Clocks(told(message, odd)), _address(message, odd), application, name)


def _log(place: _Place, message: Message, dev_eui: str, _json: bool, odd: list[str]) -> Notice:
    _, application, name = _origin(place, message, odd)
    level, code = _word(message.level, LEVELS, 20), _word(message.code, CODES, 60)
    return Notice(dev_eui, level, code, values.prose(message.description, 500), application, name)


def _status(place: _Place, message: Message, dev_eui: str, _json: bool, odd: list[str]) -> Reported:
    _, application, name = _origin(place, message, odd)
    external, unknown = message.external_power_source is True, message.battery_level_unavailable is True
    battery = values.real(message.battery_level, 0, 100, "batteryLevel", odd)
    return Reported(
        dev_eui,
        Clocks(told(message, odd)),
        None if external or unknown else battery,
        external,
        values.whole(message.margin, -32, 31, "margin", odd),
        application,
        name,
    )


def _sent(place: _Place, message: Message, dev_eui: str, _json: bool, odd: list[str]) -> Carried:
    _, application, name = _origin(place, message, odd)
    number = values.label(message.queue_item_id, "queueItemId", odd)
    return Carried(dev_eui, number, Clocks(told(message, odd)), application, name)


_Reader = Callable[[_Place, Message, str, bool, list[str]], Event]
_READERS: dict[str, _Reader] = {
    "up": _uplink,
    "join": _join,
    "log": _log,
    "status": _status,
    "txack": _sent,
}


def _address(message: Message, odd: list[str]) -> str:
    given = message.dev_addr
    if isinstance(given, str) and _ADDRESS.fullmatch(plain := given.lower()):
        return plain
    odd.append("devAddr")
    return ""


def _origin(place: _Place, message: Message, odd: list[str]) -> tuple[str, str, str]:
    """Tenant's id, application's id and name. The topic has the application's id too."""
    device = message.device_info
    if device is None:
        return "", "", ""
    tenant = values.label(device.tenant_id, "deviceInfo.tenantId", odd)
    application = values.label(device.application_id, "deviceInfo.applicationId", odd)
    name = values.label(device.application_name, "deviceInfo.applicationName", odd)
    return tenant, application or values.label(place.application, "topic", odd), name


def _encrypted(message: Message, odd: list[str]) -> bool:
    context = message.join_server_context
    if context is not None and not isinstance(context, dict):
        odd.append("joinServerContext")
    return isinstance(context, dict)


def _word(value: Any, words: Sequence[str], longest: int) -> str:
    """A word of an enumeration, also as its number; the number of one that is newer than this gateway."""
    if type(value) is int and 0 <= value < len(words):
        return words[value]
    return values.prose(value, longest)
