"""What may leave the journal, and when: every store has a budget of days, bytes and rows.

Never what a sink has still to get. Names (numbers) stay for ever in the stations' intervals; the values of
old readings leave, so a very late repeat is still recognised, only no longer compared. Age is told by two
clocks, ours and the frames' own; only what both call old is old: one of them may be wrong.
"""

import sqlite3
from collections.abc import Callable, Sequence

from luftpegel_gateway.journal.port import Budget, Budgets
from luftpegel_gateway.journal.sqlite import room
from luftpegel_gateway.journal.sqlite.database import transaction
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import DISCARDED, PLACES

CHUNK = 500  # rows a transaction: intake waits no longer than for one
LOOKED_AT = 500  # readings of a station
SMALL = 128  # frames: a segment with fewer is joined with its neighbours
LARGE = 512
DAY_S = 86400
MIB = 1 << 20
NEWEST = 9  # segments whose times tell what time it is on the network


def tidy(
    database: sqlite3.Connection, packer: Packer, sinks: Sequence[str], budgets: Budgets, now: int
) -> bool:
    """Do a chunk of each; True when there may be more of some."""
    steps: tuple[Callable[[], bool], ...] = (
        lambda: _outbox(database, sinks),
        lambda: _segments(database, budgets.frames, now),
        lambda: _join_small(database, packer),
        lambda: _quarantine(database, budgets.quarantine, now),
        lambda: _notices(database, budgets.notices, now),
        lambda: _forget_values(database, budgets.frames.days * DAY_S),
    )
    more = []
    for step in steps:
        with transaction(database):
            more.append(step())
    more.append(room.give_back(database))
    return any(more)


def _outbox(database: sqlite3.Connection, sinks: Sequence[str]) -> bool:
    """Rows that every sink has."""
    cursors = dict(database.execute("SELECT sink, position FROM cursor").fetchall())
    done = min((cursors.get(sink, 0) for sink in sinks), default=0) >> PLACES
    gone = database.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE id < ? ORDER BY id LIMIT ?)",
        (done, CHUNK),
    )
    return gone.rowcount == CHUNK


