"""The way back: writes a journal of version 0.2.0 from one of this version.

So a town can start the old gateway again without losing what was taken since. That one knows one numbering a
station, no tenants, no alarms for sinks and no revisions; it gets each station's current life. What it cannot
hold is counted, and stays in the file that this was written from. Which message brought which reading is not
known any more: what waits lies in frames of its own, without a payload.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from luftpegel_gateway.journal.port import StationKey
from luftpegel_gateway.journal.sqlite import backup, version_1
from luftpegel_gateway.journal.sqlite.database import fold, open_for_reading, told_as_down, transaction
from luftpegel_gateway.journal.sqlite.items import unpack_items
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import FRAMES, PLACES, VERSION
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.readings import Reading, unpack_reading
from luftpegel_gateway.model.state import StationState

SECOND = 1_000_000
TOGETHER = 100  # readings in a frame that is made to tell them again
_NOTHING = Delivery("", "", "", b"")


class Exported(msgspec.Struct):
    """What was written, and what an old gateway cannot hold: readings of earlier lives, alarms, tenants."""

    frames: int = 0
    readings: int = 0
    quarantined: int = 0
    left_out: int = 0


def export(path: Path, to: Path, sinks: Sequence[str], again: Sequence[str] = ()) -> Exported:
    """Write the journal at `path` as one of version 0.2.0 into the file `to`, which is replaced.

    `sinks`: those that get what waits for them. `again`: those of them that get every reading that is here,
    for their own past was put back too. Raises JournalDown; then `to` is as it was.
    """
    part = to.with_name(to.name + backup.PART)
    with told_as_down(to), contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(open_for_reading(path)))
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise JournalDown("LP-417" if version < VERSION else "LP-415", f"{path} is of version {version}")
        part.unlink(missing_ok=True)
        old = stack.enter_context(contextlib.closing(sqlite3.connect(part, isolation_level=None)))
        with transaction(old):
            for statement in version_1.TABLES:
                old.execute(statement)
            exported = _Export(database, old).run(sinks, again)
            old.execute(f"PRAGMA user_version = {version_1.VERSION}")
    try:
        backup.put_in_place(part, to)
    except OSError as error:
        raise JournalDown("LP-410", f"{to}: {error.strerror}") from error
    with told_as_down(path):
        fold(path)  # last: reading leaves an empty log beside it
    return exported


class _Export:
    def __init__(self, database: sqlite3.Connection, old: sqlite3.Connection) -> None:
        self._database = database
        self._old = old
        self._packer = Packer()
        self._told = Exported()
        self._stations: dict[int, StationKey] = {}
        self._states: dict[int, StationState] = {}
        self._lives: dict[str, int] = {}  # of stations that an old gateway can hold
        decode = msgspec.msgpack.Decoder(StationState).decode
        for number, tenant, name, state in database.execute("SELECT number, tenant, id, state FROM station"):
            self._stations[number] = tenant, name
            if tenant:
                self._told.left_out += 1
            else:
                self._states[number] = decode(state)
                self._lives[name] = self._states[number].life.number

    def run(self, sinks: Sequence[str], again: Sequence[str]) -> Exported:
        """Write everything, in the order that the cursors of an old log need."""
        self._go_on_counting()
        self._write_stations()
        if again:
            self._tell_again()
        self._write_log()
        self._write_quarantine()
        for row in self._database.execute(
            "SELECT taken_at, dev_eui, level, code, text FROM notice WHERE tenant = '' ORDER BY id"
        ):
            self._old.execute(
                "INSERT INTO notice (taken_at, dev_eui, level, code, text) VALUES (?,?,?,?,?)", row
            )
        self._write_waiting([sink for sink in sinks if sink not in again])
        return self._told

    def _go_on_counting(self) -> None:
        """An old gateway counts frames by their highest number: that does not fall."""
        counted, here = self._database.execute(
            "SELECT coalesce((SELECT number FROM counted WHERE what = ?), 0),"
            " (SELECT coalesce(sum(frames), 0) FROM segment) + (SELECT count(*) FROM quarantine)",
            (FRAMES,),
        ).fetchone()
        self._old.execute("INSERT INTO sqlite_sequence VALUES ('frame', ?)", (max(0, counted - here),))

    def _write_stations(self) -> None:
        for number, state in self._states.items():
            name = self._stations[number][1]
            self._old.execute(
                "INSERT INTO station VALUES (?,?)", (name, version_1.pack_state(_old_state(state)))
            )
            for reading in self._readings(number):
                row = (name, reading.seq, reading.time, version_1.pack_cells(reading.cells, reading.time))
                self._old.execute("INSERT INTO reading VALUES (?,?,?,?)", row)
                self._told.readings += 1
            self._told.left_out += self._database.execute(
                "SELECT count(*) FROM reading WHERE station = ? AND life != ?", (number, state.life.number)
            ).fetchone()[0]

    def _readings(self, number: int) -> Iterator[Reading]:
        """What is known of a station's current life, by rising number."""
        rows = self._database.execute(
            "SELECT data FROM reading WHERE station = ? AND life = ? ORDER BY seq",
            (number, self._states[number].life.number),
        )
        return (unpack_reading(data) for (data,) in rows)

    def _tell_again(self) -> None:
        """All readings as if they had just come, for sinks that begin before them."""
        for number, state in self._states.items():
            name = self._stations[number][1]
            readings = [reading for reading in self._readings(number) if not reading.absent]
            for begin in range(0, len(readings), TOGETHER):
                self._frame(
                    _NOTHING, state.link.taken_at or 0, state.link.heard_at or 0, station=name,
                    readings=readings[begin : begin + TOGETHER],
                )  # fmt: skip

    def _write_log(self) -> None:
        rows = self._database.execute("SELECT received_at, messages FROM segment ORDER BY id")
        for received_at, packed in rows:
            for delivery, taken_at in self._packer.unpack(packed):
                self._frame(delivery, taken_at, None if received_at is None else received_at * SECOND)

    def _write_quarantine(self) -> None:
        rows = self._database.execute(
            "SELECT sink, code, detail, times, first_at, last_at, resolved_at, dev_eui, station, message"
            " FROM quarantine ORDER BY id"
        )
        for sink, code, detail, *times, dev_eui, station, message in rows:
            last_at = times[2]
            if sink:
                frame = self._refused(message, last_at)
                digest = hashlib.blake2b(b"%d" % (frame or 0), digest_size=16).digest()
            else:
                [(delivery, taken_at)] = self._packer.unpack(message)
                frame = self._frame(
                    delivery, taken_at, None, dev_eui=dev_eui or None, station=station or None
                )
                topic = delivery.topic.encode("utf-8", "surrogateescape")
                digest = hashlib.blake2b(topic + b"\0" + delivery.payload, digest_size=16).digest()
            if frame is None:
                self._told.left_out += 1
                continue
            self._old.execute(
                "INSERT INTO quarantine (frame, sink, code, detail, digest, times, first_at, last_at,"
                " resolved_at) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (digest, code, sink) DO NOTHING",
                (frame, sink, code, detail, digest, *times),
            )
            self._told.quarantined += times[3] is None  # the others are resolved

    def _refused(self, message: bytes, taken_at: int) -> int | None:
        """The frame of an item that a sink had refused; None for what an old gateway cannot hold."""
        [item] = unpack_items(message, self._stations)
        if not self._holds(item):
            return None
        assert isinstance(item, Observed)
        return self._frame(
            _NOTHING, taken_at, item.received_at, station=item.ref.station, readings=[item.reading]
        )

    def _write_waiting(self, sinks: Iterable[str]) -> None:
        """What has not been delivered, behind all that has; each sink's cursor where it stood."""
        known = dict(self._database.execute("SELECT sink, position FROM cursor").fetchall())
        behind = sorted((known.get(sink, 0), sink) for sink in sinks)
        if not behind:
            return
        first = behind[0][0]
        rows = self._database.execute(
            "SELECT id, taken_at, items FROM outbox WHERE id >= ? ORDER BY id", (first >> PLACES,)
        )
        for number, taken_at, packed in rows:
            items = unpack_items(self._packer.plain(packed), self._stations)
            row = number << PLACES  # the position before the row's first item
            begin = max(0, first - row)
            cuts = {position - row for position, _ in behind if row + begin < position < row + len(items)}
            for end in (*sorted(cuts), len(items)):
                while behind and behind[0][0] <= row + begin:
                    self._cursor(behind.pop(0)[1])
                self._write_items(items[begin:end], taken_at)
                begin = end
        for _, sink in behind:
            self._cursor(sink)

    def _write_items(self, items: Sequence[Item], taken_at: int) -> None:
        held = [item for item in items if self._holds(item)]
        self._told.left_out += len(items) - len(held)
        told = (item for item in held if isinstance(item, Observed))
        for (ref, received_at), group in groupby(told, lambda item: (item.ref, item.received_at)):
            readings = [item.reading for item in group]
            self._frame(_NOTHING, taken_at, received_at, station=ref.station, readings=readings)

    def _holds(self, item: Item) -> bool:
        ref = item.ref
        return isinstance(item, Observed) and not ref.tenant and self._lives.get(ref.station) == ref.life

    def _cursor(self, sink: str) -> None:
        """A sink has everything that has been written so far."""
        self._old.execute(
            "INSERT INTO cursor SELECT ?, coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'frame'",
            (sink,),
        )

    def _frame(
        self,
        delivery: Delivery,
        taken_at: int,
        received_at: int | None,
        *,
        dev_eui: str | None = None,
        station: str | None = None,
        readings: Sequence[Reading] | None = None,
    ) -> int:
        self._told.frames += 1
        packed = version_1.pack_readings(readings) if readings else None
        place = (
            delivery.kind,
            delivery.topic,
            delivery.payload,
            taken_at,
            received_at,
            dev_eui,
            station,
            packed,
        )
        row = self._old.execute(
            "INSERT INTO frame (kind, topic, payload, taken_at, received_at, dev_eui, station, readings)"
            " VALUES (?,?,?,?,?,?,?,?)",
            place,
        )
        assert row.lastrowid is not None
        return row.lastrowid


def _old_state(state: StationState) -> dict[str, object]:
    """The current life as the one that an old gateway knows; marks of frames were other hashes."""
    life, link = state.life, state.link
    return {
        "seen": life.seen.ranges,
        "absent": life.absent.ranges,
        "recent": (),
        "heard_at": link.heard_at,
        "taken_at": link.taken_at,
        "rssi": link.rssi,
        "snr": link.snr,
        "dr": link.dr,
        "frames": state.frames,
        "repeated_frames": state.repeated_frames,
        "repeated_readings": state.repeated_readings,
        "asked": msgspec.structs.asdict(life.asked) if life.asked else None,
        "oldest": life.oldest_told,
    }
