"""The journal: takes batches of deliveries in one commit, and gives each sink what it has not seen.

Its methods block; the gateway calls them from the one thread that owns this connection. What came out of
`take` without an error is on the disk. `sqlite3.OperationalError` (disk full, I/O error, locked) leaves
nothing of the batch behind: hold it and try again.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from luftpegel_gateway.ingest.process import Fault, Taken, process
from luftpegel_gateway.ingest.state import State, Station, pack_state, unpack_state
from luftpegel_gateway.journal.sqlite.database import open_for_writing, transaction
from luftpegel_gateway.journal.sqlite.retention import tidy
from luftpegel_gateway.model.events import Delivery, Downlink
from luftpegel_gateway.model.readings import Reading, pack_cells, pack_readings, unpack_cells, unpack_readings

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame as a sink gets it: where it stands in the log, and its new readings in order of their names."""

    id: int
    station: str
    received_at: int  # microseconds, the network server's clock
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A sink's answer that it will never accept a frame, or a part of it."""

    frame: int
    fault: Fault


class Journal:
    """The open journal. One instance, one thread."""

    def __init__(self, path: Path, stations: Iterable[Station], clock: Clock = time.time) -> None:
        """Open (or make) the file at `path`; `stations` are those whose frames are accepted."""
        self._database = open_for_writing(path)
        self._stations = {station.dev_eui: station for station in stations}
        self._clock = clock

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        self._database.close()

    def take(self, deliveries: Sequence[Delivery]) -> list[Downlink | None]:
        """Put a batch on the disk, whatever is in it; returns the command that answers each delivery."""
        now = int(self._clock())
        with transaction(self._database):
            return [self._take(delivery, now).downlink for delivery in deliveries]

    def _take(self, delivery: Delivery, now: int) -> Taken:
        """One delivery behind its own bulkhead: whatever it does wrong ends in quarantine, alone."""
        database = self._database
        database.execute("SAVEPOINT delivery")
        try:
            taken = process(delivery, self._stations, Ledger(database), now)
            self._write(delivery, taken, now)
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            database.execute("ROLLBACK TO delivery")
            taken = Taken(faults=(Fault("LP-254", f"{type(error).__name__}: {error}"),))
            self._write(delivery, taken, now)
        database.execute("RELEASE delivery")
        return taken

    def _write(self, delivery: Delivery, taken: Taken, now: int) -> None:
        if taken.station and taken.state:
            self._database.execute(
                "INSERT OR REPLACE INTO station (id, state) VALUES (?, ?)",
                (taken.station, pack_state(taken.state)),
            )
        if taken.notice and taken.notice.code:
            told = (_clean(text) for text in (taken.notice.level, taken.notice.code, taken.notice.text))
            self._database.execute(
                "INSERT INTO notice (taken_at, dev_eui, level, code, text) VALUES (?,?,?,?,?)",
                (now, taken.notice.dev_eui, *told),
            )
        if taken.repeated or (taken.received_at is None and not taken.faults):
            return
        if taken.faults and not taken.readings and self._known(delivery, taken, now):
            return
        frame = self._write_frame(delivery, taken, now)
        for code, details in _by_code(taken.faults).items():
            self._quarantine(frame, "", Fault(code, details), digest_of(delivery), now)

    def _write_frame(self, delivery: Delivery, taken: Taken, now: int) -> int:
        delivered = [reading for reading in taken.readings if not reading.absent]
        row = (
            delivery.kind,
            delivery.topic,
            delivery.payload,
            now,
            taken.received_at,
            taken.dev_eui,
            taken.station,
            pack_readings(delivered) if delivered else None,
        )
        frame = self._database.execute(
            "INSERT INTO frame (kind, topic, payload, taken_at, received_at, dev_eui, station, readings)"
            " VALUES (?,?,?,?,?,?,?,?)",
            row,
        ).lastrowid
        assert frame is not None
        # REPLACE: more cells of a known row, or a row after all that the station had called absent.
        self._database.executemany(
            "INSERT OR REPLACE INTO reading (station, seq, time, cells) VALUES (?,?,?,?)",
            [(taken.station, item.seq, item.time, pack_cells(item.cells)) for item in taken.rows],
        )
        return frame

    def _known(self, delivery: Delivery, taken: Taken, now: int) -> bool:
        """Whether these very bytes are in quarantine for this reason already; then they are counted."""
        changed = self._database.execute(
            "UPDATE quarantine SET times = times + 1, last_at = ?, resolved_at = NULL"
            " WHERE digest = ? AND code = ? AND sink = ''",
            (now, digest_of(delivery), taken.faults[0].code),
        )
        return changed.rowcount > 0

    def _quarantine(self, frame: int, sink: str, fault: Fault, digest: bytes, now: int) -> None:
        self._database.execute(
            "INSERT INTO quarantine (frame, sink, code, detail, digest, first_at, last_at)"
            " VALUES (?,?,?,?,?,?,?) ON CONFLICT (digest, code, sink) DO UPDATE"
            " SET times = times + 1, last_at = excluded.last_at, resolved_at = NULL",
            (frame, sink, fault.code, _clean(fault.detail), digest, now, now),
        )

    def cursor(self, sink: str) -> int:
        """The last frame that `sink` is done with; 0 for a new one, which then gets all that is here."""
        row = self._database.execute("SELECT frame FROM cursor WHERE sink = ?", (sink,)).fetchone()
        return row[0] if row else 0

    def after(self, frame: int, limit: int) -> list[StoredFrame]:
        """Up to `limit` frames with readings that stand behind `frame` in the log."""
        rows = self._database.execute(
            "SELECT id, station, received_at, readings FROM frame WHERE id > ? AND readings IS NOT NULL"
            " ORDER BY id LIMIT ?",
            (frame, limit),
        )
        return [
            StoredFrame(number, station, received_at, unpack_readings(packed))
            for number, station, received_at, packed in rows.fetchall()
        ]

    def advance(self, sink: str, frame: int, rejections: Sequence[Rejection] = ()) -> None:
        """`sink` is done with all up to `frame`; what it refused for good goes into quarantine."""
        now = int(self._clock())
        with transaction(self._database):
            for rejection in rejections:
                digest = hashlib.blake2b(b"%d" % rejection.frame, digest_size=16).digest()
                self._quarantine(rejection.frame, sink, rejection.fault, digest, now)
            self._database.execute("INSERT OR REPLACE INTO cursor (sink, frame) VALUES (?, ?)", (sink, frame))

    def tidy(self, sinks: Sequence[str], keep_days: int, keep_mib: int) -> bool:
        """Remove a chunk of what every one of `sinks` has and is old; True when there may be more."""
        return tidy(self._database, sinks, int(self._clock()), keep_days, keep_mib)

    def replay(self, entry: int) -> Fault | None:
        """Take a quarantined frame through the gateway again; returns what is still wrong, None if nothing.

        What a sink refused is put behind the log's end, so that every sink sees it again (they know it by
        name). Raises KeyError for an entry that is not there.
        """
        now = int(self._clock())
        with transaction(self._database):
            row = self._database.execute(
                "SELECT f.kind, f.topic, f.payload, f.id, f.taken_at, q.sink FROM quarantine q"
                " JOIN frame f ON f.id = q.frame WHERE q.id = ?",
                (entry,),
            ).fetchone()
            if row is None:
                raise KeyError(entry)
            *message, frame, taken_at, sink = row
            delivery = Delivery(*message)
            if sink:
                self._append_again(frame)
            else:
                ledger = Ledger(self._database, replaying=True)
                taken = process(delivery, self._stations, ledger, taken_at)
                if taken.faults:
                    return taken.faults[0]
                self._write(delivery, taken, now)
            self._database.execute("UPDATE quarantine SET resolved_at = ? WHERE id = ?", (now, entry))
        return None

    def _append_again(self, frame: int) -> None:
        self._database.execute(
            "INSERT INTO frame (kind, topic, payload, taken_at, received_at, dev_eui, station, readings)"
            " SELECT kind, topic, payload, taken_at, received_at, dev_eui, station, readings"
            " FROM frame WHERE id = ?",
            (frame,),
        )


