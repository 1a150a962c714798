"""PostgreSQL: tables that a town's GIS and Grafana read, one row a value, names and units beside them.

A batch is one transaction, with a mark of the batch in it: what comes again after a crash is known at once,
and if not by its mark then by the readings' names. Tables: `postgresql_schema.py`; statements:
`postgresql_write.py`. A row that the database will not have is found by halves and refused alone.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from luftpegel_gateway.model.faults import Fault, OtherEndDown
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks import postgresql_schema as schema
from luftpegel_gateway.sinks import postgresql_write as writing
from luftpegel_gateway.sinks.postgresql_rows import fitting
from luftpegel_gateway.transport import postgresql
from luftpegel_gateway.transport.postgresql import NO_RIGHT, NO_TABLES, OTHER_TABLES, READ_ONLY

KIND = "postgresql"
OPTIONS = postgresql.POSTGRESQL_OPTIONS
wrong, warnings = postgresql.wrong, postgresql.warnings
REVISES = True
CLASHES = 5  # attempts at a transaction that another one stands in the way of
_RIGHTS = """
SELECT bool_and(has_table_privilege('luftpegel.' || name, word))
FROM unnest(ARRAY['readings', 'alarms', 'stations', 'quantities', 'deliveries']) AS name,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS word
"""


class _Refused(Exception):  # noqa: N818 - an outcome
    """The database will not have something in the batch."""


class PostgreSql:
    """One database. One connection, made when it is needed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._options = context.options
        self._where = postgresql.where(self._options)
        self._connection: asyncpg.Connection | None = None
        self._stations: dict[tuple[str, str], Station | None] = {}  # as the database has them
        self._took = False  # anything, since the start

    async def start(self) -> None:
        """See `Sink`. The first delivery connects."""

    async def stop(self) -> None:
        """See `Sink`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=self._options["timeout_s"])
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        good, misfits = fitting(items)
        try:
            refused = await self._halves(good)
        except OtherEndDown as down:
            raise await asyncio.to_thread(self._with_script, down) from down
        if good and not self._took and len(refused) == len(good):
            raise SinkDown(refused[0].fault.code, f"{self._where}: {refused[0].fault.detail}")
        return [*misfits, *refused]

    async def _halves(self, items: Sequence[Item]) -> list[Rejection]:
        """Deliver all that the database takes."""
        if not items:
            return []
        try:
            refused = await self._patient(items)
        except _Refused as error:
            if len(items) == 1:
                return [Rejection(items[0], Fault("LP-422", f"{items[0].ref.station}: {error}"))]
        except OtherEndDown as down:
            if len(items) == 1 or not (down.__cause__ and postgresql.is_cancelled(down.__cause__)):
                raise  # what takes longer than the server allows may pass in parts
        else:
            self._took = self._took or len(refused) < len(items)
            return refused
        half = len(items) // 2
        return [*await self._halves(items[:half]), *await self._halves(items[half:])]

    async def _patient(self, items: Sequence[Item]) -> list[Rejection]:
        """Try again at once when another transaction stood in the way."""
        for _ in range(CLASHES - 1):
            try:
                return await self._attempt(items)
            except OtherEndDown as down:
                if not (down.__cause__ and postgresql.is_clash(down.__cause__)):
                    raise
        return await self._attempt(items)

    async def _attempt(self, items: Sequence[Item]) -> list[Rejection]:
        """One transaction. Raises OtherEndDown, and _Refused when it is about an item."""
        try:
            async with postgresql.told(self._options):
                connection = await self._connected()
                async with asyncio.timeout(self._options["timeout_s"]):
                    return await self._transaction(connection, items)
        except asyncpg.PostgresError as error:
            raise _Refused(postgresql.words_of(error)) from error
        except BaseException:
            self._drop()
            raise

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._drop()
            self._connection = await postgresql.connect(self._options, self._context.name)
            async with asyncio.timeout(self._options["timeout_s"]):
                await schema.prepare(self._connection)
        return self._connection

    def _drop(self) -> None:
        """End the connection at once; whatever we believed to be in the database is looked up anew."""
        connection, self._connection = self._connection, None
        self._stations.clear()
        if connection is not None:
            connection.terminate()

    async def _transaction(self, connection: asyncpg.Connection, items: Sequence[Item]) -> list[Rejection]:
        batch = hashlib.blake2b(msgspec.msgpack.encode(items), digest_size=16).digest()
        stations = self._news(items)
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(writing.LOCKED)
            before = await connection.fetchrow(writing.BEGIN, self._context.name)
            if before is None or before["version"] != len(schema.MIGRATIONS):
                raise SinkDown(OTHER_TABLES, f"{self._where}: another gateway has changed the tables")
            if before["batch"] == batch:
                return []
            refused = await writing.write(connection, items, stations)
            if not refused:  # else the answer must be found again
                await connection.execute(writing.REMEMBER, self._context.name, batch)
        self._stations |= stations
        return refused

    def _news(self, items: Sequence[Item]) -> dict[tuple[str, str], Station | None]:
        """Stations that the database does not have as stations.toml does."""
        keys = {(item.ref.tenant, item.ref.station) for item in items}
        told = {key: self._context.station(key[1], key[0]) for key in keys}
        return {key: one for key, one in told.items() if self._stations.get(key, key) != one}

    def _with_script(self, down: OtherEndDown) -> OtherEndDown:
        """For what only the database's owner can mend: the SQL for it lies in the data folder."""
        if down.code not in (NO_TABLES, NO_RIGHT):
            return down
        file = self._context.folder / f"postgresql-{self._context.name}.sql"
        user = self._options["username"]
        content = schema.script(user) if down.code == NO_TABLES else schema.grants(user)
        try:
            _write_file(file, content)
        except OSError as error:
            return SinkDown(down.code, f"{down.detail} ({file}: {error.strerror})")
        return SinkDown(down.code, f"{down.detail}; the SQL for it: {file}")


def _write_file(file: Path, content: str) -> None:
    if not file.exists() or file.read_text(encoding="utf-8") != content:
        file.write_text(content, encoding="utf-8")


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Whether a delivery would pass: the login, the tables or the right to make them, the right to write.

    Changes nothing. Raises OtherEndDown.
    """
    connection = await postgresql.connect(options, name)
    try:
        async with postgresql.told(options), asyncio.timeout(options["timeout_s"]):
            await _judge(connection, postgresql.where(options))
    finally:
        connection.terminate()


async def _judge(connection: asyncpg.Connection, where: str) -> None:
    if await connection.fetchval(
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
    ):
        raise SinkDown(READ_ONLY, where)
    if await schema.version_of(connection) == len(schema.MIGRATIONS):
        if not await connection.fetchval(_RIGHTS):
            raise SinkDown(NO_RIGHT, where)
    elif not await connection.fetchval(schema.MAY_MAKE):
        raise SinkDown(NO_TABLES, where)


def create(context: Context) -> PostgreSql:
    """The sink of one [[sink]] with kind "postgresql"."""
    return PostgreSql(context)
