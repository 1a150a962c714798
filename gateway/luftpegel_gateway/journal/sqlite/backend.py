"""The writing side of the journal in SQLite: batches in one commit, cursors of sinks, quarantine.

Its methods block; the gateway calls them from one thread. What came out of `transact` without an error is on
the disk. The outbox's position of a sink is one integer: a row's number, and how much of that row it has.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median_low

import msgspec

from luftpegel_gateway.journal.port import (
    Batch,
    Budgets,
    Decide,
    Offer,
    Outcome,
    Outcomes,
    Position,
    StationKey,
)
from luftpegel_gateway.journal.sqlite import history, quarantine, retention
from luftpegel_gateway.journal.sqlite.database import open_for_writing, told_as_down, transaction
from luftpegel_gateway.journal.sqlite.gathering import OUTBOX_ITEMS
from luftpegel_gateway.journal.sqlite.items import pack_items, unpack_items
from luftpegel_gateway.journal.sqlite.memory import AIRTIME, Memory
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.migrations import bring_up_to_date, refuse_newer
from luftpegel_gateway.journal.sqlite.room import make_shrinkable
from luftpegel_gateway.journal.sqlite.schema import FRAMES, HELD, PASSED, PLACES
from luftpegel_gateway.journal.sqlite.watch import Watch, refuse_after_loss
from luftpegel_gateway.model.events import Delivery, Downlink
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.readings import pack_reading

_STATE = msgspec.msgpack.Encoder()


class SqliteLog:
    """See `port.Log`."""

    def __init__(self, path: Path) -> None:
        """Open (or make, or bring up to date) the file at `path`. Raises JournalDown."""
        self._path = path
        self._packer = Packer()
        with told_as_down(path):
            refuse_after_loss(path)
            refuse_newer(path)
            self._database = open_for_writing(path)
            try:
                bring_up_to_date(self._database, path)
                make_shrinkable(self._database)
                self._memory = Memory(self._database)
                self._watch = Watch(path, self._database)
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        self._database.close()
        self._watch.close()

    def transact(self, deliveries: Sequence[Delivery], decide: Decide, now: int) -> list[Downlink | None]:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            outcomes = decide(deliveries, self._memory, now)
            with transaction(self._database):
                numbers = self._write(deliveries, outcomes, now)
                for delivery, outcome in zip(deliveries, outcomes.each, strict=True):
                    if outcome.faults or outcome.notice:
                        self._write_trouble(delivery, outcome, now)
                self._count(outcomes.each)
            self._memory.remember(outcomes, numbers)
            self._watch.left()
        return [outcome.downlink for outcome in outcomes.each]

    def _write(self, deliveries: Sequence[Delivery], outcomes: Outcomes, now: int) -> dict[StationKey, int]:
        """What a batch means, in the open transaction; returns the numbers given to new stations."""
        fresh = self._write_states(outcomes)
        numbers = {**self._memory.numbers, **fresh} if fresh else self._memory.numbers
        self._database.executemany(
            "INSERT OR REPLACE INTO reading (station, life, seq, time, data) VALUES (?,?,?,?,?)",
            [
                (numbers[ref.tenant, ref.station], ref.life, seq, reading.time, pack_reading(reading))
                for (ref, seq), reading in outcomes.readings.items()
            ],
        )
        self._write_messages(deliveries, outcomes.each, now)
        if outcomes.items:
            self._append(outcomes.items, numbers, now)
        if outcomes.airtime:
            self._note(AIRTIME, {**self._memory.airtime(), **outcomes.airtime})
        if held := [outcome.held_by for outcome in outcomes.each if outcome.held_by is not None]:
            self._note(HELD, (now, held[-1]))
        return fresh

    def _note(self, key: str, value: object) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, msgspec.msgpack.encode(value))
        )

    def _write_states(self, outcomes: Outcomes) -> dict[StationKey, int]:
        fresh: dict[StationKey, int] = {}
        changed = []
        for key, state in outcomes.states.items():
            packed = _STATE.encode(state)
            number = self._memory.numbers.get(key)
            if number is None:
                row = self._database.execute(
                    "INSERT INTO station (tenant, id, state) VALUES (?,?,?)", (*key, packed)
                )
                assert row.lastrowid is not None
                fresh[key] = row.lastrowid
            else:
                changed.append((packed, number))
        self._database.executemany("UPDATE station SET state = ? WHERE number = ?", changed)
        return fresh

    def _write_messages(self, deliveries: Sequence[Delivery], each: Sequence[Outcome], now: int) -> None:
        kept = [one for one, outcome in zip(deliveries, each, strict=True) if outcome.keep]
        if not kept:
            return
        times = [outcome.received_at for outcome in each if outcome.received_at is not None]
        self._database.execute(
            "INSERT INTO segment (taken_at, received_at, frames, messages) VALUES (?,?,?,?)",
            (
                now,
                median_low(times) // 1_000_000 if times else None,
                len(kept),
                self._packer.pack([(one, now) for one in kept]),
            ),
        )

    def _append(self, items: Sequence[Item], numbers: dict[StationKey, int], now: int) -> None:
        for begin in range(0, len(items), OUTBOX_ITEMS):
            part = items[begin : begin + OUTBOX_ITEMS]
            packed = self._packer.compress(pack_items(part, numbers.__getitem__))
            self._database.execute(
                "INSERT INTO outbox (taken_at, count, items) VALUES (?,?,?)", (now, len(part), packed)
            )

    def _write_trouble(self, delivery: Delivery, outcome: Outcome, now: int) -> None:
        if outcome.notice is not None:
            told = (outcome.notice.level, outcome.notice.code, outcome.notice.text)
            self._database.execute(
                "INSERT INTO notice (taken_at, dev_eui, level, code, text, tenant) VALUES (?,?,?,?,?,?)",
                (now, outcome.notice.dev_eui, *map(quarantine.clean, told), outcome.tenant),
            )
        if outcome.faults:
            message = self._packer.pack([(delivery, now)])
            quarantine.add(self._database, delivery, message, outcome, now)

    def _count(self, each: Iterable[Outcome]) -> None:
        counted: dict[str, int] = {}
        for outcome in each:
            what = PASSED + outcome.passed if outcome.passed else FRAMES
            if outcome.passed or outcome.keep or outcome.faults:
                counted[what] = counted.get(what, 0) + 1
        self._database.executemany(
            "INSERT INTO counted VALUES (?1, ?2) ON CONFLICT DO UPDATE SET number = number + ?2",
            counted.items(),
        )

    def after(self, sink: str, limit: int) -> Batch | None:
        """See `Log`."""
        with told_as_down(self._path):
            row = self._database.execute("SELECT position FROM cursor WHERE sink = ?", (sink,)).fetchone()
            position = row[0] if row else 0
            stations = self._memory.stations
            items: list[Item] = []
            for number, count, packed in self._database.execute(
                "SELECT id, count, items FROM outbox WHERE id >= ? ORDER BY id", (position >> PLACES,)
            ):
                done = position & ((1 << PLACES) - 1) if number == position >> PLACES else 0
                if done >= count:
                    continue
                taken = unpack_items(self._packer.plain(packed), stations)[done : done + limit - len(items)]
                items += taken
                position = number << PLACES | done + len(taken)
                if len(items) >= limit:
                    break
            if items:
                return Batch(items, position)
            return history.following(self._database, sink, limit, stations)

    def offer(self, sink: str, wanted: Offer) -> None:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            with transaction(self._database):
                history.offer(self._database, sink, wanted)
            self._watch.left()

    def welcome(self, sink: str) -> bool:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            with transaction(self._database):
                new = history.welcome(self._database, sink)
            self._watch.left()
        return new

    def advance(self, sink: str, to: Position, refused: Sequence[Rejection], now: int) -> None:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            with transaction(self._database):
                for rejection in refused:
                    packed = pack_items([rejection.item], self._memory.numbers.__getitem__)
                    quarantine.add_refused(self._database, sink, rejection, packed, now)
                if isinstance(to, history.HistoryPosition):
                    history.advance(self._database, sink, to)
                else:
                    self._database.execute(
                        "INSERT OR REPLACE INTO cursor (sink, position) VALUES (?, ?)", (sink, to)
                    )
            self._watch.left()

    def replay(self, entry: int, decide: Decide, now: int) -> Fault | None:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            row = self._database.execute(
                "SELECT sink, message FROM quarantine WHERE id = ?", (entry,)
            ).fetchone()
            if row is None:
                raise KeyError(entry)
            sink, message = row
            if sink:
                with transaction(self._database):
                    self._append(unpack_items(message, self._memory.stations), self._memory.numbers, now)
                    quarantine.resolve(self._database, entry, now)
                self._watch.left()
                return None
            return self._replay(entry, message, decide, now)

    def _replay(self, entry: int, message: bytes, decide: Decide, now: int) -> Fault | None:
        [(delivery, taken_at)] = self._packer.unpack(message)
        outcomes = decide([delivery], self._memory, taken_at)
        [outcome] = outcomes.each
        if outcome.faults and not outcome.keep:
            return outcome.faults[0]
        with transaction(self._database):
            numbers = self._write([delivery], outcomes, taken_at)
            if not outcome.faults:
                quarantine.resolve(self._database, entry, now)
        self._memory.remember(outcomes, numbers)
        self._watch.left()
        return outcome.faults[0] if outcome.faults else None

    def discard(self, entries: Iterable[int]) -> int:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            with transaction(self._database):
                gone = quarantine.discard(self._database, entries)
            self._watch.left()
        return gone

    def tidy(self, sinks: Sequence[str], budgets: Budgets, now: int) -> bool:
        """See `Log`."""
        with told_as_down(self._path):
            self._watch.check()
            more = retention.tidy(self._database, self._packer, sinks, budgets, now)
            self._watch.left()
        return more
