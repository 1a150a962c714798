"""The tables and views in PostgreSQL: how they come to be, and the way of older ones to them.

`MIGRATIONS` grows at its end and never changes before it; `luftpegel.version` says how many a database has.
All run in one transaction behind an advisory lock, so two gateways that start together make them once, and a
gateway that writes holds the same lock shared: nobody changes a table under it.
"""

import asyncpg

from luftpegel_gateway.model import quantities
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.transport.postgresql import NO_TABLES, OTHER_TABLES

LOCK = 0x4C75667470656765  # "Luftpege", for pg_advisory_lock

_FIRST = """
CREATE TABLE luftpegel.version (version integer NOT NULL);
INSERT INTO luftpegel.version VALUES (0);
COMMENT ON TABLE luftpegel.version IS 'which tables these are; for the gateway';

CREATE TABLE luftpegel.deliveries (
    sink text PRIMARY KEY,
    batch bytea NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE luftpegel.deliveries IS 'the last batch of each sink, to know it when it comes again; for the gateway';

CREATE TABLE luftpegel.stations (
    tenant text NOT NULL,
    station text NOT NULL,
    name text,
    kind text,
    interval_s integer,
    latitude double precision,
    longitude double precision,
    PRIMARY KEY (tenant, station)
);
COMMENT ON TABLE luftpegel.stations IS 'as stations.toml has them, written when a reading of the station comes';

CREATE TABLE luftpegel.quantities (
    channel integer PRIMARY KEY,
    name text NOT NULL,
    label_en text,
    label_de text,
    unit text,
    symbol text,
    decimals integer NOT NULL,
    scale numeric NOT NULL,
    known boolean NOT NULL
);
COMMENT ON COLUMN luftpegel.quantities.unit IS 'UCUM';
COMMENT ON COLUMN luftpegel.quantities.known IS 'false: no gateway knew this quantity yet, its values are raw';

CREATE TABLE luftpegel.readings (
    tenant text NOT NULL,
    station text NOT NULL,
    life integer NOT NULL,
    seq bigint NOT NULL,
    channel integer NOT NULL,
    time timestamptz,
    value numeric,
    quality integer NOT NULL,
    flags text NOT NULL,
    revision integer NOT NULL,
    late boolean NOT NULL,
    received timestamptz NOT NULL,
    PRIMARY KEY (tenant, station, life, seq, channel)
);
COMMENT ON COLUMN luftpegel.readings.life IS 'counts the boards that had this id: each numbers its readings anew';
COMMENT ON COLUMN luftpegel.readings.channel IS '2 * number of the quantity, + 1 for a second sensor';
COMMENT ON COLUMN luftpegel.readings.time IS 'NULL: no clock is known';
COMMENT ON COLUMN luftpegel.readings.value IS 'in the unit of the quantity; NULL: quality says why';
COMMENT ON COLUMN luftpegel.readings.quality IS '0 is good';
COMMENT ON COLUMN luftpegel.readings.flags IS 'what the checks found: words, separated by commas';
COMMENT ON COLUMN luftpegel.readings.revision IS 'how often it was corrected';
COMMENT ON COLUMN luftpegel.readings.late IS 'newer ones were told before it';
COMMENT ON COLUMN luftpegel.readings.received IS 'of the frame that first brought it';
CREATE INDEX readings_by_time ON luftpegel.readings (tenant, station, channel, time);
CREATE INDEX readings_of_days ON luftpegel.readings USING brin (time);

CREATE TABLE luftpegel.alarms (
    tenant text NOT NULL,
    station text NOT NULL,
    life integer NOT NULL,
    seq bigint NOT NULL,
    channel integer NOT NULL,
    kind text NOT NULL,
    time timestamptz,
    value numeric NOT NULL,
    threshold numeric NOT NULL,
    received timestamptz NOT NULL,
    PRIMARY KEY (tenant, station, life, seq, channel, kind)
);
COMMENT ON TABLE luftpegel.alarms IS 'what stations raised themselves';

CREATE VIEW luftpegel.measurements AS
SELECT r.tenant, r.station, s.name AS station_name, q.name AS quantity, q.label_en, q.label_de,
    r.time, r.value, q.unit, q.symbol, r.quality, r.flags, r.life, r.seq, r.revision, r.late, r.received,
    s.latitude, s.longitude
FROM luftpegel.readings AS r
JOIN luftpegel.quantities AS q USING (channel)
LEFT JOIN luftpegel.stations AS s USING (tenant, station);
COMMENT ON VIEW luftpegel.measurements IS 'every value with its names, unit and place';

CREATE VIEW luftpegel.current AS
SELECT s.tenant, s.station, s.name AS station_name, q.name AS quantity, q.label_en, q.label_de,
    r.time, r.value, q.unit, q.symbol, r.quality, r.flags, s.latitude, s.longitude
FROM luftpegel.stations AS s
CROSS JOIN luftpegel.quantities AS q
CROSS JOIN LATERAL (
    SELECT n.time, n.value, n.quality, n.flags FROM luftpegel.readings AS n
    WHERE n.tenant = s.tenant AND n.station = s.station AND n.channel = q.channel AND n.time IS NOT NULL
    ORDER BY n.time DESC, n.life DESC, n.seq DESC LIMIT 1
) AS r;
COMMENT ON VIEW luftpegel.current IS 'the newest value of each station and quantity';

CREATE VIEW luftpegel.raised AS
SELECT a.tenant, a.station, s.name AS station_name, q.name AS quantity, q.label_en, q.label_de, a.kind,
    a.time, a.value, a.threshold, q.unit, q.symbol, a.life, a.seq, a.received, s.latitude, s.longitude
FROM luftpegel.alarms AS a
JOIN luftpegel.quantities AS q USING (channel)
LEFT JOIN luftpegel.stations AS s USING (tenant, station);
COMMENT ON VIEW luftpegel.raised IS 'every alarm with its names, unit and place';
"""  # noqa: E501 - SQL for people to read
MIGRATIONS: tuple[str, ...] = (_FIRST,)
# A point a row, for a town's GIS; made where PostGIS is installed, whose functions are in the schema {0}.
_MAP = """
CREATE VIEW luftpegel.map AS
SELECT concat_ws('/', NULLIF(tenant, ''), station, quantity) AS id, c.*,
    {0}.ST_SetSRID({0}.ST_MakePoint(longitude, latitude), 4326)::{0}.geometry(Point, 4326) AS place
FROM luftpegel.current AS c WHERE longitude IS NOT NULL AND latitude IS NOT NULL
"""
_POSTGIS = """
SELECT quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'postgis' AND to_regclass('luftpegel.map') IS NULL
    AND has_schema_privilege('luftpegel', 'CREATE')
"""
_LEARN = """
UPDATE luftpegel.quantities SET name = $2, label_en = $3, label_de = $4, unit = $5, symbol = $6,
    decimals = $7, scale = $8::text::numeric, known = true WHERE channel = $1
"""
_SCALE = (
    "UPDATE luftpegel.readings SET value = value * $2::text::numeric WHERE channel = $1",
    """
UPDATE luftpegel.alarms SET value = value * $2::text::numeric, threshold = threshold * $2::text::numeric
WHERE channel = $1
""",
)
_UNKNOWN = "SELECT channel FROM luftpegel.quantities WHERE NOT known"
GRANTS = (
    'GRANT USAGE ON SCHEMA luftpegel TO "{user}";\n'
    'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA luftpegel TO "{user}";\n'
)
# channel, name, label_en, label_de, unit, symbol, decimals, scale, known
QuantityRow = tuple[int, str, str | None, str | None, str | None, str | None, int, str, bool]