def _segments(database: sqlite3.Connection, budget: Budget, now: int) -> bool:
    """The oldest messages, when both clocks call them old or there are too many."""
    newest = database.execute(
        "SELECT received_at FROM segment WHERE received_at IS NOT NULL ORDER BY id DESC LIMIT ?", (NEWEST,)
    ).fetchall()
    network = sorted(time for (time,) in newest)[len(newest) // 2] if newest else None
    oldest = database.execute(
        "SELECT id, taken_at, received_at FROM segment ORDER BY id LIMIT ?", (CHUNK,)
    ).fetchall()
    keep_s = budget.days * DAY_S
    gone = []
    for number, taken_at, received_at in oldest:
        ages = [now - taken_at] if taken_at <= now else []
        if network is not None and received_at is not None and received_at <= network:
            ages.append(network - received_at)
        if not ages or min(ages) <= keep_s:
            break
        gone.append((number,))
    database.executemany("DELETE FROM segment WHERE id = ?", gone)
    if len(gone) == CHUNK:
        return True
    frames, size = database.execute(
        "SELECT coalesce(sum(frames), 0), coalesce(sum(length(messages)), 0) FROM segment"
    ).fetchone()
    if frames <= budget.count and size <= budget.mib * MIB:
        return False
    database.execute(
        "DELETE FROM segment WHERE id IN (SELECT id FROM segment ORDER BY id LIMIT ?)",
        (max(1, len(oldest) // 8),),
    )
    return len(oldest) > 1


def _join_small(database: sqlite3.Connection, packer: Packer) -> bool:
    """Frames that came one by one are compressed together: a quarter of the bytes."""
    rows = database.execute(
        "SELECT id, taken_at, received_at, frames, messages FROM segment WHERE frames < ?"
        " ORDER BY id LIMIT ?", (SMALL, CHUNK),
    ).fetchall()
    run: list[tuple[int, int, int | None, int, bytes]] = []
    for row in rows[:-1]:  # the newest one may be asked for in a moment
        if run and row[0] != run[-1][0] + 1 and not _neighbours(database, run[-1][0], row[0]):
            break
        run.append(row)
        if sum(frames for _, _, _, frames, _ in run) >= LARGE:
            break
    if sum(frames for _, _, _, frames, _ in run) < SMALL:
        return False
    messages = [message for *_, packed in run for message in packer.unpack(packed)]
    last = run[-1]
    database.execute(
        "UPDATE segment SET frames = ?, messages = ? WHERE id = ?",
        (len(messages), packer.pack(messages), last[0]),
    )
    database.executemany("DELETE FROM segment WHERE id = ?", [(number,) for number, *_ in run[:-1]])
    return True


def _neighbours(database: sqlite3.Connection, first: int, last: int) -> bool:
    """Whether no segment lies between two."""
    row = database.execute("SELECT 1 FROM segment WHERE id > ? AND id < ? LIMIT 1", (first, last)).fetchone()
    return row is None


def _quarantine(database: sqlite3.Connection, budget: Budget, now: int) -> bool:
    """Resolved entries that are old; beyond the budget the oldest of whatever fills it most.

    So a stranger's device that is refused for ever pushes out its own entries, not those of a station.
    """
    database.execute(
        "DELETE FROM quarantine WHERE resolved_at IS NOT NULL AND resolved_at < ? AND resolved_at <= ?",
        (now - budget.days * DAY_S, now),
    )
    count, size = database.execute(
        "SELECT count(*), coalesce(sum(length(message)), 0) FROM quarantine"
    ).fetchone()
    if count <= budget.count and size <= budget.mib * MIB:
        return False
    excess = max(1, min(CHUNK, count - budget.count if count > budget.count else count // 16))
    dev_eui, code = database.execute(
        "SELECT dev_eui, code FROM quarantine GROUP BY dev_eui, code"
        " ORDER BY sum(length(message) + 200) DESC LIMIT 1"
    ).fetchone()
    gone = database.execute(
        "DELETE FROM quarantine WHERE id IN"
        " (SELECT id FROM quarantine WHERE dev_eui = ? AND code = ? ORDER BY id LIMIT ?)",
        (dev_eui, code, excess),
    ).rowcount
    database.execute(
        "INSERT INTO counted VALUES (?1, ?2) ON CONFLICT DO UPDATE SET number = number + ?2",
        (DISCARDED, gone),
    )
    return True


def _notices(database: sqlite3.Connection, budget: Budget, now: int) -> bool:
    """Old notices, and those beyond the budget."""
    old = database.execute(
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE taken_at < ? AND id <"
        " (SELECT max(id) FROM notice WHERE taken_at <= ?) ORDER BY id LIMIT ?)",
        (now - budget.days * DAY_S, now, CHUNK),
    ).rowcount
    over = database.execute(
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE id <="
        " (SELECT max(id) FROM notice) - ? ORDER BY id LIMIT ?)",
        (min(budget.count, budget.mib * MIB // 600), CHUNK),
    ).rowcount
    return CHUNK in (old, over)


def _forget_values(database: sqlite3.Connection, keep_s: int) -> bool:
    """The oldest readings of each station, when they are so much older than its newest ones.

    Measured against the newest readings and not against our clock: a station may have its own calendar (a
    simulated one does). The third newest counts, for one time may be wrong. Looks at a few of the oldest
    only, so that it costs the same however much is kept.
    """
    for (station,) in database.execute("SELECT number FROM station").fetchall():
        database.execute(
            "DELETE FROM reading WHERE station = ?1 AND (life, seq) IN"
            " (SELECT life, seq FROM (SELECT life, seq, time FROM reading WHERE station = ?1"
            " ORDER BY life, seq LIMIT ?2) WHERE time < (SELECT min(time) FROM (SELECT time FROM reading"
            " WHERE station = ?1 AND time IS NOT NULL ORDER BY life DESC, seq DESC LIMIT 3)) - ?3)",
            (station, LOOKED_AT, keep_s),
        )
    return False
