"""SQLite files of sinks: how one is opened, and transactions that end on the disk or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 5.0  # a reader's tool may hold the file for a moment
CACHE_KIB = 8000
CHECKPOINT_PAGES = 2000  # pages that many batches touch are copied into the file once for all of them


def open_file(file: Path) -> sqlite3.Connection:
    """The file, made if it is not there; what is committed is on the disk (synchronous FULL)."""
    database = sqlite3.connect(file, isolation_level=None, timeout=BUSY_S)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        database.close()
        raise
    return database


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
