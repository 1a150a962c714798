"""From an uplink to readings: the wire's decoder, the network server's time, the limits of databases.

Pure. Raises `Refused` with the wire's own code or one of ours; nothing else comes out of here for any bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import luftpegel_wire as wire
from luftpegel_gateway.model.events import Refused, UplinkFrame
from luftpegel_gateway.model.readings import Cell, Reading

MAC_ONLY = 0
LARGEST = 2**53 - 1  # what JSON, JavaScript and SQLite all carry exactly


@dataclass(frozen=True, slots=True)
class Told:
    """One row as a frame tells it: the reading, its age in seconds, and each channel's step in base units."""

    reading: Reading
    age: int | None
    steps: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Content:
    """What a frame tells: rows of readings, oldest first, and how far back the station's own journal goes."""

    rows: Sequence[Told] = ()
    oldest_seq: int | None = None


def decode_uplink(frame: UplinkFrame) -> Content:
    """What the frame tells; nothing for MAC commands, alarms and answers, which are kept as frames only."""
    if frame.encrypted:
        raise Refused("LP-251", "joinServerContext is set: the payload is still encrypted")
    if frame.f_port == MAC_ONLY or not frame.data:
        return Content()
    try:
        content = wire.decode(frame.f_port, frame.data)
    except wire.WireError as error:
        raise Refused(error.code, str(error).removeprefix(f"{error.code}: ")) from error
    if isinstance(content, wire.Status):
        oldest = content.fields.get("oldest_seq")
        return Content(oldest_seq=oldest if isinstance(oldest, int) and oldest >= 0 else None)
    if not isinstance(content, wire.Readings):
        return Content()
    seconds = frame.received_at // 1_000_000
    told = [_told(content, row, seconds) for row in content.rows]
    return Content(sorted(told, key=lambda item: item.reading.seq))


def _told(content: Any, row: Any, received_at: int) -> Told:
    _fits("sequence number", row.seq)
    if row.absent:
        return Told(Reading(row.seq, None, ()), None, {})
    _fits("age", row.age or 0)
    time = None if row.age is None else received_at - row.age
    columns = zip(content.channels, content.steps, row.values, row.quality, strict=True)
    # A channel without a step is of a newer table: its unit is unknown. Only the raw frame keeps it.
    known = [column for column in columns if column[1] is not None]
    cells = tuple(_cell(channel, value, quality) for channel, _step, value, quality in known)
    return Told(Reading(row.seq, time, cells), row.age, {channel: step for channel, step, *_ in known})


def _cell(channel: int, value: int | None, quality: int) -> Cell:
    _fits(f"value of channel {channel}", value or 0)
    return Cell(channel, value, quality, quality)


def _fits(what: str, number: int) -> None:
    if not -LARGEST <= number <= LARGEST:
        raise Refused("LP-255", f"{what} is {number}")
