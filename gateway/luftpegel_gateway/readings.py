"""A reading as the gateway keeps it, and its compact form in the journal (CBOR arrays of integers).

A row of a station is one sequence number with one cell a channel. `wire` is the quality that the station
told, `quality` what stands after the gateway's own checks; both are numbers of the table in docs/wire.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cbor2


@dataclass(frozen=True, slots=True)
class Cell:
    """One channel of a reading: `value` in base units or None, and since when (unix s) it has not changed."""

    channel: int
    value: int | None
    wire: int
    quality: int
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of a station at `time` (unix seconds, None when the station had no clock)."""

    seq: int
    time: int | None
    cells: tuple[Cell, ...]

    @property
    def absent(self) -> bool:
        """The station answered that it has no such reading: a name without cells."""
        return not self.cells


def pack_cells(cells: Iterable[Cell]) -> bytes:
    """Cells as bytes, for one row of the journal's table of names."""
    return cbor2.dumps([[cell.channel, cell.value, cell.wire, cell.quality, cell.since] for cell in cells])


def unpack_cells(data: bytes) -> tuple[Cell, ...]:
    """What `pack_cells` wrote."""
    return tuple(Cell(*cell) for cell in cbor2.loads(data))


def pack_readings(readings: Iterable[Reading]) -> bytes:
    """Readings as bytes, for a frame that sinks still have to see."""
    return cbor2.dumps([[item.seq, item.time, pack_cells(item.cells)] for item in readings])


def unpack_readings(data: bytes) -> tuple[Reading, ...]:
    """What `pack_readings` wrote."""
    return tuple(Reading(seq, time, unpack_cells(cells)) for seq, time, cells in cbor2.loads(data))
