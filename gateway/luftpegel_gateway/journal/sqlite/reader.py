"""The reading side of the journal in SQLite: queries that change nothing, beside the writer or elsewhere."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from luftpegel_gateway.journal.port import Account, Entry, Group, Offer, StationKey
from luftpegel_gateway.journal.sqlite import history
from luftpegel_gateway.journal.sqlite.database import open_for_looking, told_as_down
from luftpegel_gateway.journal.sqlite.items import unpack_items
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import DISCARDED, FRAMES, HELD, PASSED, PLACES, VERSION
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.readings import Reading, unpack_reading
from luftpegel_gateway.model.state import StationState

_STATE = msgspec.msgpack.Decoder(StationState)
_ENTRY = (
    "SELECT id, code, detail, sink, times, first_at, last_at, resolved_at, dev_eui, station, tenant,"
    " size, message FROM quarantine"
)
_CHOSEN = (
    "(?1 IS NULL OR code = ?1) AND (?2 IS NULL OR dev_eui = ?2)"
    " AND (?4 IS NULL OR (tenant, station) = (?3, ?4))"
)
_OPEN = f"resolved_at IS NULL AND {_CHOSEN}"


class SqliteReader:
    """See `port.Reader`."""

    def __init__(self, path: Path) -> None:
        """Raises JournalDown for a file that is none, or of another version."""
        self._path = path
        self._packer = Packer()
        with told_as_down(path):
            self._database = open_for_looking(path)
            try:
                version = self._database.execute("PRAGMA user_version").fetchone()[0]
            except sqlite3.Error:
                self._database.close()
                raise
        if version != VERSION:
            self._database.close()
            code = "LP-415" if version > VERSION else "LP-417"
            raise JournalDown(code, f"{path} is of version {version}, this gateway knows {VERSION}")

    def close(self) -> None:
        """See `Reader`."""
        self._database.close()

    def states(self) -> Mapping[StationKey, StationState]:
        """See `Reader`."""
        with told_as_down(self._path):
            rows = self._database.execute("SELECT tenant, id, state FROM station")
            return {(tenant, name): _STATE.decode(state) for tenant, name, state in rows}

    def history(self, key: StationKey, count: int) -> Sequence[tuple[int, Reading]]:
        """See `Reader`."""
        with told_as_down(self._path):
            known = "SELECT number FROM station WHERE tenant = ? AND id = ?"
            row = self._database.execute(known, key).fetchone()
            if row is None:
                return []
            # Of each life, for the newest reading of a station may be of an older one: two boards in turn.
            found = [
                (life, reading)
                for life in self._lives(row[0])
                for reading in self._newest(row[0], life, count)
            ]
            found.sort(key=lambda item: (item[1].time or 0, item[0], item[1].seq), reverse=True)
            return found[:count]

    def _lives(self, station: int) -> Iterator[int]:
        """The numbers of a station's lives that have readings, newest first, without looking at them all."""
        life = 2**62
        query = "SELECT max(life) FROM reading WHERE station = ? AND life < ?"
        while (life := self._database.execute(query, (station, life)).fetchone()[0]) is not None:
            yield life

    def _newest(self, station: int, life: int, count: int) -> Sequence[Reading]:
        """The readings of a life with the highest numbers, absent ones left out."""
        rows = self._database.execute(
            "SELECT data FROM reading WHERE station = ? AND life = ? ORDER BY seq DESC", (station, life)
        )
        with contextlib.closing(rows):
            readings = (unpack_reading(data) for (data,) in rows)
            return list(itertools.islice((reading for reading in readings if not reading.absent), count))

    def kept(self, wanted: Offer) -> Mapping[StationKey, int]:
        """See `Reader`."""
        with told_as_down(self._path):
            return history.kept(self._database, wanted)

    def notices(self, dev_eui: str, count: int, tenant: str = "") -> Sequence[tuple[int, str, str]]:
        """See `Reader`."""
        with told_as_down(self._path):
            return self._database.execute(
                "SELECT taken_at, code, text FROM notice WHERE dev_eui = ? AND tenant = ?"
                " ORDER BY id DESC LIMIT ?",
                (dev_eui, tenant, count),
            ).fetchall()

    def quarantine(
        self,
        *,
        code: str | None = None,
        dev_eui: str | None = None,
        station: StationKey | None = None,
        resolved: bool = False,
        limit: int = 1000,
    ) -> Sequence[Entry]:
        """See `Reader`."""
        with told_as_down(self._path):
            rows = self._database.execute(
                f"{_ENTRY} WHERE {_CHOSEN} AND (resolved_at IS NOT NULL) = ?5 ORDER BY id DESC LIMIT ?6",
                (code, dev_eui, *(station or (None, None)), resolved, limit),
            )
            return [self._entry(row) for row in rows][::-1]

    def groups(
        self, *, code: str | None = None, dev_eui: str | None = None, station: StationKey | None = None
    ) -> Sequence[Group]:
        """See `Reader`."""
        with told_as_down(self._path):
            rows = self._database.execute(
                "SELECT code, sink, dev_eui, max(station), count(*), sum(times), sum(size), min(first_at),"  # noqa: S608
                f" max(last_at) AS last, max(id), tenant FROM quarantine WHERE {_OPEN}"
                " GROUP BY code, sink, tenant, dev_eui ORDER BY last",
                (code, dev_eui, *(station or (None, None))),
            )
            return [Group(*row) for row in rows]

    def numbers(
        self,
        *,
        code: str | None = None,
        dev_eui: str | None = None,
        station: StationKey | None = None,
        before: int | None = None,
    ) -> Sequence[tuple[int, int]]:
        """See `Reader`."""
        with told_as_down(self._path):
            return self._database.execute(
                f"SELECT id, size FROM quarantine WHERE {_OPEN} AND (?5 IS NULL OR last_at < ?5) ORDER BY id",  # noqa: S608
                (code, dev_eui, *(station or (None, None)), before),
            ).fetchall()

    def entry(self, number: int) -> Entry | None:
        """See `Reader`."""
        with told_as_down(self._path):
            row = self._database.execute(f"{_ENTRY} WHERE id = ?", (number,)).fetchone()
            return self._entry(row) if row else None

    def messages(self, since: int | None = None, until: int | None = None) -> Iterator[tuple[Delivery, int]]:
        """See `Reader`. Row by row, so that no snapshot stands in the writer's way; rows that are joined
        meanwhile have the number of their last, so that none is missed."""
        last = 0
        query = "SELECT id, messages FROM segment WHERE id > ? ORDER BY id LIMIT 1"
        while True:
            with told_as_down(self._path):
                row = self._database.execute(query, (last,)).fetchone()
            if row is None:
                return
            last = row[0]
            for delivery, at in self._packer.unpack(row[1]):
                if (since is None or at >= since) and (until is None or at < until):
                    yield delivery, at

    def account(self, sinks: Sequence[str]) -> Account:
        """See `Reader`."""
        with told_as_down(self._path):
            counted = dict(self._database.execute("SELECT what, number FROM counted").fetchall())
            waiting = {sink: self._waiting(sink) for sink in sinks}
            row = self._database.execute("SELECT value FROM meta WHERE key = ?", (HELD,)).fetchone()
            held_at, held_by = msgspec.msgpack.decode(row[0]) if row else (None, "")
            return Account(
                frames=counted.get(FRAMES, 0),
                quarantined=self._database.execute(
                    "SELECT count(*) FROM quarantine WHERE resolved_at IS NULL"
                ).fetchone()[0],
                waiting={sink: count for sink, (count, _) in waiting.items()},
                waiting_since={sink: since for sink, (_, since) in waiting.items()},
                passed={
                    what.removeprefix(PASSED): number
                    for what, number in counted.items()
                    if what.startswith(PASSED)
                },
                discarded=counted.get(DISCARDED, 0),
                held_at=held_at,
                held_by=held_by,
                offered=tuple(sink for sink in history.offered(self._database) if sink in sinks),
            )

    def _waiting(self, sink: str) -> tuple[int, int | None]:
        """Items that a sink has not got yet, and since when the oldest waits."""
        row = self._database.execute("SELECT position FROM cursor WHERE sink = ?", (sink,)).fetchone()
        position = row[0] if row else 0
        first, done = position >> PLACES, position & ((1 << PLACES) - 1)
        count, since = self._database.execute(
            "SELECT coalesce(sum(count), 0), min(taken_at) FROM outbox WHERE id > ?", (first,)
        ).fetchone()
        begun = self._database.execute("SELECT count, taken_at FROM outbox WHERE id = ?", (first,)).fetchone()
        if begun and begun[0] > done:
            return count + begun[0] - done, begun[1]
        return count, since

    def _entry(self, row: tuple[object, ...]) -> Entry:
        *head, tenant, size, message = row
        assert isinstance(message, bytes)
        if head[3]:
            stations = {
                number: (tenant, name)
                for number, tenant, name in self._database.execute("SELECT number, tenant, id FROM station")
            }
            told = b"; ".join(repr(item).encode() for item in unpack_items(message, stations))
            return Entry(*head, "", "", "", told, size, tenant)  # type: ignore[arg-type,call-arg]
        [(delivery, _)] = self._packer.unpack(message)
        place = (delivery.source, delivery.kind, delivery.topic, delivery.payload)
        return Entry(*head, *place, size, tenant)  # type: ignore[arg-type,call-arg]
