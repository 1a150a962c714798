"""The way of a readings frame: rows, life, time, names, checks, items for the sinks, and what to ask for.

Rows are read newest first, and no further than to the first one that is known, agrees, and was told at
least as truly, with no gap behind it: what lies there was told before. So the work grows with what is new,
not with what a frame repeats.
"""

import msgspec

from luftpegel_gateway.checks import limits_for
from luftpegel_gateway.decode.uplink import Readings, Told
from luftpegel_gateway.ingest import judging, names, timekeeping
from luftpegel_gateway.ingest.clocks import SECOND, Estimate
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.ingest.lives import SLACK_S, Asking, home_of, in_order, pace
from luftpegel_gateway.ingest.tellings import comparable, contradiction, covers, merged, tolerance
from luftpegel_gateway.ingest.timekeeping import Kept
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import Life, Link, StationState, Timekeeping
from luftpegel_gateway.model.station import Station

TWIN_S = 2 * 86400  # how long another board under the same id counts after it was last heard
MOST_MOVED = 1000  # readings whose time one frame can move


class Change(msgspec.Struct):
    """What a frame changes: the state, readings to know, items for sinks, faults; when it was sent."""

    state: StationState
    received_at: int
    readings: list[Reading]
    items: list[Observed]
    ref: Ref
    faults: tuple[Fault, ...] = ()
    grew: bool = False  # the life's newest number is a new one


def take(
    station: Station,
    state: StationState,
    frame: Readings,
    received: Estimate,
    draft: Draft,
    *,
    whole: bool = False,
    recorded: bool = False,
) -> Change:
    """All that a readings frame means. Raises Refused where its bytes are damaged.

    `whole`: look at every row. What was decided wrongly before may lie behind rows that agree. `recorded`:
    the frame is played from a recording.
    """
    life = state.life
    telling = _Telling(_home(station, life), frame, received, draft, state.link, recorded=recorded)
    # Of two boards with one id either may have told the newest reading: then all rows are compared.
    follows = bool(state.lives) and state.twin is None and telling.follows()
    if whole or not follows:
        frame.rest()
        if not any(row.cells for row in frame.rows):
            return _nothing_there(telling.ref, state, frame, received)
        if not follows:
            life = home_of(Asking(telling.ref, state, frame, received, draft, station.interval_s))
        telling = _Telling(_home(station, life), frame, received, draft, state.link, recorded=recorded)
        for row in frame.rows:
            telling.sort(row)
    return telling.change(station, state)


def _home(station: Station, life: Life) -> tuple[Ref, Life]:
    return Ref(station.tenant, station.id, life.number), life


def _nothing_there(ref: Ref, state: StationState, frame: Readings, received: Estimate) -> Change:
    """A frame without one reading answers a request: it closes gaps, and can neither begin a life nor
    lengthen one."""
    gone = [row.seq for row in frame.rows if any(first <= row.seq <= last for first, last in state.life.gaps)]
    if gone:
        life = names.known(state.life, [], gone)
        state = msgspec.structs.replace(state, lives=(*state.lives[:-1], life))
    return Change(state, received.at, [], [], ref)


def _nothing_behind(life: Life, oldest: int, seq: int) -> bool:
    """Whether all that the frame repeats from `seq` downwards is accounted for: an answer to a request may
    begin with what another frame has brought since."""
    return life.seen.holds(oldest, seq) and not life.skipped.touches(oldest, seq)


