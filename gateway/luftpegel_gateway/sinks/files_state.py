"""What the sink "files" knows: all readings of files that may still change, and which files are not yet
written.

A file is made anew from here whenever one of its readings comes late or is corrected; this SQLite file is
therefore what counts, and what is committed in it survives a crash. One row a reading. Used in one thread.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed, Rejection
from luftpegel_gateway.model.readings import pack_reading, unpack_reading
from luftpegel_gateway.sinks.local_days import Days
from luftpegel_gateway.sinks.sqlite_file import WatchedFile, finish_anew, open_file, transaction, write_anew
from luftpegel_gateway.sinks.value_rows import Row, dated, rows_of

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS readings (
    tenant TEXT NOT NULL, station TEXT NOT NULL, life INTEGER NOT NULL, seq INTEGER NOT NULL,
    part TEXT NOT NULL,              -- the day or month
    time INTEGER,                    -- unix seconds
    revision INTEGER NOT NULL,
    packed BLOB NOT NULL,            -- the reading (model/readings.py)
    PRIMARY KEY (tenant, station, life, seq)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS readings_by_part ON readings (part, tenant, station, time)",
    "CREATE INDEX IF NOT EXISTS readings_by_time ON readings (time)",
    """CREATE TABLE IF NOT EXISTS files (
    part TEXT NOT NULL, tenant TEXT NOT NULL, station TEXT NOT NULL,  -- no station: the file has all of them
    dirty INTEGER NOT NULL,          -- it must be written
    ours INTEGER NOT NULL,           -- what lies there under its name was written from here
    PRIMARY KEY (part, tenant, station)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS files_to_write ON files (part) WHERE dirty",
    """CREATE TABLE IF NOT EXISTS stations (
    tenant TEXT, station TEXT, name TEXT, PRIMARY KEY (tenant, station)) STRICT, WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS layout (only INTEGER PRIMARY KEY CHECK (only = 0), told TEXT)",
)
WRITE = "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
DIRTY = """INSERT INTO files VALUES (?, ?, ?, 1, 0)
ON CONFLICT DO UPDATE SET dirty = 1"""


class Key(msgspec.Struct, frozen=True, order=True):
    """One file: its part of time, and its station unless it has all of them."""

    part: str
    tenant: str
    station: str


class State:
    """The open file. Methods raise sqlite3.Error."""

    def __init__(self, file: Path, days: Days, layout: str, *, each: bool) -> None:
        """`layout`: how files are made; where it is another than before, all are made anew. `each`: a file a
        station."""
        self._days = days
        self._each = each
        self._file = file
        finish_anew(file)
        self._database = open_file(file)
        try:
            with transaction(self._database):
                for statement in SCHEMA:
                    self._database.execute(statement)
                self._lay_out(layout)
            self._watched = WatchedFile(file)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close."""
        self._database.close()
        self._watched.close()

    def keep(self) -> str:
        """Whether all that was written is in the file: "" when it is. Else what happened to it, and it was
        written there anew; this is to be closed and opened again. Raises OSError, sqlite3.Error: it
        could not be, and only this open database has it."""
        try:
            self._watched.check()
        except OSError as lost:
            write_anew(self._database, self._file)
            return str(lost)
        return ""

    def take(
        self,
        items: Sequence[Observed],
        names: dict[tuple[str, str], str],
        oldest: str,
        lost: Callable[[Key], bool] = lambda _key: False,
    ) -> list[Rejection]:
        """Keep what is new or newer; what is older than the part `oldest` has no file any more.

        `lost`: whether a file is not there. It is made anew when one of its readings comes again.
        """
        rejections = []
        touched: set[Key] = set()
        with transaction(self._database):
            for item in items:
                if (part := self._days.part_of(item.reading.time)) >= oldest and item.reading.cells:
                    fault = self._take(item, part)
                    touched.add(self._key(part, item.ref))
                    rejections += [Rejection(item, fault)] if fault else []
                elif item.reading.cells:
                    self._leave(item)
            for key in filter(lost, touched):
                self._database.execute(DIRTY, msgspec.structs.astuple(key))
            told = [(*key, name) for key, name in names.items()]
            self._database.executemany("INSERT OR REPLACE INTO stations VALUES (?, ?, ?)", told)
        return rejections

    def dirty(self) -> list[Key]:
        """The files that must be written now."""
        found = self._database.execute("SELECT part, tenant, station FROM files WHERE dirty")
        return [Key(*row) for row in found.fetchall()]

    def is_ours(self, key: Key) -> bool:
        """Whether what lies under the file's name was written from here."""
        found = "SELECT ours FROM files WHERE part = ? AND tenant = ? AND station = ?"
        row = self._database.execute(found, msgspec.structs.astuple(key)).fetchone()
        return bool(row and row[0])

    def claim(self, key: Key) -> None:
        """From now on the file's name is ours; to be said before the first writing."""
        self._mark("UPDATE files SET ours = 1", key)

    def written(self, key: Key) -> None:
        """The file is on the disk as it should be."""
        self._mark("UPDATE files SET dirty = 0", key)

    def rows(self, key: Key, *, by_channel: bool) -> Iterator[Row]:
        """All values of a file in order of station and time, or of station, channel and time."""
        for tenant, station in self._stations_of(key):
            channels = sorted(self._channels(key.part, tenant, station)) if by_channel else [None]
            for channel in channels:
                for row in self._rows(key.part, tenant, station):
                    if channel in {None, row.channel}:
                        yield row

    def newest(self) -> int | None:
        """The newest time of all readings, Unix seconds."""
        found: int | None = self._database.execute("SELECT max(time) FROM readings").fetchone()[0]
        return found

    def expired(self, oldest: str) -> list[Key]:
        """Files of parts before `oldest`."""
        found = self._database.execute("SELECT part, tenant, station FROM files WHERE part < ?", (oldest,))
        return [Key(*row) for row in found.fetchall()]

    def forget(self, key: Key) -> None:
        """Drop a file and its readings; the file itself is gone already."""
        with transaction(self._database):
            where, values = self._where(key)
            self._database.execute(f"DELETE FROM readings WHERE {where}", values)  # noqa: S608 - constants
            self._database.execute("DELETE FROM files WHERE part = ? AND tenant = ? AND station = ?",
                                   msgspec.structs.astuple(key))  # fmt: skip

    def _take(self, item: Observed, part: str) -> Fault | None:
        ref, reading = item.ref, item.reading
        name = (ref.tenant, ref.station, ref.life, reading.seq)
        known = self._database.execute(
            "SELECT part, time, revision, packed FROM readings "
            "WHERE tenant = ? AND station = ? AND life = ? AND seq = ?", name,
        ).fetchone()  # fmt: skip
        time, row = dated(reading.time), None
        if known is None:
            row = (*name, part, time, reading.revision, pack_reading(reading))
        else:
            old_part, old_time, old_revision, packed = known
            if reading.revision < old_revision:
                return None
            if reading.revision == old_revision:
                old = unpack_reading(packed)
                if [(c.channel, c.value) for c in old.cells] != [(c.channel, c.value) for c in reading.cells]:
                    return Fault("LP-421", f"{ref.station} life {ref.life} reading {reading.seq}")
                if not (old_time is None and time is not None):
                    return None
            row = (*name, part, time, reading.revision, pack_reading(reading))
            if old_part != part:
                self._soil(old_part, ref)
        self._database.execute(WRITE, row)
        self._soil(part, ref)
        return None

    def _leave(self, item: Observed) -> None:
        """A correction moves a reading to a part that is not kept: it stands nowhere any more."""
        ref, reading = item.ref, item.reading
        gone = self._database.execute(
            "DELETE FROM readings WHERE tenant = ? AND station = ? AND life = ? AND seq = ? AND revision < ? "
            "RETURNING part", (ref.tenant, ref.station, ref.life, reading.seq, reading.revision),
        ).fetchone()  # fmt: skip
        if gone is not None:
            self._soil(gone[0], ref)

    def _soil(self, part: str, ref: Ref) -> None:
        self._database.execute(DIRTY, msgspec.structs.astuple(self._key(part, ref)))

    def _key(self, part: str, ref: Ref) -> Key:
        return Key(part, ref.tenant, ref.station) if self._each else Key(part, "", "")

    def _mark(self, statement: str, key: Key) -> None:
        with transaction(self._database):
            self._database.execute(
                f"{statement} WHERE part = ? AND tenant = ? AND station = ?", msgspec.structs.astuple(key)
            )

    def _where(self, key: Key) -> tuple[str, tuple[str, ...]]:
        if self._each:
            return "part = ? AND tenant = ? AND station = ?", (key.part, key.tenant, key.station)
        return "part = ?", (key.part,)

    def _stations_of(self, key: Key) -> list[tuple[str, str]]:
        where, values = self._where(key)
        found = f"SELECT DISTINCT tenant, station FROM readings WHERE {where} ORDER BY 1, 2"  # noqa: S608
        return self._database.execute(found, values).fetchall()

    def _channels(self, part: str, tenant: str, station: str) -> set[int]:
        return {row.channel for row in self._rows(part, tenant, station)}

    def _rows(self, part: str, tenant: str, station: str) -> Iterator[Row]:
        name = self._database.execute("SELECT name FROM stations WHERE tenant = ? AND station = ?",
                                      (tenant, station)).fetchone()  # fmt: skip
        found = self._database.execute(
            "SELECT life, packed FROM readings WHERE part = ? AND tenant = ? AND station = ? "
            "ORDER BY time, life, seq", (part, tenant, station),
        )  # fmt: skip
        for life, packed in found:
            yield from rows_of(Ref(tenant, station, life), name[0] if name else "", unpack_reading(packed))

    def _lay_out(self, layout: str) -> None:
        """Files are made otherwise than before: all of them are to be made; those that lie there stay."""
        told = self._database.execute("SELECT told FROM layout").fetchone()
        if self._database.execute("SELECT 1 FROM files WHERE tenant != '' LIMIT 1").fetchone():
            layout += "/tenant@station"
        if told is not None and told[0] == layout:
            return
        self._database.execute("INSERT OR REPLACE INTO layout VALUES (0, ?)", (layout,))
        if told is None:
            return
        self._database.create_function("part_of", 1, self._days.part_of, deterministic=True)
        self._database.execute("UPDATE readings SET part = part_of(time)")
        self._database.execute("DELETE FROM files")
        whose = "tenant, station" if self._each else "'', ''"
        self._database.execute(
            f"INSERT INTO files SELECT DISTINCT part, {whose}, 1, 0 FROM readings"  # noqa: S608 - constants
        )

