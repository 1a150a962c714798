"""How the journal's SQLite file is opened and written: durable, by one writer, with errors that say what to
do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from luftpegel_gateway.model.faults import JournalDown

BUSY_MS = 5000  # a reader in another process may hold the file for a moment


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The database, made if it is not there. Every commit is on the disk when it returns (synchronous
    FULL)."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000)
    try:
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")  # says nothing to a file that has tables
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA cache_size = -4000")
    except sqlite3.Error:
        database.close()
        raise
    return database


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A second view on the database that can change nothing and delays no writer."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=BUSY_MS / 1000
    )


def open_for_looking(path: Path) -> sqlite3.Connection:
    """The same for a short look, which leaves no file behind where nobody has the journal open.

    SQLite makes a write-ahead log and its index even to read, and leaves them: they would belong to whoever
    looked, and the gateway's user could not write them. Without such a log the file itself is all there is.
    """
    if path.with_name(f"{path.name}-wal").exists():
        return open_for_reading(path)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )


def fold(path: Path) -> None:
    """Make a database that nobody writes one file again: what a killed writer left in its write-ahead log
    goes into it. That log beside another file of the same name would destroy the other file.

    A disk that is full or cannot be written leaves both as they are.
    """
    with suppress(sqlite3.OperationalError):
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_MS / 1000)
        with closing(database):  # the last to close takes the empty log away
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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


@contextmanager
def told_as_down(path: Path) -> Iterator[None]:
    """SQLite's troubles as `JournalDown`: a full or failing disk can pass, a damaged file cannot."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise JournalDown("LP-410", str(error)) from error
    except sqlite3.DatabaseError as error:
        raise JournalDown("LP-413", f"{path}: {error}") from error
