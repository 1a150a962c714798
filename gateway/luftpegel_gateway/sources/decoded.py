"""What a network server's own codec made of a payload: ChirpStack's `object`, The Things Stack's
`decoded_payload`.

Only asked for frames that are passed on raw; as JSON, b"" where there is none. Pure.
"""

import json
from typing import Any

import msgspec

from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.sources.chirpstack_shapes import is_json

_DECODE = msgspec.json.Decoder().decode
_PLACES = (("object",), ("uplink_message", "decoded_payload"))


def decoded(delivery: Delivery) -> bytes:
    """The object of one delivery."""
    try:
        found = _DECODE(delivery.payload) if is_json(delivery.payload) else _of_protobuf(delivery.payload)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return b""
    for place in _PLACES:
        within: Any = found
        for name in place:
            within = within.get(name) if isinstance(within, dict) else None
        if isinstance(within, dict) and within:
            return msgspec.json.encode(within)
    return b""


def _of_protobuf(payload: bytes) -> Any:
    """ValueError for what is no event of ChirpStack, or cannot be read here."""
    try:
        from chirpstack_api import integration  # type: ignore[import-untyped]  # noqa: PLC0415
        from google.protobuf import json_format, message  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise ValueError("not installed") from error
    event = integration.UplinkEvent()
    try:
        event.ParseFromString(payload)
    except message.DecodeError as error:
        raise ValueError("no event") from error
    return {"object": json.loads(json_format.MessageToJson(event.object))}
