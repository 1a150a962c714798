"""What each attribute of each entity is to be, and what the broker is known to have: never older over newer.

A broker takes an older value over a newer one without a word, so the order is ours to keep. Before anything
is sent, the newest readings of each attribute are on our disk; what is sent is always the newest of them,
whatever part of a batch comes again after a crash. A few stand behind the newest, for the time of a reading
may be corrected to an earlier one, and then another is the newest.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from luftpegel_gateway.sinks.ngsi_entities import Attribute, Mark
from luftpegel_gateway.sinks.sqlite_file import open_file, transaction

KEEP = 4  # readings of an attribute, the newest among them
SCHEMA = """
CREATE TABLE IF NOT EXISTS attributes (
    entity TEXT NOT NULL,
    attribute TEXT NOT NULL,
    life INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER NOT NULL,      -- unix seconds
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,         -- JSON of the attribute; '' where we only know it from the broker
    told INTEGER NOT NULL,      -- 1: the broker has this one
    PRIMARY KEY (entity, attribute, life, seq)
) STRICT, WITHOUT ROWID
"""
_READ = "SELECT attribute, time, life, seq, revision, body, told FROM attributes WHERE entity = ?"
_WRITE = "INSERT OR REPLACE INTO attributes VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM attributes WHERE entity = ? AND attribute = ? AND life = ? AND seq = ?"
_ADOPT = """
INSERT INTO attributes VALUES (?, ?, ?, ?, ?, ?, '', 1)
ON CONFLICT DO UPDATE SET time = excluded.time, revision = excluded.revision, body = '', told = 1
WHERE excluded.revision > revision
"""
_TOLD = """
UPDATE attributes SET told = (life = ? AND seq = ? AND time = ? AND revision = ?)
WHERE entity = ? AND attribute = ?
"""


class Held(msgspec.Struct):
    """One reading of an attribute, as the file has it."""

    mark: Mark
    body: str
    told: bool


class Pending(msgspec.Struct):
    """What an entity's broker is still to be told: attribute -> mark and body.

    `unsure`: the broker may have some of it, or newer: a request before had no answer, or our file is new.
    """

    attributes: dict[str, Held]
    unsure: bool


class State:
    """The file of one sink. All methods block: they belong into a thread. They raise sqlite3.Error."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def merge(self, attributes: Sequence[Attribute]) -> dict[str, Pending]:
        """Take in what readings say; what each of their entities is then still to be told. On the disk.

        A file that is none of ours, or damaged, is begun anew: then the broker is asked what it has.
        """
        try:
            return self._merge(attributes)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            return self._merge(attributes)

    def told(self, entities: Mapping[str, Mapping[str, Mark]]) -> None:
        """The broker has these now: entity -> attribute -> mark. Also such as we did not know any more."""
        rows = [
            (mark.life, mark.seq, mark.time, mark.revision, entity, attribute)
            for entity, marks in entities.items()
            for attribute, mark in marks.items()
        ]
        with closing(open_file(self._file)) as database, transaction(database):
            database.executemany(_ADOPT, [(*row[4:], *row[:4]) for row in rows])
            database.executemany(_TOLD, rows)

    def forget(self, refused: Iterable[tuple[str, str, Mark]]) -> None:
        """These the broker will never take: what it has stays its newest."""
        rows = [(entity, attribute, mark.life, mark.seq) for entity, attribute, mark in refused]
        with closing(open_file(self._file)) as database, transaction(database):
            database.executemany(_FORGET, rows)

    def _merge(self, attributes: Sequence[Attribute]) -> dict[str, Pending]:
        by_entity: dict[str, list[Attribute]] = {}
        for attribute in attributes:
            by_entity.setdefault(attribute.entity, []).append(attribute)
        with closing(open_file(self._file)) as database, transaction(database):
            database.execute(SCHEMA)
            return {entity: _merge_one(database, entity, added) for entity, added in by_entity.items()}


def _merge_one(database: sqlite3.Connection, entity: str, added: Sequence[Attribute]) -> Pending:
    before = _read(database, entity)
    unsure = not before or any(not _newest(held).told for held in before.values())
    for attribute in added:
        _take(before.setdefault(attribute.name, {}), attribute)
    written, gone = [], []
    for name, held in before.items():
        best = sorted(held.values(), key=lambda one: one.mark, reverse=True)
        kept = [one for place, one in enumerate(best) if place < KEEP or one.told]
        gone += [(entity, name, *one.mark.name) for one in best if one not in kept]
        before[name] = {one.mark.name: one for one in kept}
        written += [_row(entity, name, one) for one in kept]
    database.executemany(_FORGET, gone)
    touched = {attribute.name for attribute in added}
    database.executemany(_WRITE, [row for row in written if row[1] in touched])
    newest = {name: _newest(held) for name, held in before.items()}
    return Pending({name: held for name, held in newest.items() if not held.told}, unsure)


def _take(held: dict[tuple[int, int], Held], attribute: Attribute) -> None:
    """A reading that is there already stays, unless this telling of it is a later one."""
    known = held.get(attribute.mark.name)
    if known is None or attribute.mark.revision > known.mark.revision:
        held[attribute.mark.name] = Held(attribute.mark, attribute.body, told=False)


def _newest(held: Mapping[tuple[int, int], Held]) -> Held:
    return max(held.values(), key=lambda one: one.mark)


def _read(database: sqlite3.Connection, entity: str) -> dict[str, dict[tuple[int, int], Held]]:
    found: dict[str, dict[tuple[int, int], Held]] = {}
    for name, time, life, seq, revision, body, told in database.execute(_READ, (entity,)):
        if not body and not told:  # learnt from the broker, which has another since
            continue
        found.setdefault(name, {})[life, seq] = Held(Mark(time, life, seq, revision), body, bool(told))
    return found


def _row(entity: str, name: str, held: Held) -> tuple[str, str, int, int, int, int, str, int]:
    mark = held.mark
    return (entity, name, mark.life, mark.seq, mark.time, mark.revision, held.body, int(held.told))
