"""Readings that are offered to one sink: to a new one all that is kept, to another what somebody asks for.

They are read from the table of readings as they are known by then, in the order of its key; how far each sink
got stands in `meta` and moves with its deliveries. Nothing is copied, however much is offered.
"""

import sqlite3
from collections.abc import Mapping

import msgspec

from luftpegel_gateway.journal.port import Batch, Offer, StationKey
from luftpegel_gateway.journal.sqlite.schema import PLACES
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.readings import unpack_reading

OFFERS = "offers"  # in `meta`
_LOOKED_AT = 10  # times as many rows as items are wanted, a step: most may be of another time

Place = tuple[int, int, int]  # station, life, number of the last reading that was offered


class _Offered(msgspec.Struct, frozen=True, array_like=True):
    """An offer and how far it got. `turn`: tells it from one before, of which a delivery may still be out."""

    turn: int
    wanted: Offer
    after: Place = (-1, -1, -1)


class _Offers(msgspec.Struct, frozen=True, array_like=True):
    """All offers by sink; `turns` ever made."""

    turns: int = 0
    by_sink: dict[str, _Offered] = {}


class HistoryPosition(msgspec.Struct, frozen=True):
    """Where a sink stands in an offer; `done`: at its end."""

    turn: int
    after: Place
    done: bool


def offer(database: sqlite3.Connection, sink: str, wanted: Offer) -> None:
    """Begin an offer, in the open transaction; one that is under way begins anew, and holds both."""
    offers = _load(database)
    before = offers.by_sink.get(sink)
    turn = offers.turns + 1
    both = wanted if before is None else wanted.joined(before.wanted)
    _save(database, _Offers(turn, {**offers.by_sink, sink: _Offered(turn, both)}))


def following(
    database: sqlite3.Connection, sink: str, limit: int, stations: Mapping[int, StationKey]
) -> Batch | None:
    """The next part of a sink's offer; None: there is none."""
    offered = _load(database).by_sink.get(sink)
    if offered is None:
        return None
    rows = database.execute(
        "SELECT station, life, seq, time, data FROM reading WHERE (station, life, seq) > (?, ?, ?)"
        " ORDER BY station, life, seq LIMIT ?",
        (*offered.after, _LOOKED_AT * limit),
    ).fetchall()
    items: list[Item] = []
    place, looked = offered.after, 0
    for station, life, seq, time, data in rows:
        if len(items) == limit:
            break
        place, looked = (station, life, seq), looked + 1
        key = stations[station]
        if offered.wanted.holds(key, time) and not (reading := unpack_reading(data)).absent:
            items.append(Observed(Ref(*key, life), reading, (time or 0) * 1_000_000, late=True))
    done = looked == len(rows) < _LOOKED_AT * limit
    return Batch(items, HistoryPosition(offered.turn, place, done), history=True)


def advance(database: sqlite3.Connection, sink: str, to: HistoryPosition) -> None:
    """The sink has all up to there, in the open transaction."""
    offers = _load(database)
    offered = offers.by_sink.get(sink)
    if offered is None or offered.turn != to.turn:
        return  # it has begun anew meanwhile
    others = {name: other for name, other in offers.by_sink.items() if name != sink}
    mine = {} if to.done else {sink: msgspec.structs.replace(offered, after=to.after)}
    _save(database, _Offers(offers.turns, {**others, **mine}))


def welcome(database: sqlite3.Connection, sink: str) -> bool:
    """Offer all to a sink without a cursor, or one without which the outbox has gone on, in the open
    transaction."""
    [oldest] = database.execute("SELECT min(id) FROM outbox").fetchone()
    if oldest is None:
        row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
        oldest = row[0] + 1 if row else 1
    row = database.execute("SELECT position FROM cursor WHERE sink = ?", (sink,)).fetchone()
    if row and (row[0] >> PLACES) + 1 >= oldest:
        return False
    if database.execute("SELECT 1 FROM reading LIMIT 1").fetchone():  # else all that comes is new to it
        offer(database, sink, Offer())
    start = (oldest - 1) << PLACES
    if row is None:  # what every other sink has already is history to a new one, and is told as that alone
        [others] = database.execute("SELECT min(position) FROM cursor").fetchone()
        start = max(start, others or 0)
    database.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (sink, start))
    return True


def offered(database: sqlite3.Connection) -> tuple[str, ...]:
    """Sinks that are getting history."""
    return tuple(_load(database).by_sink)


def kept(database: sqlite3.Connection, wanted: Offer) -> dict[StationKey, int]:
    """How many readings of each station an offer would hold."""
    found: dict[StationKey, int] = {}
    for number, *names in database.execute("SELECT number, tenant, id FROM station").fetchall():
        key = (names[0], names[1])
        rows = database.execute("SELECT time, data FROM reading WHERE station = ?", (number,))
        count = sum(wanted.holds(key, time) and not unpack_reading(data).absent for time, data in rows)
        if count:
            found[key] = count
    return found


def _load(database: sqlite3.Connection) -> _Offers:
    row = database.execute("SELECT value FROM meta WHERE key = ?", (OFFERS,)).fetchone()
    return msgspec.msgpack.decode(row[0], type=_Offers) if row else _Offers()


def _save(database: sqlite3.Connection, offers: _Offers) -> None:
    database.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (OFFERS, msgspec.msgpack.encode(offers))
    )
