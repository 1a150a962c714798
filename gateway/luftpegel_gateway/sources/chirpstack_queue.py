"""Our own note that ChirpStack has a command in its queue, under a name that it gave. Pure.

It goes the way of all events, through intake and journal, so that what the network server tells of that name
later (txack) is known to be of this command, also after a restart.
"""

import msgspec

from luftpegel_gateway.model.events import Downlink, Queued
from luftpegel_gateway.model.faults import Refused

KIND = "chirpstack-queue"
LARGEST = 1000  # bytes


class _Note(msgspec.Struct):
    dev_eui: str
    id: str
    item: str


_DECODER = msgspec.json.Decoder(_Note)
_ENCODER = msgspec.json.Encoder()


def note(downlink: Downlink, item: str) -> bytes:
    """That this downlink waits at the network server as `item`."""
    return _ENCODER.encode(_Note(downlink.dev_eui, downlink.id, item[:100]))


def parse(_topic: str, payload: bytes, size: int | None = None) -> Queued:
    """The event in a note. Raises Refused LP-250 for whatever is none."""
    if size is not None or len(payload) > LARGEST:
        raise Refused("LP-250", "no note of a command")
    try:
        found = _DECODER.decode(payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refused("LP-250", f"no note of a command: {error}") from error
    return Queued(found.dev_eui, found.id, found.item)
