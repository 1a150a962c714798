"""How a journal of version 0.2.0 (PRAGMA user_version 1) lies on the disk: its tables and its packed values.

Cells are CBOR lists of channel, value, the station's quality, the quality after all checks, and since when
the value is unchanged. States are CBOR maps. `frame` was log, outbox and quarantine's store in one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import cbor2
import msgspec

from luftpegel_gateway.model.quality import CLOCK_STANDS, FLAT, GROSS_RANGE, STEEP
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_wire.quality import FLAT as WIRE_FLAT
from luftpegel_wire.quality import OK, RANGE, RATE, STALE

VERSION = 1
TABLES = (
    """CREATE TABLE frame (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
    taken_at INTEGER NOT NULL, received_at INTEGER, dev_eui TEXT, station TEXT, readings BLOB
) STRICT""",
    """CREATE TABLE reading (
    station TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER, cells BLOB NOT NULL, PRIMARY KEY (station, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE station (id TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE cursor (sink TEXT PRIMARY KEY, frame INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT, frame INTEGER NOT NULL REFERENCES frame (id),
    sink TEXT NOT NULL DEFAULT '', code TEXT NOT NULL, detail TEXT NOT NULL, digest BLOB NOT NULL,
    times INTEGER NOT NULL DEFAULT 1, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, resolved_at INTEGER
) STRICT""",
    """CREATE UNIQUE INDEX quarantine_once ON quarantine (digest, code, sink)""",
    """CREATE INDEX quarantine_frame ON quarantine (frame)""",
    """CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT, taken_at INTEGER NOT NULL, dev_eui TEXT NOT NULL,
    level TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL
) STRICT""",
    """CREATE INDEX notice_device ON notice (dev_eui, id)""",
)
# The one winner of the old checks, and the flag that says the same now.
_RUNS = 6  # integers of a memo that tell of rest
_FLAGS = {RANGE: GROSS_RANGE, RATE: STEEP, WIRE_FLAT: FLAT, STALE: CLOCK_STANDS}


class Frame(msgspec.Struct):
    """A row of the old log; `kept`: it was not refused as a whole."""

    id: int
    kind: str
    topic: str
    payload: bytes
    taken_at: int
    received_at: int | None
    station: str | None
    readings: bytes | None
    kept: int


class Entry(msgspec.Struct):
    """A row of the old quarantine, with its frame."""

    id: int
    sink: str
    code: str
    detail: str
    times: int
    first_at: int
    last_at: int
    resolved_at: int | None
    kind: str
    topic: str
    payload: bytes
    taken_at: int
    dev_eui: str | None
    station: str | None
    received_at: int | None
    readings: bytes | None


def unpack_cells(data: bytes, time: int | None) -> tuple[Cell, ...]:
    """The cells of a reading at `time`.

    Since when a value is unchanged goes on as the checks' memo of a value at rest: seconds, and how far below
    and above it the run reached, once for the flat line and once for the attenuated signal.
    """
    return tuple(
        Cell(
            channel,
            value,
            wire,
            _FLAGS.get(quality, 0) if wire == OK else 0,
            () if time is None or since is None or time < since else 2 * (time - since, 0, 0),
        )
        for channel, value, wire, quality, since in cbor2.loads(data)
    )


def unpack_readings(data: bytes) -> list[Reading]:
    """What a frame had for the sinks."""
    return [Reading(seq, time, unpack_cells(cells, time)) for seq, time, cells in cbor2.loads(data)]


def pack_cells(cells: Iterable[Cell], time: int | None) -> bytes:
    """Cells for an old gateway; what a value's memo says of its rest becomes since when it is unchanged."""
    return cbor2.dumps(
        [
            [
                cell.channel,
                cell.value,
                cell.wire,
                cell.quality,
                time if time is None or len(cell.memo) < _RUNS else time - cell.memo[0],
            ]
            for cell in cells
        ]
    )


def pack_readings(readings: Iterable[Reading]) -> bytes:
    """Readings that wait for the sinks of an old gateway."""
    return cbor2.dumps([[item.seq, item.time, pack_cells(item.cells, item.time)] for item in readings])


def unpack_state(data: bytes) -> dict[str, Any]:
    """A station's state by the names of its fields; intervals as lists of pairs."""
    content: dict[str, Any] = cbor2.loads(data)
    return content


def pack_state(content: dict[str, Any]) -> bytes:
    """A state for an old gateway."""
    return cbor2.dumps(content)


def ranges(pairs: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    """Intervals out of a state."""
    return tuple((first, last) for first, last in pairs)
