"""A connection to a PostgreSQL server: its options, its login, and one cause for each trouble.

asyncpg speaks the protocol itself, so a refused login is told by its SQLSTATE, and not by words in whatever
language the server speaks. With `tls` the certificate is always checked, also its name.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from luftpegel_gateway.config.options import Option, Wrong, flag, port, secret, text, whole
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport import http_faults, tls
from luftpegel_gateway.transport.hosts import is_here

POSTGRESQL_OPTIONS = {
    "host": Option(text),  # or the folder of the server's socket: /run/postgresql
    "port": Option(port, 5432),
    "database": Option(text, "luftpegel"),
    "username": Option(text, "luftpegel"),
    "password_file": Option(secret, None),
    "tls": Option(flag, False),
    "timeout_s": Option(whole(1, 600), 30),
    **tls.TLS_FILES,
}
RULES, NO_DATABASE, NO_RIGHT, NO_TABLES = "LP-490", "LP-491", "LP-492", "LP-493"
READ_ONLY, FULL, OTHER_TABLES = "LP-494", "LP-495", "LP-496"

# SQLSTATEs (PostgreSQL, appendix A) and their classes, the longer before the shorter: what each says of the
# server, the login or the tables. None: it is about what was sent.
_STATES: Mapping[str, str | None] = {
    "08P01": http_faults.BROKEN,
    "08": http_faults.LOST,
    "22": None,  # data exception
    "23502": OTHER_TABLES,  # a column without a value: none of ours is
    "23": None,  # a constraint that somebody added
    "25006": READ_ONLY,
    "28P01": http_faults.LOGIN,
    "28": RULES,
    "3D": NO_DATABASE,
    "3F": OTHER_TABLES,
    "40": http_faults.BUSY,  # deadlock, serialization: tried again before it is told
    "42501": NO_RIGHT,
    "42": OTHER_TABLES,
    "44": None,
    "53100": FULL,
    "53": http_faults.BUSY,
    "55": http_faults.BUSY,
    "57014": http_faults.SLOW,  # cancelled: statement_timeout, or by a person
    "57P03": http_faults.BUSY,  # it starts, or recovers
    "57P04": NO_DATABASE,  # dropped under us
    "57": http_faults.LOST,
    "P0": None,  # raised by a trigger that somebody added
}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    yield from tls.wrong(options, encrypted=options["tls"])


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    if not (options["tls"] or is_socket(options) or is_here(options["host"])):
        yield "tls", "LP-480"


def is_socket(options: Mapping[str, Any]) -> bool:
    """Whether the server is reached through a file on this machine."""
    return str(options["host"]).startswith("/")


def where(options: Mapping[str, Any]) -> str:
    """Which database this is, for messages."""
    return f"{options['username']}@{options['host']}:{options['port']}/{options['database']}"


async def connect(options: Mapping[str, Any], name: str) -> asyncpg.Connection:
    """Log in. Raises OtherEndDown; CannotStart when a file for TLS cannot be used.

    No statement is prepared under a name: a pooler may give each transaction another server process.
    """
    encryption = tls.context(options, name) if options["tls"] else False
    async with told(options), asyncio.timeout(options["timeout_s"]):
        return await asyncpg.connect(
            host=options["host"],
            port=options["port"],
            database=options["database"],
            user=options["username"],
            password=str(options["password_file"] or ""),  # asyncpg takes no subclass of str
            ssl=encryption,
            timeout=options["timeout_s"],
            statement_cache_size=0,
            server_settings={"application_name": f"luftpegel {name}"},
        )


@asynccontextmanager
async def told(options: Mapping[str, Any]) -> AsyncIterator[None]:
    """Whatever goes wrong within is raised as OtherEndDown, but for what is about the data (`refusal`)."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if is_refusal(error):
            raise
        raise OtherEndDown(_code(error), f"{where(options)}: {words_of(error)}") from error
    except (OSError, TimeoutError) as error:
        raise _of_network(error, where(options)) from error


def is_refusal(error: BaseException) -> bool:
    """Whether an error is about what was sent, and would come again for it."""
    return isinstance(error, asyncpg.PostgresError) and _code(error) is None


def is_clash(error: BaseException) -> bool:
    """Whether two transactions stood in each other's way: the same again may pass at once."""
    return isinstance(error, asyncpg.TransactionRollbackError)


def is_cancelled(error: BaseException) -> bool:
    """Whether the server ended a statement: it took longer than it may, or a person did."""
    return isinstance(error, asyncpg.QueryCanceledError)


def words_of(error: BaseException) -> str:
    """What the server said, on one line."""
    detail = getattr(error, "detail", None)
    said = f"{error}{f' ({detail})' if detail else ''}" or type(error).__name__
    return http_faults.excerpt(said.encode("utf-8", "replace"))


def _code(error: BaseException) -> Any:
    state = str(getattr(error, "sqlstate", None) or "08")  # asyncpg's own: the connection is not usable
    for length in (5, 2):
        if state[:length] in _STATES:
            return _STATES[state[:length]]
    return http_faults.BROKEN


def _of_network(error: BaseException, place: str) -> OtherEndDown:
    if type(error) is ConnectionError:  # asyncpg's word for it: the server rejected the upgrade to TLS
        return OtherEndDown(http_faults.NO_TLS, f"{place}: {error}")
    return http_faults.of_exception(error, place)
