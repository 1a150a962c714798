"""The store's tables for whoever reads them, and the way of an older store to them.

A store of version 0.2.0 (`user_version` 0, readings without a life) is copied first: the copy lies beside it
as `<file>.0.2.0` and is the way back. The change itself is one transaction. Killed at any moment, the next
start finds the old store or the new one, and begins again where it found the old. Version 1 had no names.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from luftpegel_gateway.model.quality import QUALITIES
from luftpegel_gateway.model.quantities import name_of, numbers, of_channel
from luftpegel_gateway.sinks.sqlite_file import transaction

VERSION = 2
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
# Every station, channel and tenant that has readings; goes behind WITH RECURSIVE.
SERIES = """
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
"""
CURRENT = f"""
CREATE VIEW current AS
WITH RECURSIVE {SERIES}
SELECT readings.* FROM series JOIN readings
    ON readings.tenant = series.tenant AND readings.station = series.station
    AND readings.channel = series.channel
    AND readings.life = {_NEWEST.format(column="life")}
    AND readings.seq = {_NEWEST.format(column="seq")}
"""  # noqa: S608 - made of constants

# What numbers mean, for whoever reads the store with a tool of their own. Filled from the table of quantities
# (spec/channels.toml) at every start, so that a newer gateway's quantities are in an older store too.
QUANTITIES = """
CREATE TABLE quantities (
    channel INTEGER PRIMARY KEY,
    name TEXT NOT NULL,              -- temperature; temperature-2 for the second sensor
    unit TEXT NOT NULL,              -- UCUM
    divisor REAL NOT NULL            -- base units in one unit
) STRICT
"""
QUALITY_NAMES = "CREATE TABLE qualities (quality INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
MEASUREMENTS = """
CREATE VIEW IF NOT EXISTS measurements AS
SELECT r.tenant, r.station, r.time, strftime('%Y-%m-%dT%H:%M:%SZ', r.time, 'unixepoch') AS time_utc,
    coalesce(q.name, 'channel-' || r.channel) AS quantity, q.unit,
    CASE WHEN q.divisor > 1 THEN r.value / q.divisor ELSE r.value END AS value,
    coalesce(w.name, 'quality-' || r.quality) AS quality, r.flags, r.revision, r.life, r.seq
FROM readings AS r
LEFT JOIN quantities AS q ON q.channel = r.channel
LEFT JOIN qualities AS w ON w.quality = r.quality
"""

_FROM_OLDER = """
INSERT INTO readings_of_now
SELECT '', station, 0, seq, channel, time, value, quality, '', 0 FROM readings
"""
_VERSION_2 = (QUANTITIES, QUALITY_NAMES, MEASUREMENTS, f"PRAGMA user_version = {VERSION}")
# Each step of the change from a version; the last one says that it is done.
CHANGE = (
    READINGS.format(table="readings_of_now"),
    _FROM_OLDER,
    "DROP TABLE readings",
    "ALTER TABLE readings_of_now RENAME TO readings",
    BY_TIME,
    ALARMS,
    CURRENT,
    *_VERSION_2,
)
BEGIN = (READINGS.format(table="readings"), BY_TIME, ALARMS, CURRENT, *_VERSION_2)


def prepare(database: sqlite3.Connection, file: Path) -> None:
    """Make the tables, or change older ones. Raises sqlite3.DatabaseError and OSError; nothing is half done.

    `file` is where the database lies; nobody else writes it.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it is of version {version}, this gateway knows {VERSION}")
    if version == 0:
        _begin(database, file)
    elif version < VERSION:  # beside what is there: a copy from before would lack nothing else
        with transaction(database):
            for statement in _VERSION_2:
                database.execute(statement)
    _fill(database)


def _begin(database: sqlite3.Connection, file: Path) -> None:
    """Make all of it, or of the store of version 0.2.0 that is there."""
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


def _fill(database: sqlite3.Connection) -> None:
    """Have the tables of names say what this gateway knows."""
    told: dict[str, list[tuple[object, ...]]] = {
        "quantities": [
            (channel, name_of(channel), quantity.unit, float(10 ** max(0, -quantity.exponent)))
            for number in numbers()
            for channel in (2 * number, 2 * number + 1)
            if (quantity := of_channel(channel)) is not None
        ],
        "qualities": [*sorted(QUALITIES.items())],
    }
    for table, rows in told.items():
        if database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() == rows:  # noqa: S608 - constants
            continue
        places = ", ".join("?" * len(rows[0]))
        with transaction(database):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
            database.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - constants


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
