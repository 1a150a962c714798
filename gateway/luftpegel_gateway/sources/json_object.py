"""The JSON object that a message is, for parsers of sources; whatever else it may be is refused."""

from typing import Any

import msgspec

from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import values

_decode = msgspec.json.Decoder().decode


def object_of(payload: bytes, size: int | None, largest: int, code: str) -> dict[str, Any]:
    """The object. `size`: bytes of the whole payload where `payload` is its head. Raises Refused `code`."""
    if size is not None or len(payload) > largest:
        raise Refused(code, f"{size or len(payload)} bytes are more than any message has")
    try:
        found = _decode(payload)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused(code, f"no JSON: {values.prose(str(error), 200)}") from error
    if not isinstance(found, dict):
        raise Refused(code, "no object")
    return found
