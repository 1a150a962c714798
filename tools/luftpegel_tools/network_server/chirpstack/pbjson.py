"""Protobuf events as ChirpStack's JSON: its generated code does not follow the usual protobuf JSON rules.

Messages of the `integration` package carry every field, defaults too; messages of `gw` and `common` leave out
whatever equals its default (an rssi of 0, channel 0, CRC status NO_CRC). Absent messages are absent in both.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]

_PACKAGE_WITH_DEFAULTS = "integration"
_WIDE_INTEGERS = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
}


def to_json(message: Any) -> dict[str, Any]:
    """A message as the dictionary that ChirpStack would print, fields in the order of the .proto file."""
    everything = message.DESCRIPTOR.file.package == _PACKAGE_WITH_DEFAULTS
    shown = {}
    for field in sorted(message.DESCRIPTOR.fields, key=lambda field: field.number):
        value = getattr(message, field.name)
        if field.has_presence:
            wanted = message.HasField(field.name)
        elif field.is_repeated:
            wanted = everything or len(value) > 0
        else:
            wanted = everything or value != field.default_value
        if wanted:
            shown[field.json_name] = _value(field, value)
    return shown


def _value(field: Any, value: Any) -> Any:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        of = field.message_type.fields_by_name["value"]
        return {str(key): _single(of, value[key]) for key in sorted(value)}
    if field.is_repeated:
        return [_single(field, item) for item in value]
    return _single(field, value)


def _single(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        special = _WELL_KNOWN.get(field.message_type.full_name)
        return special(value) if special else to_json(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64encode(value).decode()
    if field.type == FieldDescriptor.TYPE_FLOAT:
        return _shortest_float32(value)
    return str(value) if field.type in _WIDE_INTEGERS else value


def _shortest_float32(value: float) -> float:
    """The float64 that prints like the float32: 8.2, not 8.199999809265137."""
    return float(f"{value:.7g}")


def _fraction(nanos: int) -> str:
    """Nought, three, six or nine digits, as many as are needed."""
    if nanos == 0:
        return ""
    digits = f"{nanos:09d}"
    return "." + (digits[:3] if nanos % 1_000_000 == 0 else digits[:6] if nanos % 1000 == 0 else digits)


def _timestamp(value: Any) -> str:
    moment = datetime.fromtimestamp(value.seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(value.nanos)}+00:00"


def _duration(value: Any) -> str:
    return f"{value.seconds}{_fraction(value.nanos)}s"


_WELL_KNOWN: Mapping[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Struct": json_format.MessageToDict,
}