class _Telling:
    """One frame against the life that it belongs to."""

    def __init__(
        self,
        home: tuple[Ref, Life],
        frame: Readings,
        received: Estimate,
        draft: Draft,
        link: Link,
        *,
        recorded: bool,
    ) -> None:
        self.ref, self.life = home
        self.frame = frame
        self.received = received
        self.draft = draft
        self.link = link  # before this frame
        self.recorded = recorded
        self.fresh: list[Told] = []  # newest first
        self.gone: list[int] = []
        self.better: list[tuple[Reading, Told]] = []
        self.faults: list[Fault] = []
        self.repeats = 0
        self.known_s: int | None = None  # when the frame was sent, by the newest row that is known
        self.slack_s = 0

    def follows(self) -> bool:
        """Read down to a known row that agrees in values and time, and that tells nothing new.

        False where the frame does not simply go on from what is known; then all of it must be looked at.
        """
        while (row := self.frame.next()) is not None:
            known = self.sort(row)
            if known is None:
                if self.faults or (row.cells and self.life.knows(row.seq)):
                    return False
                continue
            if not comparable(known, row):
                return False
            if self.known_s is None:
                continue
            if abs(self.received.seconds - self.known_s) > self.slack_s:
                return False
            covered = not self.better or self.better[-1][0] is not known
            if covered and _nothing_behind(self.life, self.frame.oldest, row.seq):
                return True
        return self.known_s is not None

    def sort(self, row: Told) -> Reading | None:
        """New, known with something to add, a plain repeat, or a contradiction; the known reading if it
        agrees."""
        if not row.cells:
            if row.seq not in self.life.seen:
                self.gone.append(row.seq)
            return None
        if not self.life.knows(row.seq):
            self.fresh.append(row)
            return None
        self.repeats += 1
        known = self.draft.reading(self.ref, row.seq)
        if known is None:
            return None  # older than what the journal holds values of
        if differs := contradiction(known, row, self.frame.steps):
            self.faults.append(Fault("LP-253", f"sequence {row.seq}: {differs}"))
            return None
        if self.known_s is None and known.time is not None and row.age is not None:
            self.known_s = known.time + row.age
            self.slack_s = tolerance(row.age)
        if not covers(known, row):
            self.better.append((known, row))
        return known

    def change(self, station: Station, state: StationState) -> Change:
        """What this frame changes."""
        kept = self._time()
        changed = self._changed(kept)
        limits = limits_for(station)
        rows = judging.judged(self.ref, changed, self.draft, limits) if changed else []
        readings, items = self._told(rows, kept)
        life = self._life(kept, station.interval_s)
        return Change(
            state=self._state(state, life),
            received_at=kept.received_s * SECOND,
            readings=readings,
            items=items,
            faults=tuple(self.faults),
            ref=self.ref,
            grew=life.seen.newest != self.life.seen.newest,
        )

    def _time(self) -> Kept:
        if self.known_s is None:
            return self._untied()
        told = self.fresh or [row for _, row in self.better]
        seq = told[-1].seq if told else self.frame.newest
        time, known_s, news = self.life.time, self.known_s, bool(told)
        return timekeeping.follow(time, known_s, self.received, self.slack_s, seq, news=news)

    def _untied(self) -> Kept:
        """No row ties the frame to the past. But in one life a higher number is never the earlier reading."""
        kept = timekeeping.first(self.received, self.frame.oldest, self.link)
        top = self.life.seen.newest
        row = next((row for row in reversed(self.fresh) if row.age is not None), None)
        if top is None or row is None:
            return kept
        if not in_order(self.draft, self.ref, self.life, row, kept.received_s):
            own = self.received.own_s
            better = own if in_order(self.draft, self.ref, self.life, row, own) else kept.received_s
            kept = Kept(better, True, Timekeeping(0, self.frame.oldest))
        if self.frame.newest < top:  # it says nothing about the newest times
            return msgspec.structs.replace(kept, time=self.life.time)
        return kept

    def _changed(self, kept: Kept) -> dict[int, Reading]:
        """Readings that are new or told otherwise than before, by number."""
        changed = self._moved(kept)
        for known, row in self.better:
            before = changed.get(known.seq, known)
            after = merged(before, row, kept.received_s, unsure=kept.unsure)
            if after != known:
                changed[known.seq] = after
        for row in self.fresh:
            time = None if row.age is None else kept.received_s - row.age
            unsure = kept.unsure and time is not None
            changed[row.seq] = Reading(row.seq, time, row.cells, row.age, unsure, recorded=self.recorded)
        return changed

    def _moved(self, kept: Kept) -> dict[int, Reading]:
        """Known readings whose time was wrong, or was not sure and now is."""
        top = self.life.seen.newest
        if top is None or kept.shift is None:
            return {}
        since, seconds = kept.shift
        moved = {}
        for known in self.draft.between(self.ref, max(since, top - MOST_MOVED), top):
            if known.time is not None and (known.unsure or not kept.settled):
                moved[known.seq] = msgspec.structs.replace(known, time=known.time + seconds, unsure=False)
        return moved

    def _told(self, rows: list[Reading], kept: Kept) -> tuple[list[Reading], list[Observed]]:
        """What to know, and what to tell the sinks: the new, and what they were told otherwise."""
        new = {row.seq for row in self.fresh}
        top = max(self.life.seen.newest or 0, self.frame.newest)
        readings, items = [], []
        for row in rows:
            known = None if row.seq in new else self.draft.reading(self.ref, row.seq)
            if known is not None and not _same_for_sinks(known, row):
                row = msgspec.structs.replace(row, revision=known.revision + 1)  # noqa: PLW2901
            readings.append(row)
            if known is None or row.revision != known.revision:
                items.append(Observed(self.ref, row, kept.received_s * SECOND, late=row.seq != top))
        return readings, items

    def _life(self, kept: Kept, interval_s: int) -> Life:
        life = self.life
        top = life.seen.newest
        if self.fresh and top is not None and self.fresh[-1].seq > top + 1:
            lowest = self.fresh[-1]
            time = kept.received_s - (lowest.age or 0)
            life = names.bounded(life, lowest.seq, time, pace(self.frame.rows, interval_s))
        if self.fresh or self.gone:
            life = names.known(life, [row.seq for row in reversed(self.fresh)], self.gone)
        newest = self._newest_time(kept)
        before = self.life
        news = before.heard_at is None or life.seen.newest != before.seen.newest
        heard = kept.received_s if news else before.heard_at
        return msgspec.structs.replace(
            life, time=kept.time, newest_time=newest, heard_at=heard, began=self._began(kept)
        )

    def _began(self, kept: Kept) -> int | None:
        """The time of the life's first reading: an older one may come late, and a wrong time may be
        mended."""
        first, before = self.life.seen.oldest, self.life.began
        if before is not None and kept.shift and kept.shift[0] <= (first or 0):
            before += kept.shift[1]
        for row in reversed(self.fresh):
            if row.age is not None:
                later = before is not None and first is not None and row.seq > first
                return before if later else kept.received_s - row.age
        return before

    def _newest_time(self, kept: Kept) -> int | None:
        """The time of the life's newest reading that has one."""
        before = self.life.newest_time
        if before is not None and kept.shift:
            before += kept.shift[1]
        for row in self.fresh:
            if row.age is not None:
                return before if row.seq < (self.life.seen.newest or 0) else kept.received_s - row.age
        return before

    def _state(self, state: StationState, life: Life) -> StationState:
        twin, twin_at = state.twin, state.twin_at
        current = state.lives[-1] if state.lives else life
        now = self.received.seconds
        after = bool(self.fresh) and life.number < current.number and self._after(current)
        alone = current.heard_at is not None and now - current.heard_at > TWIN_S
        if after and not alone:
            twin, twin_at = life.number, now
        elif twin_at is not None and self.fresh and (now - twin_at > TWIN_S or (after and alone)):
            twin = twin_at = None  # the other board has been silent for long
        lives, past = names.with_life(state, life)
        return msgspec.structs.replace(
            state,
            lives=lives,
            past=past,
            joined=False,
            repeated_readings=state.repeated_readings + self.repeats,
            twin=twin,
            twin_at=twin_at,
        )

    def _after(self, current: Life) -> bool:
        """Whether this frame of an older life was measured after the current one had begun."""
        age = self.fresh[0].age
        if age is None or current.began is None or not self.received.sure:
            return False
        return self.received.seconds - age > current.began + SLACK_S


def _same_for_sinks(before: Reading, after: Reading) -> bool:
    """Whether what sinks get of a reading is the same: memos and ages are the gateway's own."""
    if before is after:
        return True
    if before.time != after.time or before.unsure != after.unsure or len(before.cells) != len(after.cells):
        return False
    return all(
        old.channel == new.channel
        and old.value == new.value
        and old.wire == new.wire
        and old.flags == new.flags
        for old, new in zip(before.cells, after.cells, strict=True)
    )
