"""The built-in store: one SQLite file that any tool can read, one row a reading.

Idempotent by name: a reading that is there already is left as it is, and one that contradicts it is refused,
never written over.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from luftpegel_gateway.journal.database import transaction
from luftpegel_gateway.journal.journal import Rejection, StoredFrame
from luftpegel_gateway.options import Option, path
from luftpegel_gateway.process import Fault
from luftpegel_gateway.sinks import SinkDown

OPTIONS = {"path": Option(path, None)}
FILE = "store.sqlite"

SCHEMA = """
CREATE TABLE IF NOT EXISTS readings (
    station TEXT NOT NULL,
    seq INTEGER NOT NULL,
    channel INTEGER NOT NULL,        -- 2 * number of the quantity + index
    time INTEGER,                    -- unix seconds; NULL: the station had no clock
    value INTEGER,                   -- base units of the quantity; NULL: quality says why
    quality INTEGER NOT NULL,
    frame_id INTEGER NOT NULL,       -- the journal's frame that brought it
    PRIMARY KEY (station, seq, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS readings_by_time ON readings (station, time);
"""
# What is here stays as it is, but for a time that was not known when the value came.
WRITE = """
INSERT INTO readings VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE
SET time = excluded.time, quality = excluded.quality, frame_id = excluded.frame_id
WHERE readings.time IS NULL AND excluded.time IS NOT NULL AND readings.value IS excluded.value
"""
Row = tuple[str, int, int, int | None, int | None, int, int]


class Store:
    """The open store. SQLite runs in a thread of its own; methods whose name ends in `_now` run there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: sqlite3.Connection | None = None

    async def start(self) -> None:
        """See `Sink`. The file is opened with the first delivery: a bad one is a trouble that can pass."""

    async def deliver(self, frames: Sequence[StoredFrame]) -> list[Rejection]:
        """See `Sink`."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._deliver_now, frames)
        except sqlite3.DatabaseError as error:
            raise SinkDown("LP-411", f"{self._file}: {error}") from error

    async def stop(self) -> None:
        """See `Sink`."""
        self._thread.shutdown(wait=True)
        if self._database is not None:
            self._database.close()

    def _open_now(self) -> sqlite3.Connection:
        if self._database is None:
            database = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
            try:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.executescript(SCHEMA)
            except sqlite3.Error:
                database.close()
                raise
            self._database = database
        return self._database

    def _deliver_now(self, frames: Sequence[StoredFrame]) -> list[Rejection]:
        database = self._open_now()
        rejections = []
        with transaction(database):
            for frame in frames:
                rows = _rows(frame)
                written = database.executemany(WRITE, rows).rowcount
                if written < len(rows) and (details := _contradictions(database, rows)):
                    rejections.append(Rejection(frame.id, Fault("LP-421", "; ".join(details[:5]))))
        return rejections


def _rows(frame: StoredFrame) -> list[Row]:
    return [
        (frame.station, reading.seq, cell.channel, reading.time, cell.value, cell.quality, frame.id)
        for reading in frame.readings
        for cell in reading.cells
    ]


def _contradictions(database: sqlite3.Connection, rows: Sequence[Row]) -> list[str]:
    """Readings that are here under the same name with another value or time."""
    found = []
    for station, seq, channel, time, value, *_ in rows:
        known = database.execute(
            "SELECT time, value FROM readings WHERE station = ? AND seq = ? AND channel = ?",
            (station, seq, channel),
        ).fetchone()
        if known != (time, value):
            found.append(
                f"{station} {seq} {channel}: {value} at {time}, the store has {known[1]} at {known[0]}"
            )
    return found


def create(_name: str, options: Mapping[str, Any], folder: Path) -> Store:
    """The sink of one [[sink]] with kind "store"; `folder` is the gateway's data folder."""
    return Store(options["path"] or folder / FILE)
