"""Which numbering of its station does a frame belong to: a life that is known, or a new one?

Values say it best: a frame repeats some forty readings, and forty noisy values do not agree by chance.
Where no values can be compared, numbers and times must: in one life a lower number is never the later
reading, and more numbers than the time that passed allows were never given. A difference in time alone is
never enough while the values agree and vary: then a clock is wrong.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from luftpegel_gateway.decode.uplink import Readings, Told
from luftpegel_gateway.ingest.clocks import Estimate
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.ingest.tellings import informative, same_values, tolerance
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.state import Life, StationState

SLACK_S = 600  # between two frames' times of one reading, before its order among others says anything
JUMP = (
    256  # numbers that a station may skip at once: its checkpoint runs 64 ahead, and it may lose power again
)
FASTEST_S = 10  # the shortest interval of a station
UNTIMED_JUMP = 100_000  # numbers, where no time is known

ASTRAY_S = 86400  # a clock that is looked after, and yet this wrong, is set right sooner or later

_NO, _DOUBT, _MAYBE, _YES = 0, 1, 2, 3

NUMBERS_BACK = "numbers-back"  # why a new life was begun
NUMBERS_AHEAD = "numbers-ahead"
OTHER_VALUES = "other-values"


class Verdict(msgspec.Struct, frozen=True):
    """What speaks for a life, or why the frame cannot be of it; `_DOUBT`: only if the network's clock is
    wrong."""

    answer: int
    reason: str = ""


class Asking(msgspec.Struct, frozen=True):
    """A frame of a station whose life is sought; all its rows are read."""

    ref: Ref
    state: StationState
    frame: Readings
    received: Estimate
    draft: Draft
    interval_s: int

    @property
    def rows(self) -> Sequence[Told]:
        """The frame's rows, newest first."""
        return self.frame.rows

    def time(self, row: Told) -> int | None:
        """When a row was measured, by the frame's clocks."""
        return None if row.age is None else self.received.seconds - row.age


def home_of(asking: Asking) -> Life:
    """The life of a frame whose rows do not simply follow the newest known reading; a new one if no other
    can be."""
    best, home, reason = _NO, None, ""
    for life in reversed(asking.state.lives):
        verdict = _judge(asking, life)
        if verdict.answer == _YES:
            return life
        if verdict.answer > best:
            best, home = verdict.answer, life
        reason = reason or verdict.reason
    if home is not None:
        return home
    number = asking.state.lives[-1].number + 1 if asking.state.lives else 0
    return Life(number, asking.time(_oldest(asking.rows)), reason)


def _judge(asking: Asking, life: Life) -> Verdict:
    """By values where some can be compared, else by numbers and times."""
    ref, frame = msgspec.structs.replace(asking.ref, life=life.number), asking.frame
    known = {reading.seq: reading for reading in asking.draft.between(ref, frame.oldest, frame.newest)}
    both = [row for row in asking.rows if row.cells and row.seq in known and known[row.seq].cells]
    agree = [row for row in both if same_values(known[row.seq], row, frame.steps)]
    if both and 2 * len(agree) <= len(both):
        return Verdict(_NO, OTHER_VALUES)
    if not agree:
        return _by_numbers(asking, ref, life)
    if informative(agree) or frame.newest > (life.seen.newest or 0):
        return Verdict(_YES)
    return _at_rest(asking, agree[0], known[agree[0].seq].time, life)


def _at_rest(asking: Asking, row: Told, known: int | None, life: Life) -> Verdict:
    """Values that rest agree with any board's: `row` was `known` to be measured at another time, or was
    not.

    Another board's reading lies outside the time of this life; inside, it is a wrong clock's.
    """
    told = asking.time(row)
    if told is None or known is None or abs(told - known) <= SLACK_S + tolerance(row.age):
        return Verdict(_YES)
    inside = (life.began or told) <= told <= (life.newest_time or told)
    if inside or not (asking.received.sure or asking.state.joined):
        return Verdict(_YES)
    return Verdict(_NO, NUMBERS_BACK)


def _by_numbers(asking: Asking, ref: Ref, life: Life) -> Verdict:
    """Whether numbers and times of the frame can be of this life, where no values can be compared."""
    top = life.seen.newest
    if top is None:
        return Verdict(_MAYBE)
    if asking.frame.newest > top:
        return _ahead(asking, ref, asking.frame.newest - top, life)
    row, received = _oldest(asking.rows), asking.received
    if row.age is None or not received.sure or in_order(asking.draft, ref, life, row, received.seconds):
        return Verdict(_MAYBE)
    return Verdict(_doubt(asking, ref, life, row), NUMBERS_BACK)


def _ahead(asking: Asking, ref: Ref, jump: int, life: Life) -> Verdict:
    """Whether so many numbers can have been given since the newest known reading."""
    row, received = _newest(asking.rows), asking.received
    since = life.heard_at if life.newest_time is None else life.newest_time
    if since is None or row.age is None or not received.sure:
        return Verdict(_MAYBE) if jump <= UNTIMED_JUMP else Verdict(_NO, NUMBERS_AHEAD)
    answer, sent = _MAYBE, received.seconds
    if not in_order(asking.draft, ref, life, row, sent):
        answer, sent = _doubt(asking, ref, life, row), received.own_s
    if answer == _NO:
        return Verdict(_NO, NUMBERS_BACK)
    passed = max(0, sent - row.age - since)
    allowed = JUMP + 2 * (passed + SLACK_S) // pace(asking.rows, asking.interval_s)
    return Verdict(answer) if jump <= allowed else Verdict(_NO, NUMBERS_AHEAD)


def _doubt(asking: Asking, ref: Ref, life: Life, row: Told) -> int:
    """Whether a row that does not fit by the network's clock does by ours, and theirs is not far astray."""
    received = asking.received
    near = abs(received.own_s - received.seconds) <= ASTRAY_S
    return _DOUBT if near and in_order(asking.draft, ref, life, row, received.own_s) else _NO


def in_order(draft: Draft, ref: Ref, life: Life, row: Told, sent_s: int) -> bool:
    """Whether a row of a frame that was sent at `sent_s` lies between its known neighbours by time, too."""
    time, slack = sent_s - (row.age or 0), SLACK_S + tolerance(row.age)
    if row.seq > (life.seen.newest or 0):
        return life.newest_time is None or time >= life.newest_time - slack
    behind = (known.time for known in draft.behind(ref, row.seq, 4) if known.time is not None)
    above = next(behind, life.newest_time)
    before = (known.time for known in reversed(draft.before(ref, row.seq, 4)) if known.time is not None)
    below = next(before, life.began if row.seq >= (life.seen.oldest or 0) else None)
    return (above is None or time <= above + slack) and (below is None or time >= below - slack)


def pace(rows: Sequence[Told], interval_s: int) -> int:
    """Seconds between two readings: as configured, or as the frame's own rows tell when they are closer."""
    ages = [row.age for row in rows if row.age is not None]
    closest = min((older - newer for newer, older in pairwise(ages)), default=interval_s)
    return max(FASTEST_S, min(interval_s, closest))


def _oldest(rows: Sequence[Told]) -> Told:
    """The oldest row that is there; the last one when all are absent."""
    return next((row for row in reversed(rows) if row.cells), rows[-1])


def _newest(rows: Sequence[Told]) -> Told:
    """The newest row that is there; the first one when all are absent."""
    return next((row for row in rows if row.cells), rows[0])
