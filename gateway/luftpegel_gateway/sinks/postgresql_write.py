"""One batch into the tables of PostgreSQL, within a transaction of the caller.

All rows of a batch go in one statement, as arrays: no temporary table, for which a user may have no right and
which a pooler loses. They are sorted, so that two gateways that write the same rows wait for each other
instead of both being thrown out. An older telling never takes the place of a newer one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Rejection
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.postgresql_rows import AlarmRow, Row, alarm_rows, columns, rows
from luftpegel_gateway.sinks.postgresql_schema import LOCK, quantity_row

SHOWN = 5  # contradictions of one reading that are told in full

# A commit that is answered must be on the server's disk, whatever is the default of the database or the role.
BEGIN = """
SELECT v.version, (SELECT d.batch FROM luftpegel.deliveries AS d WHERE d.sink = $1) AS batch,
    CASE WHEN current_setting('synchronous_commit') = 'off'
        THEN set_config('synchronous_commit', 'on', true) END
FROM luftpegel.version AS v
"""
LOCKED = f"SELECT pg_advisory_xact_lock_shared({LOCK})"
REMEMBER = """
INSERT INTO luftpegel.deliveries VALUES ($1, $2, now())
ON CONFLICT (sink) DO UPDATE SET batch = excluded.batch, at = excluded.at
"""
_NAMED = "(tenant, station, life, seq, channel)"
_TOLD = """
unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::int[], $7::bigint[], $8::bigint[],
    $9::int[], $10::text[], $11::int[], $12::bool[], $13::bigint[])
    AS told (place, tenant, station, life, seq, channel, time, value, quality, flags, revision, late,
        received)
"""
_RECEIVED = "timestamptz 'epoch' + told.received * interval '1 microsecond'"
WRITE = f"""
INSERT INTO luftpegel.readings AS known
    (tenant, station, life, seq, channel, time, value, quality, flags, revision, late, received)
SELECT DISTINCT ON {_NAMED} tenant, station, life, seq, channel, to_timestamp(told.time),
    told.value * q.scale, quality, flags, revision, late, {_RECEIVED}
FROM {_TOLD} JOIN luftpegel.quantities AS q USING (channel)
ORDER BY tenant, station, life, seq, channel, revision DESC, told.time IS NULL, place
ON CONFLICT {_NAMED} DO UPDATE SET time = excluded.time, value = excluded.value,
    quality = excluded.quality, flags = excluded.flags, revision = excluded.revision
WHERE excluded.revision > known.revision OR (excluded.revision = known.revision
    AND excluded.value IS NOT DISTINCT FROM known.value AND known.time IS NULL AND excluded.time IS NOT NULL)
"""  # noqa: S608 - made of constants
# Another value under the same name. One that a later revision gave or took away is none.
CONTRADICTED = f"""
SELECT told.place, told.station, told.life, told.seq, q.name, told.value * q.scale AS value,
    known.value AS known
FROM {_TOLD} JOIN luftpegel.quantities AS q USING (channel)
JOIN luftpegel.readings AS known USING {_NAMED}
WHERE told.value * q.scale IS DISTINCT FROM known.value
    AND NOT (told.revision < known.revision AND (told.value IS NULL OR known.value IS NULL))
ORDER BY told.place, told.channel
"""  # noqa: S608 - made of constants
_ALARMS = """
unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::int[], $7::text[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::bigint[])
    AS told (place, tenant, station, life, seq, channel, kind, time, value, threshold, received)
"""
WRITE_ALARMS = f"""
INSERT INTO luftpegel.alarms AS known
    (tenant, station, life, seq, channel, kind, time, value, threshold, received)
SELECT DISTINCT ON (tenant, station, life, seq, channel, kind) tenant, station, life, seq, channel, kind,
    to_timestamp(told.time), told.value * q.scale, told.threshold * q.scale, {_RECEIVED}
FROM {_ALARMS} JOIN luftpegel.quantities AS q USING (channel)
ORDER BY tenant, station, life, seq, channel, kind, told.time IS NULL, place
ON CONFLICT (tenant, station, life, seq, channel, kind) DO UPDATE SET time = excluded.time
WHERE known.time IS NULL AND excluded.time IS NOT NULL
"""  # noqa: S608 - made of constants
CONTRADICTED_ALARMS = f"""
SELECT told.place, told.station, told.life, told.seq, q.name,
    concat_ws(' / ', told.value * q.scale, told.threshold * q.scale) AS value,
    concat_ws(' / ', known.value, known.threshold) AS known
