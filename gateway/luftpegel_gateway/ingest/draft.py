"""What is known while a batch is decided: the snapshot from before it, and on top what the batch has
changed."""

from collections.abc import Mapping, Sequence

from luftpegel_gateway.journal.port import Outcome, Outcomes, Snapshot, StationKey
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import StationState

KEPT = 8  # the newest readings of a life that are at hand without asking the journal


class Draft:
    """A snapshot that can be written over. Readings always come in rising order of their numbers."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.states: dict[StationKey, StationState] = {}
        self.readings: dict[tuple[Ref, int], Reading] = {}
        self.items: list[Item] = []
        self.airtime: dict[str, tuple[int, int]] = {}
        self._changed: dict[Ref, dict[int, Reading]] = {}
        self._newest: dict[Ref, list[Reading]] = {}

    def state(self, key: StationKey) -> StationState:
        """The station's state by now."""
        return self.states.get(key) or self._snapshot.state(key)

    def spent(self) -> Mapping[str, tuple[int, int]]:
        """Downlink airtime by radio gateway, by now."""
        return {**self._snapshot.airtime(), **self.airtime}

    def newest(self, ref: Ref) -> list[Reading]:
        """The newest readings of a life, up to `KEPT` of them."""
        found = self._newest.get(ref)
        if found is None:
            found = self._newest[ref] = list(self._snapshot.newest(ref))
        return found

    def reading(self, ref: Ref, seq: int) -> Reading | None:
        """One reading, if its values are still here."""
        newest = self.newest(ref)
        for reading in reversed(newest):
            if reading.seq == seq:
                return reading
            if reading.seq < seq:
                return None
        return next(iter(self.between(ref, seq, seq)), None)

    def between(self, ref: Ref, first: int, last: int) -> list[Reading]:
        """Known readings numbered first..last."""
        return self._with_changes(ref, self._snapshot.between(ref, first, last), first, last)

    def before(self, ref: Ref, seq: int, count: int) -> list[Reading]:
        """The nearest known readings below `seq`, `count` at most."""
        known = self._with_changes(ref, self._snapshot.before(ref, seq, count), 0, seq - 1)
        return known[-count:] if count else []

    def behind(self, ref: Ref, seq: int, count: int) -> list[Reading]:
        """The nearest known readings above `seq`, `count` at most."""
        known = self._snapshot.behind(ref, seq, count)
        return self._with_changes(ref, known, seq + 1, 1 << 62)[:count]

    def around(self, key: StationKey, first: int, last: int) -> list[tuple[int, Reading]]:
        """Readings of a station with times first..last and their life, the batch's own among them."""
        found = {(life, reading.seq): reading for life, reading in self._snapshot.around(key, first, last)}
        for ref, rows in self._changed.items():
            if (ref.tenant, ref.station) == key:
                found |= {(ref.life, seq): row for seq, row in rows.items()}
        return [
            (life, row)
            for (life, _), row in sorted(found.items())
            if row.time is not None and first <= row.time <= last
        ]

    def put(self, ref: Ref, reading: Reading) -> None:
        """Know this reading from now on."""
        newest = self.newest(ref)
        self.readings[ref, reading.seq] = reading
        self._changed.setdefault(ref, {})[reading.seq] = reading
        place = len(newest)
        while place and newest[place - 1].seq >= reading.seq:
            place -= 1
        if place < len(newest) and newest[place].seq == reading.seq:
            newest[place] = reading
        elif place or len(newest) < KEPT:
            newest.insert(place, reading)
            del newest[:-KEPT]

    def outcomes(self, each: list[Outcome]) -> Outcomes:
        """What the batch changes, and what became of each of its deliveries."""
        return Outcomes(each, self.states, self.readings, self.items, self.airtime)

    def _with_changes(self, ref: Ref, known: Sequence[Reading], first: int, last: int) -> list[Reading]:
        changed = self._changed.get(ref)
        if not changed:
            return list(known)
        rows = {reading.seq: reading for reading in known}
        rows |= {seq: reading for seq, reading in changed.items() if first <= seq <= last}
        return [rows[seq] for seq in sorted(rows)]
