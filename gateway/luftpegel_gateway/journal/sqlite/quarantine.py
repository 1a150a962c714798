"""The quarantine's rows: what could not be used, once for each message and reason, with its own copy."""

import hashlib
import sqlite3
from collections.abc import Iterable

from luftpegel_gateway.journal.port import Outcome
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.observations import Observed, Rejection

MOST_DETAILS = 5  # of one code in one message
_ADD = (
    "INSERT INTO quarantine (digest, code, sink, detail, first_at, last_at, dev_eui, station, size, message)"
    " VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (digest, code, sink) DO UPDATE"
    " SET times = times + 1, last_at = excluded.last_at, resolved_at = NULL"
)


def add(database: sqlite3.Connection, delivery: Delivery, message: bytes, outcome: Outcome, now: int) -> None:
    """An entry for each code that a message met with; `message` is the delivery, packed."""
    station = outcome.key[1] if outcome.key else ""
    digest = _digest(
        delivery.kind.encode(), delivery.topic.encode("utf-8", "surrogatepass"), delivery.payload
    )
    size = len(delivery.payload) if delivery.size is None else delivery.size
    details: dict[str, list[str]] = {}
    for fault in outcome.faults:
        details.setdefault(fault.code, []).append(fault.detail)
    for code, told in details.items():
        rest = len(told) - MOST_DETAILS
        detail = "; ".join(told[:MOST_DETAILS]) + (f"; {rest} more" if rest > 0 else "")
        row = (digest, code, "", clean(detail), now, now, outcome.dev_eui, station, size, message)
        database.execute(_ADD, row)


def add_refused(
    database: sqlite3.Connection, sink: str, rejection: Rejection, packed: bytes, now: int
) -> None:
    """An entry for what a sink will never accept; `packed` is the item."""
    item, fault = rejection.item, rejection.fault
    seq = item.reading.seq if isinstance(item, Observed) else item.seq
    digest = _digest(item.ref.tenant.encode(), item.ref.station.encode(), b"%d %d" % (item.ref.life, seq))
    row = (digest, fault.code, sink, clean(fault.detail), now, now, "", item.ref.station, len(packed), packed)
    database.execute(_ADD, row)


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
