"""Which value each retained topic holds, so that an older one is never put over a newer one.

Kept in a small file of ours, written before the sink's cursor moves. The broker's own retained messages would
tell it as well, but reading them takes a right that a publisher often has not, and nothing marks their end.
Without the file (new, or lost) what the journal calls late is never retained, so a current value still wins.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.sinks.sqlite_file import open_file, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS retained (
    topic TEXT PRIMARY KEY,
    life INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER,                    -- unix seconds
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""


class Mark(msgspec.Struct, frozen=True):
    """Which reading a topic's value is from. `time`: Unix seconds."""

    life: int
    seq: int
    time: int | None
    revision: int

    def replaces(self, held: "Mark") -> bool:
        """Whether this one is the newer value, or the same one told again.

        A life's numbers are in the order of time whatever the clocks said; only between lives time decides.
        """
        if self.life == held.life:
            return (self.seq, self.revision) >= (held.seq, held.revision)
        if self.time is not None and held.time is not None:
            return self.time >= held.time
        return self.life > held.life


def mark_of(item: Observed) -> Mark:
    """The mark of all values of a reading."""
    reading = item.reading
    return Mark(item.ref.life, reading.seq, reading.time, reading.revision)


class Retained:
    """The marks of all topics. `load` and `save` block: they belong into a thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._marks: dict[str, Mark] = {}

    def load(self) -> None:
        """Read the file. Raises sqlite3.Error; a file that is none of ours is begun anew."""
        if not self._file.exists():
            return
        try:
            self._marks = self._read()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)

    def current(self, topic: str, mark: Mark, planned: Mapping[str, Mark], *, late: bool) -> bool:
        """Whether a value is the topic's newest; `planned` are marks of messages sent before it."""
        held = planned.get(topic) or self._marks.get(topic)
        return not late if held is None else mark.replaces(held)

    def save(self, marks: Mapping[str, Mark]) -> None:
        """The broker holds these now. Raises sqlite3.Error."""
        newer = {
            topic: mark
            for topic, mark in marks.items()
            if topic not in self._marks or mark.replaces(self._marks[topic])
        }
        if not newer:
            return
        rows = [(topic, mark.life, mark.seq, mark.time, mark.revision) for topic, mark in newer.items()]
        with closing(open_file(self._file)) as database, transaction(database):
            database.execute(SCHEMA)
            database.executemany("INSERT OR REPLACE INTO retained VALUES (?, ?, ?, ?, ?)", rows)
        self._marks.update(newer)

    def _read(self) -> dict[str, Mark]:
        with closing(open_file(self._file)) as database:
            with transaction(database):
                database.execute(SCHEMA)
            return {topic: Mark(*mark) for topic, *mark in database.execute("SELECT * FROM retained")}