# Not by to_regclass: within a transaction it may not see yet what another one has just made.
_HAS_SCHEMA = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'luftpegel')"
_HAS_VERSION = """
SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'luftpegel' AND c.relname = 'version')
"""
# The schema is there and ours to build in, or we may make it.
MAY_MAKE = """
SELECT CASE WHEN to_regnamespace('luftpegel') IS NULL
    THEN has_database_privilege(current_database(), 'CREATE')
    ELSE has_schema_privilege('luftpegel', 'CREATE') END
"""


def grants(user: str) -> str:
    """The rights that the gateway's user needs, as SQL for the owner of the tables."""
    return GRANTS.format(user=user.replace('"', '""'))


def script(user: str) -> str:
    """All of it as SQL for the database's owner, with the rights that the gateway's user needs."""
    made = "".join(MIGRATIONS)
    version = f"UPDATE luftpegel.version SET version = {len(MIGRATIONS)};\n"  # noqa: S608 - a number
    return f"BEGIN;\nCREATE SCHEMA luftpegel;\n{made}\n{version}\n{grants(user)}COMMIT;\n"


def quantity_row(channel: int) -> QuantityRow:
    """What this gateway knows of a channel; of an unknown quantity the values are whole numbers."""
    name, found = quantities.name_of(channel), quantities.of_channel(channel)
    if found is None:
        return channel, name, None, None, None, None, 0, "1", False
    decimals = max(0, -found.exponent)
    scale = f"{10**found.exponent}" if found.exponent >= 0 else f"0.{'0' * (decimals - 1)}1"
    return channel, name, found.en, found.de, found.unit, found.symbol, decimals, scale, True


async def prepare(connection: asyncpg.Connection) -> None:
    """Make the tables, bring older ones up to date, and learn what quantities mean that were unknown.

    Raises SinkDown LP-496: they are of a newer gateway; LP-493: this user may not make them.
    """
    if await _is_ready(connection):
        return
    try:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            await _migrate(connection, await version_of(connection))
            await _learn(connection)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SinkDown(NO_TABLES, str(error)) from error
    schema = await connection.fetchval(_POSTGIS)
    if schema is not None:
        await connection.execute(_MAP.format(schema))


async def version_of(connection: asyncpg.Connection) -> int:
    """How many migrations the database has; 0 where there are no tables. Raises SinkDown LP-496."""
    if not await connection.fetchval(_HAS_VERSION):
        return 0
    found = int(await connection.fetchval("SELECT version FROM luftpegel.version"))
    if found > len(MIGRATIONS):
        raise SinkDown(OTHER_TABLES, f"tables of version {found}, this gateway knows {len(MIGRATIONS)}")
    return found


async def _is_ready(connection: asyncpg.Connection) -> bool:
    if await version_of(connection) < len(MIGRATIONS) or await connection.fetchval(_POSTGIS) is not None:
        return False
    return not any(quantity_row(row["channel"])[-1] for row in await connection.fetch(_UNKNOWN))


async def _migrate(connection: asyncpg.Connection, found: int) -> None:
    if found == len(MIGRATIONS):
        return
    if not await connection.fetchval(_HAS_SCHEMA):
        await connection.execute("CREATE SCHEMA luftpegel")
    for migration in MIGRATIONS[found:]:
        await connection.execute(migration)
    await connection.execute("UPDATE luftpegel.version SET version = $1", len(MIGRATIONS))


async def _learn(connection: asyncpg.Connection) -> None:
    """Values of a quantity that nobody knew were kept raw: now they get their unit."""
    for found in await connection.fetch(_UNKNOWN):
        row = quantity_row(found["channel"])
        if row[-1]:
            await connection.execute(_LEARN, *row[:8])
            for order in _SCALE:
                await connection.execute(order, row[0], row[7])