class Ledger:
    """What `process` may ask, answered inside the open transaction."""

    def __init__(self, database: sqlite3.Connection, *, replaying: bool = False) -> None:
        """`replaying`: take no frame for a repeat, for it is in the log already."""
        self._database = database
        self._replaying = replaying

    def state(self, station: str) -> State:
        """See `process.Ledger`."""
        row = self._database.execute("SELECT state FROM station WHERE id = ?", (station,)).fetchone()
        state = unpack_state(row[0]) if row else State()
        return replace(state, recent=()) if self._replaying else state

    def readings_around(self, station: str, first: int, last: int) -> dict[int, Reading]:
        """See `process.Ledger`."""
        rows = self._database.execute(
            "SELECT seq, time, cells FROM reading WHERE station = ?1 AND seq <= ?3 AND seq >="
            " coalesce((SELECT max(seq) FROM reading WHERE station = ?1 AND seq < ?2), ?2)",
            (station, first, last),
        )
        return {seq: Reading(seq, time, unpack_cells(cells)) for seq, time, cells in rows}


def digest_of(delivery: Delivery) -> bytes:
    """What makes two deliveries the same message."""
    parts = delivery.topic.encode("utf-8", "surrogateescape") + b"\0" + delivery.payload
    return hashlib.blake2b(parts, digest_size=16).digest()


def _by_code(faults: Iterable[Fault]) -> dict[str, str]:
    """All details of each code on one line: forty contradictions in one frame are one entry."""
    details: dict[str, list[str]] = {}
    for fault in faults:
        details.setdefault(fault.code, []).append(fault.detail)
    return {code: "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if found[5:] else "")
            for code, found in details.items()}  # fmt: skip


def _clean(text: str) -> str:
    """Text that SQLite can hold: a lone surrogate out of somebody's JSON is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()[:1000]
