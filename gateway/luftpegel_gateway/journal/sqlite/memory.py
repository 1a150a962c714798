"""What the backend keeps in memory of each station, so that a frame that tells nothing new reads nothing.

States and the newest readings of current lives; loaded when first asked for, changed only after the commit
that changed the file. It is the backend's snapshot, too: what is older is read from the file.

Readings as objects take ten times their bytes. So only the lives that were asked for last, more than a batch
can tell of, have theirs at hand; the others' are packed.
"""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from luftpegel_gateway.journal.port import Outcomes, StationKey
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Reading, unpack_reading
from luftpegel_gateway.model.state import StationState

KEPT = 8  # newest readings of a life: as far as the checks look back when one more comes
AT_HAND = 300  # lives whose newest readings are objects
LOOKED_AT = 5000  # newest readings of a station among which those of one time are sought
_STATE = msgspec.msgpack.Decoder(StationState)
_EMPTY = StationState()
_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(list[Reading])
AIRTIME = "airtime"


class Memory:
    """The backend's `Snapshot`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.numbers: dict[StationKey, int] = {}
        self._states: dict[StationKey, StationState] = {}
        self._newest: dict[Ref, Sequence[Reading]] = {}  # those asked for longest ago come first
        self._packed: dict[Ref, bytes] = {}
        for number, tenant, name, state in database.execute("SELECT number, tenant, id, state FROM station"):
            self.numbers[tenant, name] = number
            self._states[tenant, name] = _STATE.decode(state)
        spent = database.execute("SELECT value FROM meta WHERE key = ?", (AIRTIME,)).fetchone()
        self._airtime: dict[str, tuple[int, int]] = (
            msgspec.msgpack.decode(spent[0], type=dict[str, tuple[int, int]]) if spent else {}
        )

    @property
    def stations(self) -> dict[int, StationKey]:
        """Station by its number in this journal."""
        return {number: key for key, number in self.numbers.items()}

    def state(self, key: StationKey) -> StationState:
        """See `Snapshot`."""
        return self._states.get(key, _EMPTY)

    def airtime(self) -> Mapping[str, tuple[int, int]]:
        """See `Snapshot`."""
        return self._airtime

    def newest(self, ref: Ref) -> Sequence[Reading]:
        """See `Snapshot`."""
        found = self._newest.pop(ref, None)
        if found is None:
            packed = self._packed.pop(ref, None)
            found = self.before(ref, 1 << 62, KEPT) if packed is None else _UNPACK.decode(packed)
        self._hold(ref, found)
        return found

    def _hold(self, ref: Ref, newest: Sequence[Reading]) -> None:
        """Have these at hand; what was not asked for the longest is packed for it."""
        self._newest[ref] = newest
        if len(self._newest) > AT_HAND:
            oldest = next(iter(self._newest))
            self._packed[oldest] = _PACK.encode(self._newest.pop(oldest))

    def between(self, ref: Ref, first: int, last: int) -> Sequence[Reading]:
        """See `Snapshot`."""
        return self._rows(ref, "seq BETWEEN ? AND ? ORDER BY seq", first, last)

    def before(self, ref: Ref, seq: int, count: int) -> Sequence[Reading]:
        """See `Snapshot`."""
        return self._rows(ref, "seq < ? ORDER BY seq DESC LIMIT ?", seq, count)[::-1]

    def behind(self, ref: Ref, seq: int, count: int) -> Sequence[Reading]:
        """See `Snapshot`."""
        return self._rows(ref, "seq > ? ORDER BY seq LIMIT ?", seq, count)

    def around(self, key: StationKey, first: int, last: int) -> Sequence[tuple[int, Reading]]:
        """See `Snapshot`."""
        rows = self._database.execute(
            "SELECT life, data FROM (SELECT life, time, data FROM reading WHERE station = ?"
            " ORDER BY life DESC, seq DESC LIMIT ?) WHERE time BETWEEN ? AND ?",
            (self.numbers.get(key), LOOKED_AT, first, last),
        )
        return [(life, unpack_reading(data)) for life, data in rows]

    def remember(self, outcomes: Outcomes, numbers: Mapping[StationKey, int]) -> None:
        """The outcomes are on the disk."""
        self.numbers.update(numbers)
        self._states.update(outcomes.states)
        self._airtime.update(outcomes.airtime)
        changed: dict[Ref, dict[int, Reading]] = {}
        for (ref, seq), reading in outcomes.readings.items():
            changed.setdefault(ref, {})[seq] = reading
        for ref, rows in changed.items():
            if ref in self._newest:
                self._newest[ref] = _newest(self._newest[ref], rows)
            elif ref in self._packed:
                self._hold(ref, _newest(_UNPACK.decode(self._packed.pop(ref)), rows))

    def _rows(self, ref: Ref, where: str, *values: int) -> list[Reading]:
        number = self.numbers.get((ref.tenant, ref.station))
        if number is None:
            return []
        rows = self._database.execute(
            f"SELECT data FROM reading WHERE station = ? AND life = ? AND {where}",  # noqa: S608 - constants
            (number, ref.life, *values),
        )
        return [unpack_reading(data) for (data,) in rows]


def _newest(known: Sequence[Reading], changed: Mapping[int, Reading]) -> Sequence[Reading]:
    """The newest readings after some of them, or newer ones, were written.

    A reading below the known ones joins them only while they are fewer than `KEPT`: then they are all there
    are.
    """
    if known and known[-1].seq < min(changed):
        return [*known, *(changed[seq] for seq in sorted(changed))][-KEPT:]
    lowest = known[0].seq if len(known) >= KEPT else -1
    rows = {reading.seq: reading for reading in known}
    rows |= {seq: reading for seq, reading in changed.items() if seq >= lowest}
    return [rows[seq] for seq in sorted(rows)[-KEPT:]]
