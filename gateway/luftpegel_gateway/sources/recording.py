"""A recording: messages as they came, one a line, to be played again. Pure.

Three kinds of lines are read:

- what `luftpegel gateway record` writes: a JSON object with `at` (Unix seconds, our clock then), `source`,
  `kind`, `topic` and `payload` (Base64);
- what `mosquitto_sub -v` prints of ChirpStack: a topic, a blank, the event in JSON;
- an event of ChirpStack alone: an uplink.

Only uplinks count. Nothing goes back to a station, whatever a recording says: its topic for commands is taken
away here, and `ingest/decide.py` answers no uplink that is recorded.
"""

import base64
import binascii
from typing import Any

import msgspec

from luftpegel_gateway import sources
from luftpegel_gateway.model.events import Delivery, Event, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import chirpstack_events

KIND = "replay"
LARGEST_LINE = 512 * 1024
BESIDE = "beside a recording"  # a reason that is counted
NO_RECORD = "LP-534"
_LATEST_S = 2**33


class Record(msgspec.Struct):
    """One line of `record`."""

    at: int
    source: str
    kind: str
    topic: str
    payload: str
    size: int | None = None


_RECORD = msgspec.json.Decoder(Record)
_ANY = msgspec.json.Decoder()


def line_of(delivery: Delivery, at: int) -> bytes:
    """A message as a line. `at`: when it came, Unix seconds."""
    payload = base64.b64encode(delivery.payload).decode()
    told = Record(at, delivery.source, delivery.kind, delivery.topic, payload, delivery.size)
    return msgspec.json.encode(told) + b"\n"


def moment_of(line: bytes) -> int | None:
    """When a line was recorded, microseconds since 1970; None where nobody can tell."""
    try:
        event, at = _read(line)
    except Refused:
        return None
    if at is not None:
        return at * 1_000_000
    return event.clocks.network or event.clocks.told if isinstance(event, Uplink) else None


def parse(_topic: str, payload: bytes, size: int | None = None) -> Event:
    """The uplink in one line. Raises Refused: LP-534 for a line that is none of a recording, and what the
    parser of the recorded message raises."""
    if size is not None:
        raise Refused(NO_RECORD, f"{size} bytes are more than any line has")
    event, at = _read(payload)
    if not isinstance(event, Uplink):
        return Passed(BESIDE, event.dev_eui)
    if at is None:
        told = event.clocks.network or event.clocks.told
        if told is None:
            raise Refused(NO_RECORD, "nothing tells when it was recorded")
        at = told // 1_000_000
    return msgspec.structs.replace(event, reply_topic="", recorded_at=at)


def _read(line: bytes) -> tuple[Event, int | None]:
    """The event, and when it was recorded (Unix seconds) where the line says so."""
    if not line.startswith(b"{"):
        topic, blank, event = line.partition(b" ")
        if not blank:
            raise Refused(NO_RECORD, "neither JSON nor a topic with an event")
        return chirpstack_events.parse(topic.decode("utf-8", "replace"), event), None
    try:
        record = _RECORD.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return _event_alone(line), None
    if record.kind not in sources.PARSERS or record.kind == KIND or not 0 <= record.at < _LATEST_S:
        raise Refused(NO_RECORD, "of a kind that no source has, or of no time")
    try:
        payload = base64.b64decode(record.payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(NO_RECORD, "payload is no Base64") from error
    return sources.parse(Delivery(record.source, record.kind, record.topic, payload, record.size)), record.at


def _event_alone(line: bytes) -> Event:
    try:
        found: Any = _ANY.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused(NO_RECORD, "no JSON") from error
    if not isinstance(found, dict) or "deviceInfo" not in found:
        raise Refused(NO_RECORD, "neither a record nor an event of ChirpStack")
    return chirpstack_events.parse_posted("up", line)
