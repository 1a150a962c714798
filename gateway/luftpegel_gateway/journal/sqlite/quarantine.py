"""The quarantine's rows: what could not be used, once for each message and reason, with its own copy."""

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from luftpegel_gateway.journal.port import Outcome
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.observations import Item, Observed, Rejection, Stranger

MOST_DETAILS = 5  # of one code in one message
_COLUMNS = (
    "digest, code, sink, detail, times, first_at, last_at, resolved_at, dev_eui, station, size, message,"
    " tenant"
)
_ADD = (
    f"INSERT INTO quarantine (id, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants
    " ON CONFLICT (digest, code, sink) DO UPDATE SET times = times + excluded.times,"
    " detail = excluded.detail, last_at = excluded.last_at, resolved_at = excluded.resolved_at,"
    " size = excluded.size, message = excluded.message"
)


class Row(NamedTuple):
    """An entry as it lies in the table. `digest`: what makes two messages the same."""

    digest: bytes
    code: str
    sink: str
    detail: str
    times: int
    first_at: int
    last_at: int
    resolved_at: int | None
    dev_eui: str
    station: str
    size: int
    message: bytes
    tenant: str = ""


def write(database: sqlite3.Connection, row: Row, number: int | None = None) -> None:
    """Add an entry, or count it when it is there; `number`: the one that it has in a migrated journal."""
    database.execute(_ADD, (number, *row))


def add(database: sqlite3.Connection, delivery: Delivery, message: bytes, outcome: Outcome, now: int) -> None:
    """An entry for each code that a message met with; `message` is the delivery, packed."""
    station = outcome.key[1] if outcome.key else ""
    digest = digest_of(delivery, outcome.tenant)
    size = len(delivery.payload) if delivery.size is None else delivery.size
    details: dict[str, list[str]] = {}
    for fault in outcome.faults:
        details.setdefault(fault.code, []).append(fault.detail)
    for code, told in details.items():
        rest = len(told) - MOST_DETAILS
        detail = "; ".join(told[:MOST_DETAILS]) + (f"; {rest} more" if rest > 0 else "")
        write(
            database,
            Row(
                digest, code, "", clean(detail), 1, now, now, None, outcome.dev_eui, station, size, message,
                outcome.tenant,
            ),
        )  # fmt: skip


def add_refused(
    database: sqlite3.Connection, sink: str, rejection: Rejection, packed: bytes, now: int
) -> None:
    """An entry for what a sink will never accept; `packed` is the item. Its newest revision is kept."""
    station, fault = rejection.item.ref.station, rejection.fault
    digest = digest_of_refused(rejection.item)
    size = len(packed)
    write(
        database,
        Row(
            digest, fault.code, sink, clean(fault.detail), 1, now, now, None, "", station, size, packed,
            rejection.item.ref.tenant,
        ),
    )  # fmt: skip


def digest_of(delivery: Delivery, tenant: str = "") -> bytes:
    """The same message again is the same entry, whatever its source is called; not another tenant's."""
    whose = (tenant.encode(),) if tenant else ()
    topic = delivery.topic.encode("utf-8", "surrogatepass")
    return _digest(delivery.kind.encode(), topic, delivery.payload, *whose)


def digest_of_refused(item: Item) -> bytes:
    """All revisions of one reading are the same entry; an alarm is another thing than its reading."""
    ref = item.ref
    if isinstance(item, Observed):
        name = f"{ref.life} {item.reading.seq}"
    elif isinstance(item, Stranger):
        name = f"raw {item.f_port} {item.f_cnt} {item.data.hex()}"
    else:
        name = f"{ref.life} {item.seq} {item.channel} {item.kind} {item.threshold}"
    return _digest(ref.tenant.encode(), ref.station.encode(), name.encode())


def resolve(database: sqlite3.Connection, entry: int, now: int) -> None:
    """The message behind an entry has been used after all."""
    database.execute("UPDATE quarantine SET resolved_at = ? WHERE id = ?", (now, entry))


def discard(database: sqlite3.Connection, entries: Iterable[int]) -> int:
    """Remove entries; how many were there."""
    return database.executemany(
        "DELETE FROM quarantine WHERE id = ?", [(entry,) for entry in entries]
    ).rowcount


def clean(text: str) -> str:
    """Text that SQLite can keep: JSON may carry half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(b"%d:" % len(part) + part)
    return digest.digest()
