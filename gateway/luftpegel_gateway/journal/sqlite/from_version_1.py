"""A journal of version 0.2.0 becomes one of this version, inside the transaction that the caller has opened.

Nothing is left out: frames go into segments, what a sink has still to get into the outbox, a refused message
into the quarantine with a copy of its own. What the old tables do not tell: the name of a frame's source (its
kind stands for it) and how old a reading was when it was told, which the frame that brought it tells if it is
still here. A sink whose name the old journal does not know gets everything that is still here, as before.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from luftpegel_gateway.journal.sqlite import mending, quarantine, version_1
from luftpegel_gateway.journal.sqlite.gathering import Outbox, Segment
from luftpegel_gateway.journal.sqlite.items import pack_items
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import FRAMES, TABLES
from luftpegel_gateway.journal.sqlite.version_1 import Entry, Frame
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.readings import Cell, Reading, pack_reading
from luftpegel_gateway.model.state import Asked, Life, Link, StationState, Status, Timekeeping

SECOND = 1_000_000
MOST_SUPPORT = 8  # frames whose times agree: more makes nothing surer
_OLD = ("frame", "reading", "station", "cursor", "quarantine", "notice")
_LP_253 = "LP-253"  # a telling that contradicts: the only trace of a wrong clock or a swapped board


def migrate(database: sqlite3.Connection, packer: Packer) -> None:
    """Bring the open file from version 1 to this one. Raises sqlite3.Error."""
    for name in ("quarantine_once", "quarantine_frame", "notice_device"):
        database.execute(f"DROP INDEX {name}")
    for name in _OLD:
        database.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    for statement in TABLES:
        database.execute(statement)
    _Migration(database, packer).run()
    for name in ("quarantine", "frame", "reading", "station", "cursor", "notice"):
        database.execute(f"DROP TABLE old_{name}")


class _Past(msgspec.Struct):
    """What the walk through the frames finds out about a station."""

    ref: Ref
    number: int
    doubtful: set[int]
    told: Intervals = Intervals()  # numbers that sinks were told once
    top: int = -1
    revisions: dict[int, int] = {}
    received_at: int | None = None  # of the last frame
    taken_at: int | None = None


class _Migration:
    def __init__(self, database: sqlite3.Connection, packer: Packer) -> None:
        self._database = database
        self._packer = packer
        self._stations: dict[str, _Past] = {}
        self._outbox = Outbox(database, packer, self._number)

    def run(self) -> None:
        """Convert everything; the order matters: stations have numbers before readings name them."""
        self._name_stations()
        self._walk_frames()
        self._remaining_readings()
        self._convert_quarantine()
        self._convert_states()
        self._database.execute(
            "INSERT INTO notice (id, taken_at, dev_eui, level, code, text)"
            " SELECT id, taken_at, dev_eui, level, code, text FROM old_notice"
        )
        self._database.execute(
            "INSERT INTO counted SELECT ?, seq FROM sqlite_sequence WHERE name = 'old_frame'", (FRAMES,)
        )

    def _number(self, key: tuple[str, str]) -> int:
        return self._stations[key[1]].number

    def _name_stations(self) -> None:
        doubted = {
            name
            for (name,) in self._database.execute(
                "SELECT DISTINCT f.station FROM old_quarantine q JOIN old_frame f ON f.id = q.frame"
                " WHERE q.code = ? AND q.resolved_at IS NULL",
                (_LP_253,),
            )
        }
        names = self._database.execute(
            "SELECT id FROM old_station UNION SELECT station FROM old_reading"
            " UNION SELECT station FROM old_frame WHERE readings IS NOT NULL ORDER BY 1"
        ).fetchall()
        for number, (name,) in enumerate(names, 1):
            wrong = mending.doubtful(self._moments(name)) if name in doubted else set()
            self._stations[name] = _Past(Ref("", name), number, wrong)

    def _moments(self, name: str) -> list[mending.Moment]:
        return self._database.execute(
            "SELECT seq, time FROM old_reading WHERE station = ? AND time IS NOT NULL ORDER BY seq", (name,)
        ).fetchall()

    def _walk_frames(self) -> None:
        """Frames in the order of the log: segments and outbox are written from them, and ages found."""
        segment = Segment(self._database, self._packer)
        cursors = self._database.execute("SELECT frame, sink FROM old_cursor ORDER BY frame").fetchall()
        for frame in self._frames():
            while cursors and cursors[0][0] < frame.id:
                self._mark(cursors.pop(0)[1])
            if frame.kept:
                delivery = Delivery(frame.kind, frame.kind, frame.topic, frame.payload)
                segment.add(delivery, frame.taken_at, frame.received_at)
            past = self._stations.get(frame.station or "")
            if past is None or frame.received_at is None:
                continue
            past.received_at, past.taken_at = frame.received_at, frame.taken_at
            if frame.readings is not None:
                self._tell(past, frame)
        segment.write()
        for _, sink in cursors:
            self._mark(sink)
        self._outbox.write()

    def _mark(self, sink: str) -> None:
        """A sink has everything up to here."""
        self._database.execute("INSERT INTO cursor VALUES (?,?)", (sink, self._outbox.position))

    def _frames(self) -> Iterator[Frame]:
        rows = self._database.execute(
            "SELECT id, kind, topic, payload, taken_at, received_at, station, readings,"
            " received_at IS NOT NULL AND (readings IS NOT NULL OR id NOT IN"
            " (SELECT frame FROM old_quarantine WHERE sink = '')) FROM old_frame ORDER BY id"
        )
        for row in rows:
            yield Frame(*row)

    def _tell(self, past: _Past, frame: Frame) -> None:
        """The readings that a frame brought: known with their ages, and told to the sinks in their order."""
        readings = self._readings(past, frame)
        past.top = max([past.top, *(reading.seq for reading in readings)])
        for reading in readings:
            if reading.seq in past.told:
                past.revisions[reading.seq] = past.revisions.get(reading.seq, 0) + 1
            told = msgspec.structs.replace(reading, revision=past.revisions.get(reading.seq, 0))
            self._outbox.add(
                Observed(past.ref, told, frame.received_at or 0, late=reading.seq != past.top), frame.taken_at
            )
            if self._known(past, reading.seq):
                self._know(past, told)
        past.told = past.told.add([reading.seq for reading in readings])

    def _readings(self, past: _Past, frame: Frame) -> list[Reading]:
        """What a frame told, each reading whole: the old gateway told the sinks only what was new of it."""
        received_s = (frame.received_at or 0) // SECOND
        found = []
        for told in version_1.unpack_readings(frame.readings or b""):
            known = self._known(past, told.seq)
            time, cells = known or (told.time, told.cells)
            age = received_s - told.time if told.time is not None and time == told.time else None
            found.append(Reading(told.seq, time, cells, age if age is None or age >= 0 else None))
        return found

    def _known(self, past: _Past, seq: int) -> tuple[int | None, tuple[Cell, ...]] | None:
        row = self._database.execute(
            "SELECT time, cells FROM old_reading WHERE station = ? AND seq = ?", (past.ref.station, seq)
        ).fetchone()
        return (row[0], version_1.unpack_cells(row[1], row[0])) if row else None

    def _know(self, past: _Past, reading: Reading) -> None:
        """A doubtful time is forgotten, not the values: the next telling, or a replay, gives it one."""
        if reading.seq in past.doubtful:
            reading = msgspec.structs.replace(reading, time=None, age=None)
        self._database.execute(
            "INSERT OR REPLACE INTO reading (station, life, seq, time, data) VALUES (?,0,?,?,?)",
            (past.number, reading.seq, reading.time, pack_reading(reading)),
        )

    def _remaining_readings(self) -> None:
        """Readings whose frames have left, and names that the station called absent."""
        for name, past in self._stations.items():
            rows = self._database.execute(
                "SELECT seq, time, cells FROM old_reading o WHERE station = ? AND NOT EXISTS"
                " (SELECT 1 FROM reading r WHERE r.station = ? AND r.life = 0 AND r.seq = o.seq)",
                (name, past.number),
            ).fetchall()
            for seq, time, cells in rows:
                self._know(past, Reading(seq, time, version_1.unpack_cells(cells, time)))

    def _convert_quarantine(self) -> None:
        rows = self._database.execute(
            "SELECT q.id, q.sink, q.code, q.detail, q.times, q.first_at, q.last_at, q.resolved_at,"
            " f.kind, f.topic, f.payload, f.taken_at, f.dev_eui, f.station, f.received_at, f.readings"
            " FROM old_quarantine q JOIN old_frame f ON f.id = q.frame ORDER BY q.id"
        )
        for row in rows:
            entry = Entry(*row)
            if entry.sink:
                self._refused_by_sink(entry)
            else:
                self._refused(entry)

    def _refused(self, entry: Entry) -> None:
        delivery = Delivery(entry.kind, entry.kind, entry.topic, entry.payload)
        quarantine.write(
            self._database,
            quarantine.Row(
                quarantine.digest_of(delivery), entry.code, "", entry.detail, entry.times, entry.first_at,
                entry.last_at, entry.resolved_at, entry.dev_eui or "", entry.station or "",
                len(entry.payload), self._packer.pack([(delivery, entry.taken_at)]),
            ),
            entry.id,
        )  # fmt: skip

    def _refused_by_sink(self, entry: Entry) -> None:
        """A sink refused a frame, and now refuses readings: each has an entry of its own."""
        past = self._stations.get(entry.station or "")
        if past is None or entry.readings is None:
            return
        frame = Frame(
            0, entry.kind, entry.topic, entry.payload, entry.taken_at, entry.received_at, entry.station,
            entry.readings, False,
        )  # fmt: skip
        for reading in self._readings(past, frame):
            item = Observed(past.ref, reading, entry.received_at or 0)
            digest = quarantine.digest_of_refused(item)
            packed = pack_items([item], self._number)
            quarantine.write(
                self._database,
                quarantine.Row(
                    digest, entry.code, entry.sink, entry.detail, entry.times, entry.first_at, entry.last_at,
                    entry.resolved_at, "", past.ref.station, len(packed), packed,
                ),
            )  # fmt: skip

    def _convert_states(self) -> None:
        states = dict(self._database.execute("SELECT id, state FROM old_station").fetchall())
        encode = msgspec.msgpack.Encoder().encode
        for name, past in self._stations.items():
            state = self._state(past, states[name]) if name in states else StationState()
            self._database.execute(
                "INSERT INTO station (number, tenant, id, state) VALUES (?,'',?,?)",
                (past.number, name, encode(state)),
            )

    def _state(self, past: _Past, data: bytes) -> StationState:
        """The old state. Marks of frames are left behind: they were other hashes."""
        old = version_1.unpack_state(data)
        seen = Intervals(version_1.ranges(old["seen"]))
        # The old gateway kept the latest moments ever told; a clock that ran ahead once would stay for ever.
        heard_at = old["heard_at"] if past.received_at is None else past.received_at
        taken_at = old["taken_at"] if past.taken_at is None else past.taken_at
        status = None
        if not seen.ranges and old["oldest"] is not None:
            status = Status(heard_at or 0, {"oldest_seq": old["oldest"]})
        return StationState(
            lives=(self._life(past, seen, old, heard_at),) if seen.ranges else (),
            link=Link(heard_at, taken_at, old["rssi"], old["snr"], old["dr"]),
            status=status,
            frames=old["frames"],
            repeated_frames=old["repeated_frames"],
            repeated_readings=old["repeated_readings"],
        )

    def _life(self, past: _Past, seen: Intervals, old: dict[str, Any], heard_at: int | None) -> Life:
        moments = [moment for moment in self._moments(past.ref.station) if moment[0] not in past.doubtful]
        pace = mending.pace_of(moments)
        first = seen.ranges[0][0]
        skipped = mending.impossible(seen, dict(moments), pace)
        for begin, end in skipped.ranges:
            seen = seen.add_range(begin, end)
        asked: dict[str, int] | None = old["asked"]
        return Life(
            0,
            began=moments[0][1] if moments and moments[0][0] == first else None,
            seen=seen,
            absent=Intervals(version_1.ranges(old["absent"])),
            skipped=skipped,
            newest_time=moments[-1][1] if moments else None,
            heard_at=None if heard_at is None else heard_at // SECOND,
            oldest_told=mending.reaching_back(old["oldest"], first, pace),
            time=Timekeeping(min(MOST_SUPPORT, len(moments)), moments[0][0] if moments else 0),
            asked=Asked(**asked) if asked else None,
        )
