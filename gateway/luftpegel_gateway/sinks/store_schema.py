"""The store's tables for whoever reads them, and the way of an older store to them.

A store of version 0.2.0 (`user_version` 0, readings without a life) is copied first: the copy lies beside it
as `<file>.0.2.0` and is the way back. The change itself is one transaction. Killed at any moment, the next
start finds the old store or the new one, and begins again where it found the old.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from luftpegel_gateway.sinks.sqlite_file import transaction

VERSION = 1
OLDER = "0.2.0"  # what wrote `user_version` 0

READINGS = """
CREATE TABLE {table} (
    tenant TEXT NOT NULL,            -- '' where a gateway serves one town
    station TEXT NOT NULL,
    life INTEGER NOT NULL,           -- counts the boards that had this id: each numbers its readings anew
    seq INTEGER NOT NULL,
    channel INTEGER NOT NULL,        -- 2 * number of the quantity + index
    time INTEGER,                    -- unix seconds; NULL: no clock is known
    value INTEGER,                   -- base units of the quantity; NULL: quality says why
    quality INTEGER NOT NULL,        -- 0 is good
    flags TEXT NOT NULL,             -- what the gateway's checks found: words, separated by commas
    revision INTEGER NOT NULL,       -- how often it was corrected
    PRIMARY KEY (tenant, station, life, seq, channel)
) STRICT, WITHOUT ROWID
"""
ALARMS = """
CREATE TABLE alarms (                -- what a station itself raised
    tenant TEXT NOT NULL,
    station TEXT NOT NULL,
    life INTEGER NOT NULL,
    seq INTEGER NOT NULL,            -- the reading that raised it
    channel INTEGER NOT NULL,
    kind TEXT NOT NULL,              -- above, below, rate, fault, over
    time INTEGER,
    value INTEGER NOT NULL,          -- base units, like the threshold
    threshold INTEGER NOT NULL,
    received_at INTEGER NOT NULL,    -- unix microseconds
    PRIMARY KEY (tenant, station, life, seq, channel, kind)
) STRICT, WITHOUT ROWID
"""
# Begins with what people ask by; the tenant stands before the time, so that the newest is found in one step.
BY_TIME = "CREATE INDEX readings_by_time ON readings (station, channel, tenant, time)"

# The newest reading of each station and channel. It steps through the index from one station to the next and
# from one of its channels to the next, so it costs the number of these, not the number of readings.
_NEWEST = """(SELECT r.{column} FROM readings AS r
        WHERE r.station = series.station AND r.channel = series.channel AND r.tenant = series.tenant
        ORDER BY r.time DESC, r.life DESC, r.seq DESC LIMIT 1)"""
CURRENT = f"""
CREATE VIEW current AS
WITH RECURSIVE
stations (station) AS (
    SELECT min(station) FROM readings
    UNION ALL
    SELECT (SELECT min(r.station) FROM readings AS r WHERE r.station > stations.station)
    FROM stations WHERE station IS NOT NULL
),
channels (station, channel) AS (
    SELECT station, (SELECT min(r.channel) FROM readings AS r WHERE r.station = stations.station)
    FROM stations WHERE station IS NOT NULL
    UNION ALL
    SELECT station, (SELECT min(r.channel) FROM readings AS r
        WHERE r.station = channels.station AND r.channel > channels.channel)
    FROM channels WHERE channel IS NOT NULL
),
series (station, channel, tenant) AS (
    SELECT station, channel, (SELECT min(r.tenant) FROM readings AS r
        WHERE r.station = channels.station AND r.channel = channels.channel)
    FROM channels WHERE channel IS NOT NULL
    UNION ALL
    SELECT station, channel, (SELECT min(r.tenant) FROM readings AS r
        WHERE r.station = series.station AND r.channel = series.channel AND r.tenant > series.tenant)
    FROM series WHERE tenant IS NOT NULL
)
SELECT readings.* FROM series JOIN readings
    ON readings.tenant = series.tenant AND readings.station = series.station
    AND readings.channel = series.channel
    AND readings.life = {_NEWEST.format(column="life")}
    AND readings.seq = {_NEWEST.format(column="seq")}
"""  # noqa: S608 - made of constants

_FROM_OLDER = """
INSERT INTO readings_of_now
SELECT '', station, 0, seq, channel, time, value, quality, '', 0 FROM readings
"""
# Each step of the change; the last one says that it is done.
CHANGE = (
    READINGS.format(table="readings_of_now"),
    _FROM_OLDER,
    "DROP TABLE readings",
    "ALTER TABLE readings_of_now RENAME TO readings",
    BY_TIME,
    ALARMS,
    CURRENT,
    f"PRAGMA user_version = {VERSION}",
)
BEGIN = (READINGS.format(table="readings"), BY_TIME, ALARMS, CURRENT, f"PRAGMA user_version = {VERSION}")


def prepare(database: sqlite3.Connection, file: Path) -> None:
    """Make the tables, or change older ones. Raises sqlite3.DatabaseError and OSError; nothing is half done.

    `file` is where the database lies; nobody else writes it.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}, this gateway knows {VERSION}")
    if version == VERSION:
        return
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if "readings" in tables:
        _back_up(database, file)
    elif tables:
        raise sqlite3.DatabaseError("it is the database of another program")
    # Views that people made on the store stay as they wrote them while their table is exchanged.
    database.execute("PRAGMA legacy_alter_table = ON")
    with transaction(database):
        for statement in CHANGE if "readings" in tables else BEGIN:
            database.execute(statement)


def _back_up(database: sqlite3.Connection, file: Path) -> None:
    """Copy the store to `<file>.0.2.0`, whole and on the disk before it has that name."""
    copy = file.with_name(f"{file.name}.{OLDER}")
    part = file.with_name(f"{copy.name}.part")
    _remove(part)  # of a start that was killed here
    try:
        with closing(sqlite3.connect(part)) as target:
            database.backup(target)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(copy)
    except BaseException:
        _remove(part)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(part: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
