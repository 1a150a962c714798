"""The shape of ChirpStack's events: the few fields of them that are read, from JSON or from protobuf.

Values are left as they came (`values.py` reads them), so only the nesting can be wrong here. The
usual event goes through msgspec in one step, which skips the rest; one that is bent, or no strict JSON, is
taken apart by hand. Protobuf is copied field by field: `json_format` costs a hundred times as much.
"""

import json
from functools import cache
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Device(msgspec.Struct, rename="camel", gc=False):
    """integration.DeviceInfo."""

    dev_eui: Any = None
    tenant_id: Any = ""
    application_id: Any = ""
    application_name: Any = ""


class Reception(msgspec.Struct, rename="camel", gc=False):
    """gw.UplinkRxInfo. A default is never written, so what is missing holds it. `time`: gwTime before 4.6."""

    gateway_id: Any = ""
    rssi: Any = 0
    snr: Any = 0.0
    gw_time: Any = None
    time: Any = None
    ns_time: Any = None
    time_since_gps_epoch: Any = None


class Modulation(msgspec.Struct, rename="camel", gc=False):
    """gw.Modulation; `lora` is the usual one and not looked at."""

    fsk: Any = None
    lr_fhss: Any = None


class Transmission(msgspec.Struct, rename="camel", gc=False):
    """gw.UplinkTxInfo."""

    modulation: Modulation | None = None


class Message(msgspec.Struct, rename="camel", gc=False):
    """UplinkEvent, JoinEvent, LogEvent, StatusEvent and TxAckEvent in one; 4.0 leaves out every default."""

    device_info: Device | None = None
    time: Any = None
    dev_addr: Any = ""
    f_cnt: Any = 0
    f_port: Any = 0
    dr: Any = 0
    data: Any = None
    rx_info: list[Reception] | None = None
    tx_info: Transmission | None = None
    join_server_context: Any = None
    level: Any = 0
    code: Any = 0
    description: Any = ""
    margin: Any = 0
    external_power_source: Any = False
    battery_level_unavailable: Any = False
    battery_level: Any = 0.0
    queue_item_id: Any = ""


_STRICT = msgspec.json.Decoder(Message)
_WHITESPACE = b" \t\r\n"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-8 and UTF-16
_LONGEST_NUMBER = 30
_PROTOBUF = {
    "up": "UplinkEvent",
    "join": "JoinEvent",
    "log": "LogEvent",
    "status": "StatusEvent",
    "txack": "TxAckEvent",
}
_PLAIN = {  # fields that are copied as they are
    "log": ("level", "code", "description"),
    "status": ("margin", "external_power_source", "battery_level_unavailable", "battery_level"),
    "txack": ("queue_item_id",),
}


def is_json(payload: bytes | bytearray) -> bool:
    """Whether an event is JSON. No protobuf event begins with "{" or such a mark: proto3 has no such type."""
    if payload[:1] == b"{":
        return True
    return payload.startswith(_MARKS) or payload.lstrip(_WHITESPACE)[:1] == b"{"


def from_json(payload: bytes, odd: list[str]) -> Message:
    """The event in JSON text; ValueError, TypeError or RecursionError for what is none.

    Parts of another shape are left out and named in `odd`.
    """
    try:
        message = _STRICT.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _by_hand(_lenient(payload), odd)
    if message.device_info is None:  # perhaps under protobuf's own names: device_info
        return _by_hand(_lenient(payload), odd)
    return message


def _lenient(payload: bytes) -> dict[str, Any]:
    """JSON as the world writes it: UTF-16, a byte order mark, wrong bytes in a name, NaN, endless numbers."""
    text = payload.decode(json.detect_encoding(payload), "replace").removeprefix("\ufeff")
    content = json.loads(text, parse_int=_number, strict=False)
    if not isinstance(content, dict):
        raise TypeError("the event is no object")
    return content


def _number(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_NUMBER else float(text)


def _by_hand(content: dict[str, Any], odd: list[str]) -> Message:
    message = _fill(Message, content)
    given: Any = message.device_info
    message.device_info = _fill(Device, given) if isinstance(given, dict) else None
    given = message.rx_info
    receptions = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    if given is not None and (not isinstance(given, list) or len(receptions) < len(given)):
        odd.append("rxInfo")
    message.rx_info = [_fill(Reception, item) for item in receptions]
    message.tx_info = _transmission(message.tx_info, odd)
    return message


def _transmission(given: Any, odd: list[str]) -> Transmission | None:
    modulation = given.get("modulation") if isinstance(given, dict) else given
    if isinstance(given, dict) and isinstance(modulation, dict):
        return Transmission(_fill(Modulation, modulation))
    if modulation is not None:
        odd.append("txInfo")
    return None


def _fill(shape: type[Shape], content: dict[str, Any]) -> Shape:
    """A shape from an object with JSON's names or protobuf's own; readers of proto3's JSON take both."""
    filled = shape()
    for field in msgspec.structs.fields(shape):
        for name in (field.name, field.encode_name):
            if name in content:
                setattr(filled, field.name, content[name])
    return filled


@cache
def _protobuf(kind: str) -> tuple[Any, type[Exception]]:
    """The message's class, and what it raises. Imported here: 50 ms and 10 MB that JSON never needs."""
    from chirpstack_api import integration  # type: ignore[import-untyped]  # noqa: PLC0415
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    return getattr(integration, _PROTOBUF[kind]), DecodeError


def from_protobuf(kind: str, payload: bytes) -> Message:
    """The event in protobuf; ValueError for what is none."""
    shape, wrong = _protobuf(kind)
    try:
        event = shape.FromString(payload)
    except wrong as error:
        raise ValueError(str(error)) from error
    device = event.device_info
    message = Message(
        Device(device.dev_eui, device.tenant_id, device.application_id, device.application_name),
        _pair(event, "time"),
    )
    if kind in _PLAIN:
        for name in _PLAIN[kind]:
            setattr(message, name, getattr(event, name))
        return message
    message.dev_addr = event.dev_addr
    if kind == "up":
        _copy_uplink(event, message)
    return message


def _copy_uplink(event: Any, message: Message) -> None:
    message.f_cnt, message.f_port, message.dr, message.data = event.f_cnt, event.f_port, event.dr, event.data
    message.rx_info = [_reception(item) for item in event.rx_info]
    kind = event.tx_info.modulation.WhichOneof("parameters")
    if kind in ("fsk", "lr_fhss"):
        message.tx_info = Transmission(Modulation(**{kind: {}}))
    if event.HasField("join_server_context"):
        message.join_server_context = {}


def _reception(item: Any) -> Reception:
    return Reception(
        item.gateway_id,
        item.rssi,
        round(item.snr, 4),  # of 24 bits: 9.2 would be 9.199999809
        _pair(item, "gw_time"),
        None,
        _pair(item, "ns_time"),
        _pair(item, "time_since_gps_epoch"),
    )


def _pair(event: Any, name: str) -> tuple[int, int] | None:
    """(seconds, nanoseconds) of a Timestamp or a Duration."""
    if not event.HasField(name):
        return None
    value = getattr(event, name)
    return value.seconds, value.nanos
