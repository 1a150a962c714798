"""What may leave the journal: frames that every sink has, when they are old or the file has grown too large.

Never what waits, never what is in quarantine. Names (sequence numbers) stay for ever in the stations'
intervals; the values of old readings leave with their frames, so a very late repeat is still recognised, only
no longer compared.
"""

import sqlite3
from collections.abc import Sequence

from luftpegel_gateway.journal.sqlite.database import transaction

CHUNK = 2000  # rows a transaction: intake waits no longer than for one
LOOKED_AT = 500  # readings of a station
DAY_S = 86400
MIB = 1 << 20


def tidy(database: sqlite3.Connection, sinks: Sequence[str], now: int, keep_days: int, keep_mib: int) -> bool:
    """Remove one chunk of what may leave; True when there may be more. `sinks`: all that get frames."""
    done = _delivered_up_to(database, sinks)
    before = now - keep_days * DAY_S if _used(database) <= keep_mib * MIB else now + 1
    removable = (
        "SELECT id FROM frame WHERE id <= ? AND taken_at < ? AND id NOT IN"
        " (SELECT frame FROM quarantine WHERE resolved_at IS NULL) ORDER BY id LIMIT ?"
    )
    with transaction(database):
        frames = database.execute(removable, (done, before, CHUNK)).fetchall()
        database.executemany("DELETE FROM quarantine WHERE frame = ?", frames)
        database.executemany("DELETE FROM frame WHERE id = ?", frames)
        _forget_values(database, keep_days * DAY_S)
        database.execute("DELETE FROM notice WHERE taken_at < ?", (now - keep_days * DAY_S,))
    return len(frames) == CHUNK


def _delivered_up_to(database: sqlite3.Connection, sinks: Sequence[str]) -> int:
    """The frame up to which every sink has everything."""
    cursors = dict(database.execute("SELECT sink, frame FROM cursor").fetchall())
    return min((cursors.get(sink, 0) for sink in sinks), default=0)


def _forget_values(database: sqlite3.Connection, keep_s: int) -> None:
    """The oldest readings leave the table of names when they are so much older than their station's newest.

    Measured against the newest reading and not against our clock: a station may have its own calendar (a
    simulated one does). Looks at a few of the oldest only, so that it costs the same however much is kept.
    """
    stations = [row[0] for row in database.execute("SELECT id FROM station").fetchall()]
    for station in stations:
        database.execute(
            "DELETE FROM reading WHERE station = ?1 AND seq <= (SELECT max(seq) FROM"
            " (SELECT seq, time FROM reading WHERE station = ?1 ORDER BY seq LIMIT ?2) WHERE time <"
            " (SELECT time FROM reading WHERE station = ?1 AND time IS NOT NULL"
            " ORDER BY seq DESC LIMIT 1) - ?3)",
            (station, LOOKED_AT, keep_s),
        )


def _used(database: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
