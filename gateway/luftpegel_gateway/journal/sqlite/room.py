"""Room that the journal's file no longer needs goes back to the disk.

A week without a sink makes the file grow by all that waits; when it has left, the pages are free but stay in
the file, and on a small disk the store or another program lacks them. So free pages beyond a reserve are cut
off, a few at a time. The reserve is kept because what a day brings and retention takes away would otherwise
have the file shrink and grow all the time. For this the file must have been made with SQLite's
`auto_vacuum = INCREMENTAL`, which costs one page in eight hundred; one that was not is rewritten once.
"""

import contextlib
import sqlite3

INCREMENTAL = 2
RESERVE = 1024  # pages of 4 KiB that are never given back
SHARE = 4  # nor one part in so many of the file
STEP = 500  # pages at a time, moved within the file in one transaction


def make_shrinkable(database: sqlite3.Connection) -> None:
    """Rewrite a file of an earlier version once, which also drops what it has in free pages.

    Without room for it (a whole copy) the file stays as it is, and the next start tries again.
    """
    if _pragma(database, "auto_vacuum") == INCREMENTAL:
        return
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def give_back(database: sqlite3.Connection) -> bool:
    """Cut off some free pages; True when there may be more."""
    free = _pragma(database, "freelist_count")
    excess = free - max(RESERVE, _pragma(database, "page_count") // SHARE)
    if excess <= 0:
        return False
    # It answers a row without columns for each page; `execute` would take the first one for the end.
    database.executescript(f"PRAGMA incremental_vacuum({min(excess, STEP)})")
    return 0 < _pragma(database, "freelist_count") < free and excess > STEP


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])