FROM {_ALARMS} JOIN luftpegel.quantities AS q USING (channel)
JOIN luftpegel.alarms AS known USING (tenant, station, life, seq, channel, kind)
WHERE (told.value * q.scale, told.threshold * q.scale) IS DISTINCT FROM (known.value, known.threshold)
ORDER BY told.place
"""  # noqa: S608 - made of constants
QUANTITIES = """
INSERT INTO luftpegel.quantities
SELECT channel, name, en, de, unit, symbol, decimals, scale::numeric, known
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
    $9::bool[]) AS told (channel, name, en, de, unit, symbol, decimals, scale, known)
ORDER BY channel
ON CONFLICT (channel) DO NOTHING
"""
# One that is not in stations.toml (any more) keeps what is known of it.
STATIONS = """
INSERT INTO luftpegel.stations AS known
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::float8[], $7::float8[])
    AS told (tenant, station, name, kind, interval_s, latitude, longitude)
ORDER BY tenant, station
ON CONFLICT (tenant, station) DO UPDATE SET name = excluded.name, kind = excluded.kind,
    interval_s = excluded.interval_s, latitude = excluded.latitude, longitude = excluded.longitude
WHERE excluded.name IS NOT NULL AND (excluded.name, excluded.kind, excluded.interval_s, excluded.latitude,
    excluded.longitude) IS DISTINCT FROM (known.name, known.kind, known.interval_s, known.latitude,
    known.longitude)
"""


async def write(
    connection: asyncpg.Connection,
    items: Sequence[Item],
    stations: Mapping[tuple[str, str], Station | None],
) -> list[Rejection]:
    """Write all; answers which contradict what is there. `stations`: those to be made known."""
    channels = _channels_of(items)
    if channels:  # always: a value of a channel that is not in the table would be joined away
        await connection.execute(QUANTITIES, *_columns(quantity_row(channel) for channel in sorted(channels)))
    if stations:
        await connection.execute(STATIONS, *_columns(_station_row(*one) for one in stations.items()))
    found = await _write(connection, rows(items), WRITE, CONTRADICTED)
    found += await _write(connection, alarm_rows(items), WRITE_ALARMS, CONTRADICTED_ALARMS)
    return _rejections(items, found)


async def _write(
    connection: asyncpg.Connection, told: Sequence[Row] | Sequence[AlarmRow], order: str, question: str
) -> list[Any]:
    if not told:
        return []
    arguments = columns(told)
    status = await connection.execute(order, *arguments)  # "INSERT 0 <rows>"
    if int(status.rpartition(" ")[2]) == len(told):
        return []  # all new, as nearly always
    return list(await connection.fetch(question, *arguments))


def _channels_of(items: Sequence[Item]) -> set[int]:
    found: set[int] = set()
    for item in items:
        if isinstance(item, AlarmRaised):
            found.add(item.channel)
        elif isinstance(item, Observed):
            found.update(cell.channel for cell in item.reading.cells)
    return found


def _rejections(items: Sequence[Item], found: Sequence[Any]) -> list[Rejection]:
    details: dict[int, list[str]] = {}
    for row in found:
        details.setdefault(row["place"], []).append(
            f"{row['station']} life {row['life']} reading {row['seq']} {row['name']}: {row['value']}, "
            f"the database has {row['known']}"
        )
    return [
        Rejection(items[place], Fault("LP-421", "; ".join(words[:SHOWN]))) for place, words in details.items()
    ]


def _station_row(key: tuple[str, str], station: Station | None) -> tuple[object, ...]:
    if station is None:
        return (*key, None, None, None, None, None)
    words = (station.name.replace("\0", ""), station.kind.replace("\0", ""))  # PostgreSQL has no zero byte
    return (*key, *words, station.interval_s, station.latitude, station.longitude)


def _columns(found: Any) -> list[list[object]]:
    return [list(column) for column in zip(*found, strict=True)]
