"""Looking into the quarantine and the log: queries that change nothing, on any connection to the journal."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

_ENTRY = (
    "SELECT q.id, q.code, q.detail, q.sink, q.times, q.first_at, q.last_at, q.resolved_at,"
    " f.dev_eui, f.station, f.kind, f.topic, f.payload FROM quarantine q JOIN frame f ON f.id = q.frame"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in quarantine. Times: unix s of our clock; `sink` is '' when the gateway refused it."""

    id: int
    code: str
    detail: str
    sink: str
    times: int
    first_at: int
    last_at: int
    resolved_at: int | None
    dev_eui: str | None
    station: str | None
    kind: str
    topic: str
    payload: bytes


def entries(
    database: sqlite3.Connection,
    *,
    code: str | None = None,
    dev_eui: str | None = None,
    resolved: bool = False,
) -> list[Entry]:
    """Entries, oldest first; all codes and devices unless one is named."""
    conditions, values = ["(q.resolved_at IS NOT NULL) = ?"], [resolved, code, code, dev_eui, dev_eui]
    conditions += ["(? IS NULL OR q.code = ?)", "(? IS NULL OR f.dev_eui = ?)"]
    rows = database.execute(f"{_ENTRY} WHERE {' AND '.join(conditions)} ORDER BY q.id", values)
    return [Entry(*row) for row in rows]


def entry(database: sqlite3.Connection, number: int) -> Entry | None:
    """One entry by its number."""
    row = database.execute(f"{_ENTRY} WHERE q.id = ?", (number,)).fetchone()
    return Entry(*row) if row else None


@dataclass(frozen=True, slots=True)
class Account:
    """Where frames are. By sink: how many `waiting`, and since when the oldest does (unix seconds)."""

    frames: int  # ever written to this journal
    quarantined: int
    waiting: dict[str, int]
    waiting_since: dict[str, int | None]


def account(database: sqlite3.Connection, sinks: Sequence[str]) -> Account:
    """Count: a frame that neither waits for a sink nor is in quarantine is delivered."""
    frames = database.execute("SELECT coalesce(max(id), 0) FROM frame").fetchone()[0]
    open_entries = "SELECT count(DISTINCT frame) FROM quarantine WHERE resolved_at IS NULL"
    waiting, since = {}, {}
    for sink in sinks:
        waiting[sink], since[sink] = database.execute(
            "SELECT count(*), min(taken_at) FROM frame WHERE readings IS NOT NULL AND id >"
            " coalesce((SELECT frame FROM cursor WHERE sink = ?), 0)",
            (sink,),
        ).fetchone()
    return Account(frames, database.execute(open_entries).fetchone()[0], waiting, since)
