"""SQLite files of sinks: how one is opened, transactions that end on the disk or not at all, and whether the
disk's file is still ours.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_S = 5.0  # a reader's tool may hold the file for a moment
CACHE_KIB = 4000  # a few hundred stations fit; beyond, each comes back too late to find its pages
ANEW = ".anew"
MAGIC = b"SQLite format 3\0"  # sqlite.org/fileformat.html, 1.3
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


class WatchedFile:
    """Whether what is written to an open database still reaches the file that has the name.

    SQLite goes on writing without an error into a file, or its write-ahead log, that somebody removed, and
    into one that somebody wrote over.
    """

    def __init__(self, file: Path) -> None:
        """`file` is open in WAL mode, and has been read from or written to. Raises OSError."""
        self._file = file
        # Opened once and kept: to close any handle of a file drops the locks that SQLite holds on it for this
        # process (sqlite.org/howtocorrupt.html, 2.2), and the next reader that ends, seeing none, removes the
        # write-ahead log that we go on writing to.
        self._handle = os.open(file, os.O_RDONLY)
        self._identities = self._look()

    def check(self) -> None:
        """Raises OSError where what was written is not in the file, or nobody could read it there."""
        if self._look() != self._identities:
            raise OSError("it, or its -wal, was removed or replaced while in use")
        if os.pread(self._handle, len(MAGIC), 0) != MAGIC:
            raise OSError("it was overwritten while in use, and is no database any more")

    def close(self) -> None:
        """The database has been closed before."""
        os.close(self._handle)

    def _look(self) -> list[tuple[int, int] | None]:
        return [_identity(self._file), _identity(self._file.with_name(self._file.name + "-wal"))]


def write_anew(database: sqlite3.Connection, file: Path) -> None:
    """Put all that an open database holds where its file was, which somebody removed or replaced.

    What lies there now is kept as `NAME.strange-N`. The database is to be closed and opened anew then. Raises
    OSError, sqlite3.Error; the open one still has everything, and this may be called again.
    """
    part = file.with_name(file.name + ANEW)
    for suffix in ("", "-journal"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(part, isolation_level=None)) as target:
        database.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, whole
    _sync(part)
    number = 1
    while (strange := file.with_name(f"{file.name}.strange-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):  # a log beside our file would be played into it
        there = file.with_name(file.name + suffix)
        if there.exists():
            there.rename(strange.with_name(strange.name + suffix))
    part.replace(file)
    _sync(file.parent)


def finish_anew(file: Path) -> None:
    """Give the name to what `write_anew` had written when it was killed; a part of it counts for nothing.

    Raises OSError, sqlite3.Error.
    """
    part = file.with_name(file.name + ANEW)
    if file.exists() or not part.exists():
        return
    with closing(sqlite3.connect(part)) as database:  # the copy is one transaction: all of it, or no table
        whole = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if whole:
        part.replace(file)
        _sync(file.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
