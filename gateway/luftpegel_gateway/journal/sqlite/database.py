"""The journal's tables, and how its SQLite file is opened.

`frame` is the log: a frame's place in it is what a sink's cursor counts, and is never given twice
(AUTOINCREMENT). `reading` holds every name that is still comparable, `station` the state of each station,
`quarantine` what could not be used. All of them change in one transaction per batch.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = 1
BUSY_MS = 5000  # another process (quarantine replay) holds the lock for one short transaction

SCHEMA = """
CREATE TABLE frame (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,              -- which parser reads it
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,           -- exactly as it came in
    taken_at INTEGER NOT NULL,       -- unix seconds, our clock
    received_at INTEGER,             -- microseconds, the network server's clock
    dev_eui TEXT,
    station TEXT,
    readings BLOB                    -- what sinks get: new, checked readings; NULL when there are none
) STRICT;
CREATE TABLE reading (
    station TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER,                    -- unix seconds; NULL: the station had no clock
    cells BLOB NOT NULL,
    PRIMARY KEY (station, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE station (id TEXT PRIMARY KEY, state BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (sink TEXT PRIMARY KEY, frame INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    frame INTEGER NOT NULL REFERENCES frame (id),
    sink TEXT NOT NULL DEFAULT '',   -- the sink that refused it; '' when the gateway could not use it
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    digest BLOB NOT NULL,            -- of what came in: the same message again is the same entry
    times INTEGER NOT NULL DEFAULT 1,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE UNIQUE INDEX quarantine_once ON quarantine (digest, code, sink);
CREATE INDEX quarantine_frame ON quarantine (frame);
CREATE TABLE notice (              -- what the network server logged about a device
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_at INTEGER NOT NULL,
    dev_eui TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX notice_device ON notice (dev_eui, id);
"""


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The database, made if it is not there. Every commit is on the disk when it returns (synchronous FULL).

    Raises sqlite3.DatabaseError when the file is none, or is of a later version.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        _prepare(database, path)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Settings and tables."""
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    with transaction(database):
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise sqlite3.DatabaseError(f"{path} is of version {version}, this gateway knows {VERSION}")
        if version == 0:
            for statement in SCHEMA.split(";\n"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A second view on the database that can change nothing and delays no writer."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_MS / 1000
    )


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and on the disk when it ends."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk has rolled back by itself
            database.execute("ROLLBACK")
        raise
