"""What may leave the journal, and when: every store has a budget of days, bytes and rows.

Never what a sink has still to get. Names (numbers) stay for ever in the stations' intervals; the values of
old readings leave, so a very late repeat is still recognised, only no longer compared. Age is told by two
clocks, ours and the frames' own; only what both call old is old: one of them may be wrong.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence

from luftpegel_gateway.journal.port import Budget, Budgets
from luftpegel_gateway.journal.sqlite import room
from luftpegel_gateway.journal.sqlite.database import transaction
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import DISCARDED, PLACES

CHUNK = 500  # rows a transaction: intake waits no longer than for one
LOOKED_AT = 500  # readings of a station
SMALL, LARGE = 128, 500  # frames that are worth packing together, and enough: each takes 20 KB meanwhile
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
        lambda: _compact(database, packer),
        lambda: _quarantine(database, budgets.quarantine, now),
        lambda: _notices(database, budgets.notices, now),
    )
    more = []
    for step in steps:
        with transaction(database):
            more.append(step())
    more.append(room.give_back(database))
    if any(more):
        return True
    with transaction(database):  # last and once: it looks at every station, however many chunks there were
        _forget_values(database, budgets.frames.days * DAY_S)
    return False


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
    network = _network(database)
    oldest = database.execute(
        "SELECT id, taken_at, received_at FROM segment ORDER BY id LIMIT ?", (CHUNK,)
    ).fetchall()
    keep_s = budget.days * DAY_S
    gone: list[tuple[int]] = []
    ageless: list[tuple[int]] = []  # no clock tells: they leave with the next one that is old
    for number, taken_at, received_at in oldest:
        ages = [now - taken_at] if taken_at <= now else []
        if network is not None and received_at is not None and received_at <= network:
            ages.append(network - received_at)
        if not ages:
            ageless.append((number,))
            continue
        if min(ages) <= keep_s:
            break
        gone += [*ageless, (number,)]
        ageless = []
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


def _network(database: sqlite3.Connection) -> int | None:
    """What time it is on the network (Unix seconds), as the last segments tell; None: they tell none."""
    newest = database.execute(
        "SELECT received_at FROM segment WHERE received_at IS NOT NULL ORDER BY id DESC LIMIT ?", (NEWEST,)
    ).fetchall()
    return sorted(time for (time,) in newest)[len(newest) // 2] if newest else None


def _outdated_before(database: sqlite3.Connection, days: int, now: int) -> int | None:
    """What was last seen before this is old by both clocks; None: one of them tells nothing."""
    network = _network(database)
    return None if network is None else min(now, network) - days * DAY_S


def _compact(database: sqlite3.Connection, packer: Packer) -> bool:
    """Messages that came one by one, or in a batch, are packed with their neighbours: a third less bytes.

    Whatever came last is left alone, and a segment that is large already waits for the next round: a backlog
    that is being taken in needs the time more.
    """
    rows = database.execute(
        "SELECT id, frames, messages FROM segment WHERE compact = 0 AND id < (SELECT max(id) FROM segment)"
        " ORDER BY id LIMIT ?", (CHUNK,),
    )
    run: list[tuple[int, int, bytes]] = []
    frames = 0
    with contextlib.closing(rows):
        for row in rows:
            run.append(row)
            frames += row[1]
            if frames >= LARGE:
                break
    if frames < SMALL:
        return False
    messages = [message for _, _, packed in run for message in packer.unpack(packed)]
    database.execute(
        "UPDATE segment SET frames = ?, messages = ?, compact = 1 WHERE id = ?",
        (len(messages), packer.pack_small(messages), run[-1][0]),
    )
    database.executemany("DELETE FROM segment WHERE id = ?", [(number,) for number, *_ in run[:-1]])
    return len(run) > 1


def _quarantine(database: sqlite3.Connection, budget: Budget, now: int) -> bool:
    """Entries that are old; beyond the budget the oldest of whatever fills it most.

    So a stranger's device that is refused for ever pushes out its own entries, not those of a station. All
    strangers of a tenant count together, for a crowd with one entry each fills it as well; among them,
    whoever has the most gives first.
    """
    before = _outdated_before(database, budget.days, now)
    if before is not None and _discard(
        database, "SELECT id FROM quarantine WHERE last_at < ? ORDER BY id LIMIT ?", before, CHUNK
    ):
        return True
    count, size = database.execute(
        "SELECT count(*), coalesce(sum(length(message)), 0) FROM quarantine"
    ).fetchone()
    if count <= budget.count and size <= budget.mib * MIB:
        return False
    excess = max(1, min(CHUNK, count - budget.count if count > budget.count else count // 16))
    *whose, code = database.execute(
        "SELECT tenant, station, code FROM quarantine GROUP BY tenant, station, code"
        " ORDER BY sum(length(message) + 200) DESC LIMIT 1"
    ).fetchone()
    _discard(
        database,
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY dev_eui ORDER BY id DESC) AS depth"
        " FROM quarantine WHERE tenant = ? AND station = ? AND code = ?) ORDER BY depth DESC, id LIMIT ?",
        *whose, code, excess,
    )  # fmt: skip
    return True


def _discard(database: sqlite3.Connection, chosen: str, *values: object) -> int:
    """Remove entries, and count those that nobody had resolved; how many there were."""
    entries = database.execute(
        f"SELECT id, resolved_at IS NULL FROM quarantine WHERE id IN ({chosen})",  # noqa: S608 - our own text
        values,
    ).fetchall()
    database.executemany("DELETE FROM quarantine WHERE id = ?", [(number,) for number, _ in entries])
    if lost := sum(unresolved for _, unresolved in entries):
        database.execute(
            "INSERT INTO counted VALUES (?1, ?2) ON CONFLICT DO UPDATE SET number = number + ?2",
            (DISCARDED, lost),
        )
    return len(entries)


def _notices(database: sqlite3.Connection, budget: Budget, now: int) -> bool:
    """Old notices, and those beyond the budget."""
    before = _outdated_before(database, budget.days, now)
    old = 0
    if before is not None:
        old = database.execute(
            "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE taken_at < ? ORDER BY id LIMIT ?)",
            (before, CHUNK),
        ).rowcount
    over = database.execute(
        "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE id <="
        " (SELECT max(id) FROM notice) - ? ORDER BY id LIMIT ?)",
        (min(budget.count, budget.mib * MIB // 600), CHUNK),
    ).rowcount
    return CHUNK in (old, over)


def _forget_values(database: sqlite3.Connection, keep_s: int) -> None:
    """The oldest readings of each station, when they are so much older than its newest ones.

    Measured against the newest readings and not against our clock: a station may have its own calendar (a
    simulated one does). The third newest counts, for one time may be wrong. Looks at a few of the oldest
    only, so that it costs the same however much is kept. What has no time (absent, or no clock is known)
    leaves with what lies above it in the same life.
    """
    for (station,) in database.execute("SELECT number FROM station").fetchall():
        newest = database.execute(
            "SELECT time FROM reading WHERE station = ? AND time IS NOT NULL"
            " ORDER BY life DESC, seq DESC LIMIT 3",
            (station,),
        ).fetchall()
        if not newest:
            continue
        oldest = database.execute(
            "SELECT life, seq, time FROM reading WHERE station = ? ORDER BY life, seq LIMIT ?",
            (station, LOOKED_AT),
        ).fetchall()
        gone = _outdated(oldest, min(time for (time,) in newest) - keep_s)
        database.executemany(
            "DELETE FROM reading WHERE station = ? AND life = ? AND seq = ?",
            [(station, life, seq) for life, seq in gone],
        )


def _outdated(oldest: Sequence[tuple[int, int, int | None]], before: int) -> list[tuple[int, int]]:
    """(life, number) of readings whose time is past, and of those without one that lie below such a one.

    In a look that finds no time at all nothing tells of age, and all of it leaves: else it would hide for
    ever what lies behind it.
    """
    if len(oldest) == LOOKED_AT and all(time is None for _, _, time in oldest):
        return [(life, seq) for life, seq, _ in oldest]
    gone: list[tuple[int, int]] = []
    untimed: list[tuple[int, int]] = []
    for life, seq, time in oldest:
        if time is None:
            untimed.append((life, seq))
        else:
            if time < before:
                gone += [*untimed, (life, seq)]
            untimed = []
    return gone
