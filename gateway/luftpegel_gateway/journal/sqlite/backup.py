"""Whole copies of the journal's file, made so that a copy is either there, complete and on the disk, or not
at all.

By SQLite's own backup: it reads through the open connection, so what lies in the write-ahead log is in the
copy, and a file that somebody removed meanwhile can still be copied.
"""

import contextlib
import os
import sqlite3
from pathlib import Path

PAGES = 4096  # at a time
PART = ".part"


def copy(database: sqlite3.Connection, to: Path) -> None:
    """Copy all that `database` holds into the file `to`, which is replaced.

    No transaction may be open. Raises sqlite3.Error or OSError; then `to` is as it was.
    """
    part = to.with_name(to.name + PART)
    try:
        part.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous = OFF")  # one fsync below instead of many
            database.backup(target, pages=PAGES)
            target.execute("PRAGMA journal_mode = DELETE")  # the copy is one file
        put_in_place(part, to)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def put_in_place(part: Path, to: Path) -> None:
    """A file that is complete gets its name, and both are on the disk when this returns."""
    _sync(part)
    part.replace(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
