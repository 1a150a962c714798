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

_NO, _MAYBE, _YES = 0, 1, 2

NUMBERS_BACK = "numbers-back"  # why a new life was begun
NUMBERS_AHEAD = "numbers-ahead"
OTHER_VALUES = "other-values"


class Verdict(msgspec.Struct, frozen=True):
    """What speaks for a life (`_YES`, `_MAYBE`), or why the frame cannot be of it."""

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
    verdicts = []
    for life in reversed(asking.state.lives):
        verdict = _judge(asking, life)
        if verdict.answer == _YES:
            return life
        verdicts.append((verdict, life))
    possible = next((life for verdict, life in verdicts if verdict.answer == _MAYBE), None)
    if possible is not None:
        return possible
    number = asking.state.lives[-1].number + 1 if asking.state.lives else 0
    reason = verdicts[0][0].reason if verdicts else ""
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
    return _at_rest(asking, agree[0], known[agree[0].seq].time)


def _at_rest(asking: Asking, row: Told, known: int | None) -> Verdict:
    """Values that rest agree with any board's: `row` was `known` to be measured at another time, or was
    not."""
    told = asking.time(row)
    if told is None or known is None or abs(told - known) <= SLACK_S + tolerance(row.age):
        return Verdict(_YES)
    return Verdict(_NO, NUMBERS_BACK) if asking.received.sure or asking.state.joined else Verdict(_YES)


def _by_numbers(asking: Asking, ref: Ref, life: Life) -> Verdict:
    """Whether numbers and times of the frame can be of this life, where no values can be compared."""
    oldest, top = _oldest(asking.rows), life.seen.newest
    if top is None:
        return Verdict(_MAYBE)
    if asking.frame.newest > top:
        return _ahead(asking, asking.frame.newest - top, life)
    time = asking.time(oldest)
    if time is None or not asking.received.sure:
        return Verdict(_MAYBE)
    slack = SLACK_S + tolerance(oldest.age)
    behind = (row.time for row in asking.draft.behind(ref, oldest.seq, 4) if row.time is not None)
    above = next(behind, life.newest_time)
    if above is not None and time > above + slack:
        return Verdict(_NO, NUMBERS_BACK)
    if life.began is not None and oldest.seq >= (life.seen.oldest or 0) and time < life.began - slack:
        return Verdict(_NO, NUMBERS_BACK)
    return Verdict(_MAYBE)


def _ahead(asking: Asking, jump: int, life: Life) -> Verdict:
    """Whether so many numbers can have been given since the newest known reading."""
    newest = asking.rows[0]
    since = life.heard_at if life.newest_time is None else life.newest_time
    time = asking.time(newest)
    if since is None or time is None or not asking.received.sure:
        return Verdict(_MAYBE) if jump <= UNTIMED_JUMP else Verdict(_NO, NUMBERS_AHEAD)
    passed = time - since
    if passed < -SLACK_S - tolerance(newest.age):
        return Verdict(_NO, NUMBERS_BACK)
    allowed = JUMP + 2 * (max(0, passed) + SLACK_S) // pace(asking.rows, asking.interval_s)
    return Verdict(_MAYBE) if jump <= allowed else Verdict(_NO, NUMBERS_AHEAD)


def pace(rows: Sequence[Told], interval_s: int) -> int:
    """Seconds between two readings: as configured, or as the frame's own rows tell when they are closer."""
    ages = [row.age for row in rows if row.age is not None]
    closest = min((older - newer for newer, older in pairwise(ages)), default=interval_s)
    return max(FASTEST_S, min(interval_s, closest))


def _oldest(rows: Sequence[Told]) -> Told:
    """The oldest row that is there; the last one when all are absent."""
    return next((row for row in reversed(rows) if row.cells), rows[-1])
