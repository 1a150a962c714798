"""What the gateway knows, for people: read from the journal by the page and by `luftpegel gateway status`."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from luftpegel_gateway.checks.silence import silent
from luftpegel_gateway.ingest.state import State, Station, unpack_state
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.readings import Reading, unpack_cells

_ABSENT = b"\x80"  # how `pack_cells` writes a reading that the station does not have


@dataclass(frozen=True, slots=True)
class View:
    """One station: what stations.toml says, what its frames told, and its newest reading."""

    station: Station
    state: State
    newest: Reading | None

    def silent(self, now: int) -> bool:
        """Whether it has been unheard for too long; `now` in unix seconds of our clock."""
        return silent(self.state.taken_at, now, self.station.interval_s)


def views(database: sqlite3.Connection, stations: Sequence[Station]) -> list[View]:
    """All stations, in the order of stations.toml."""
    states = {name: unpack_state(state) for name, state in database.execute("SELECT id, state FROM station")}
    return [
        View(station, states.get(station.id, State()), next(iter(history(database, station.id, 1)), None))
        for station in stations
    ]


def history(database: sqlite3.Connection, station: str, count: int) -> list[Reading]:
    """The last `count` readings of a station, newest first."""
    rows = database.execute(
        "SELECT seq, time, cells FROM reading WHERE station = ? AND cells <> ? ORDER BY seq DESC LIMIT ?",
        (station, _ABSENT, count),
    )
    return [Reading(seq, time, unpack_cells(cells)) for seq, time, cells in rows]


def notices(database: sqlite3.Connection, dev_eui: str, count: int) -> list[tuple[int, str, str]]:
    """The last things that the network server logged about a device: when (unix s), code, text."""
    rows = database.execute(
        "SELECT taken_at, code, text FROM notice WHERE dev_eui = ? ORDER BY id DESC LIMIT ?", (dev_eui, count)
    )
    return rows.fetchall()


def facts_of(view: View, now: int) -> dict[str, object]:
    """A station for machines; values are exact decimal numbers as text."""
    state, newest = view.state, view.newest
    return {
        "id": view.station.id,
        "name": view.station.name,
        "kind": view.station.kind,
        "dev_eui": view.station.dev_eui,
        "latitude": view.station.latitude,
        "longitude": view.station.longitude,
        "silent": view.silent(now),
        "received": state.received,
        "missing": state.missing,
        "absent": len(state.absent),
        "repeated_frames": state.repeated_frames,
        "completeness": state.completeness,
        "last_heard": state.taken_at,
        "newest": None if newest is None else _reading_facts(newest),
    }


def _reading_facts(reading: Reading) -> dict[str, object]:
    values = [
        {
            "quantity": name_of(cell.channel),
            "unit": quantity.unit if (quantity := of_channel(cell.channel)) else None,
            "value": None if cell.value is None else decimal(cell.channel, cell.value),
            "quality": cell.quality,
        }
        for cell in reading.cells
    ]
    return {"seq": reading.seq, "time": reading.time, "values": values}
