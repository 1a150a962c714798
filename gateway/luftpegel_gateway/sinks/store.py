"""The built-in store: one SQLite file that any tool can read, one row a value. Its tables: `store_schema.py`.

Idempotent by name and revision: what is there already stays as it is, a higher revision takes its place, an
older one never does, and another value under the same name is refused, never written over.
"""

import asyncio
import contextlib
import functools
import os
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from luftpegel_gateway.config.options import Option, path
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Rejection
from luftpegel_gateway.model.quality import quality_of, words_of
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.sqlite_file import WatchedFile, open_file, transaction
from luftpegel_gateway.sinks.store_schema import prepare

KIND = "store"
OPTIONS = {"path": Option(path, None)}
REVISES = True
FILE = "store.sqlite"
SHOWN = 5  # contradictions of one reading that are told in full

# Columns are named: people add their own to the table. The second line fills in a time that was not known.
WRITE = """
INSERT INTO readings (tenant, station, life, seq, channel, time, value, quality, flags, revision)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET time = excluded.time, value = excluded.value, quality = excluded.quality,
    flags = excluded.flags, revision = excluded.revision
WHERE excluded.revision > revision OR (excluded.revision = revision AND excluded.value IS value
    AND time IS NULL AND excluded.time IS NOT NULL)
"""
WRITE_ALARM = """
INSERT INTO alarms (tenant, station, life, seq, channel, kind, time, value, threshold, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET time = excluded.time WHERE time IS NULL AND excluded.time IS NOT NULL
"""
READ = """
SELECT value, revision FROM readings
WHERE tenant = ? AND station = ? AND life = ? AND seq = ? AND channel = ?
"""
READ_ALARM = """
SELECT value, threshold FROM alarms
WHERE tenant = ? AND station = ? AND life = ? AND seq = ? AND channel = ? AND kind = ?
"""
# tenant, station, life, seq, channel, time, value, quality, flags, revision
Row = tuple[str, str, int, int, int, int | None, int | None, int, str, int]
AlarmRow = tuple[str, str, int, int, int, str, int | None, int, int, int]
# One statement or value that SQLite will not have is a fault of the item, not of the file.
ITEMS_FAULT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)


def files(options: Mapping[str, Any], _name: str, folder: Path) -> list[tuple[str, Path]]:
    """What nobody else may write: (key, path)."""
    return [("path", options["path"] or folder / FILE)]


class Store:
    """The open store. SQLite runs in a thread of its own; methods whose name ends in `_now` run there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: sqlite3.Connection | None = None
        self._watched: WatchedFile | None = None

    async def start(self) -> None:
        """See `Sink`. The file is opened with the first delivery: a bad one is a trouble that can pass."""

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._deliver_now, items)

    async def stop(self) -> None:
        """See `Sink`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_now)
        self._thread.shutdown()

    def _deliver_now(self, items: Sequence[Item]) -> list[Rejection]:
        try:
            database, watched = self._open_now()
            with transaction(database):
                rejections = [*_write_readings(database, items), *_write_alarms(database, items)]
            watched.check()
        except ITEMS_FAULT:
            raise
        except (sqlite3.DatabaseError, OSError) as error:
            self._close_now()
            raise SinkDown("LP-411", f"{self._file}: {error}") from error
        return rejections

    def _open_now(self) -> tuple[sqlite3.Connection, WatchedFile]:
        if self._database is None or self._watched is None:
            self._database = open_file(self._file)
            prepare(self._database, self._file)
            self._watched = WatchedFile(self._file)
        return self._database, self._watched

    def _close_now(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._watched is not None:
            self._watched.close()
            self._watched = None


@functools.lru_cache(maxsize=4096)
def _words(flags: int) -> str:
    return ",".join(words_of(flags))


def _rows(item: Observed) -> list[Row]:
    """One row a cell. Written out for speed: it runs once a value."""
    ref, reading = item.ref, item.reading
    tenant, station, life = ref.tenant, ref.station, ref.life
    seq, time, revision = reading.seq, reading.time, reading.revision
    doubt = reading.flags
    rows: list[Row] = []
    for cell in reading.cells:
        flags = cell.flags | doubt
        quality, words = (quality_of(cell.wire, flags), _words(flags)) if flags else (cell.wire, "")
        rows.append((tenant, station, life, seq, cell.channel, time, cell.value, quality, words, revision))
    return rows


def _write_readings(database: sqlite3.Connection, items: Sequence[Item]) -> list[Rejection]:
    observed = [item for item in items if isinstance(item, Observed)]
    rows = [row for item in observed for row in _rows(item)]
    written = database.executemany(WRITE, rows).rowcount if rows else 0
    if written == len(rows):
        return []  # all new, as nearly always
    return [
        Rejection(item, Fault("LP-421", "; ".join(details[:SHOWN])))
        for item in observed
        if (details := _contradictions(database, item))
    ]


def _contradictions(database: sqlite3.Connection, item: Observed) -> list[str]:
    """What the store has under the same names and with another value.

    A value that a later revision gave or took away is none: the older telling has only come again.
    """
    found = []
    for row in _rows(item):
        value, revision = row[6], row[9]
        known, known_revision = database.execute(READ, row[:5]).fetchone()
        if known == value or (revision < known_revision and None in (known, value)):
            continue
        found.append(
            f"{row[1]} life {row[2]} reading {row[3]} channel {row[4]}: {value}, the store has {known}"
        )
    return found


def _write_alarms(database: sqlite3.Connection, items: Sequence[Item]) -> list[Rejection]:
    rejections = []
    for alarm in items:
        if not isinstance(alarm, AlarmRaised):
            continue
        row = _alarm_row(alarm)
        if database.execute(WRITE_ALARM, row).rowcount == 1:
            continue
        known = database.execute(READ_ALARM, row[:6]).fetchone()
        if known != (alarm.value, alarm.threshold):
            detail = f"alarm of {alarm.ref.station} reading {alarm.seq}: {row[7:9]}, the store has {known}"
            rejections.append(Rejection(alarm, Fault("LP-421", detail)))
    return rejections


def _alarm_row(alarm: AlarmRaised) -> AlarmRow:
    ref = alarm.ref
    return (
        *(ref.tenant, ref.station, ref.life, alarm.seq, alarm.channel, alarm.kind),
        *(alarm.time, alarm.value, alarm.threshold, alarm.received_at),
    )


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Look whether the store's folder can be written and a store that is there be read. Raises SinkDown."""
    if options["path"] is not None:  # else it lies in the data folder, which the gateway itself looks after
        await asyncio.to_thread(_try, options["path"], name)


def _try(file: Path, name: str) -> None:
    folder = next(place for place in file.absolute().parents if place.exists())
    try:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} cannot be written")
        if file.exists():
            address = f"file:{quote(str(file.absolute()))}?mode=ro"
            with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
                database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except (OSError, sqlite3.Error) as error:
        raise SinkDown("LP-411", f"{name}: {file}: {error}") from error


def create(context: Context) -> Store:
    """The sink of one [[sink]] with kind "store"."""
    return Store(context.options["path"] or context.folder / FILE)
