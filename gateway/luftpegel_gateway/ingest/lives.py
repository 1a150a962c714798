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
from luftpegel_gateway.ingest.tellings import comparable, informative, same_values, tolerance
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import Life, StationState

SLACK_S = 600  # between two frames' times of one reading, before its order among others says anything
JUMP = (
    256  # numbers that a station may skip at once: its checkpoint runs 64 ahead, and it may lose power again
)
SEVERAL = 4  # rows that agree by chance less than once in thousands of frames, whatever their times
FASTEST_S = 10  # the shortest interval of a station
UNTIMED_JUMP = 100_000  # numbers, where no time is known

ASTRAY_S = 86400  # a clock that is looked after, and yet this wrong, is set right sooner or later

_NO, _DOUBT, _MAYBE, _YES = 0, 1, 2, 3

NUMBERS_BACK = "numbers-back"  # why a new life was begun
NUMBERS_AHEAD = "numbers-ahead"
OTHER_VALUES = "other-values"


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What speaks for a life, or why the frame cannot be of it; `_DOUBT`: only if the network's clock is
    wrong. `agree`: how many rows tell the same values."""

    answer: int
    reason: str = ""
    agree: int = 0


class Asking(msgspec.Struct, frozen=True, gc=False):
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
    verdicts = [(_judge(asking, life), life) for life in reversed(asking.state.lives)]
    best = max(((verdict.answer, verdict.agree) for verdict, _ in verdicts), default=(_NO, 0))
    if best[0] == _NO:
        number = asking.state.lives[-1].number + 1 if asking.state.lives else 0
        reason = verdicts[0][0].reason if verdicts else ""
        return Life(number, asking.time(_oldest(asking.rows)), reason)
    alike = [life for verdict, life in verdicts if (verdict.answer, verdict.agree) == best]
    return alike[0] if len(alike) == 1 else min(alike, key=lambda life: _misfit(asking, life))


def _judge(asking: Asking, life: Life) -> Verdict:
    """By values where some can be compared, else by numbers and times."""
    ref, frame = msgspec.structs.replace(asking.ref, life=life.number), asking.frame
    known = {reading.seq: reading for reading in asking.draft.between(ref, frame.oldest, frame.newest)}
    both = [row for row in asking.rows if row.seq in known and comparable(known[row.seq], row)]
    agree = [row for row in both if same_values(known[row.seq], row, frame.steps)]
    if both and 2 * len(agree) <= len(both):
        return Verdict(_NO, OTHER_VALUES)
    if not agree:
        return _by_numbers(asking, ref, life)
    first = known[agree[0].seq]
    if not informative(agree):
        return _at_rest(asking, agree[0], first, life)
    # A few rows agree by chance; but with one age, too, it is the same frame again, under a wrong clock.
    again = any(row.age == known[row.seq].age for row in agree)
    if again or len(agree) >= SEVERAL or _then(asking, agree[0], first):
        return Verdict(_YES, agree=len(agree))
    return Verdict(_MAYBE)


def _then(asking: Asking, row: Told, known: Reading) -> bool:
    """Whether a row was measured when the known reading was, as far as either has a time."""
    told = asking.time(row)
    return told is None or known.time is None or abs(told - known.time) <= SLACK_S + tolerance(row.age)


def _at_rest(asking: Asking, row: Told, known: Reading, life: Life) -> Verdict:
    """Values that rest agree with any board's, so the times are asked.

    A frame that goes on beyond what is known may have a wrong clock, if no other life is as likely.
    Another board's reading lies outside the time of this life; inside, it is a wrong clock's. Where values
    move, the same value at the same age is the same frame again, and so is one from before this life.
    """
    told = asking.time(row)
    if told is None or _then(asking, row, known):
        return Verdict(_YES, agree=1)
    if asking.frame.newest > (life.seen.newest or 0):
        return Verdict(_MAYBE)
    inside = (life.began or told) <= told <= (life.newest_time or told)
    again = row.age == known.age or told < (life.began or told)
    if inside or (again and _moves(asking, life, row)) or not (asking.received.sure or asking.state.joined):
        return Verdict(_YES, agree=1)
    return Verdict(_NO, NUMBERS_BACK)


def _moves(asking: Asking, life: Life, row: Told) -> bool:
    """Whether the values that are known around a row are not all the same."""
    ref = msgspec.structs.replace(asking.ref, life=life.number)
    known = [*asking.draft.before(ref, row.seq, 4), *asking.draft.behind(ref, row.seq, 4)]
    return len({tuple(cell.value for cell in reading.cells) for reading in known if reading.cells}) > 1


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
    above = next((time for _, time in _above(draft, ref, row.seq)), life.newest_time)
    below = next((time for _, time in _below(draft, ref, row.seq)), None)
    if below is None and row.seq >= (life.seen.oldest or 0):
        below = life.began
    return (above is None or time <= above + slack) and (below is None or time >= below - slack)


def _misfit(asking: Asking, life: Life) -> int:
    """How far from where a life's nearest reading would have it the frame's oldest one was measured,
    seconds."""
    row, ref = _oldest(asking.rows), msgspec.structs.replace(asking.ref, life=life.number)
    time = asking.time(row)
    known = sorted([*_above(asking.draft, ref, row.seq), *_below(asking.draft, ref, row.seq)])
    if time is None or not known:
        return 0
    apart = pace(asking.rows, asking.interval_s)
    (first, begun), (last, ended) = known[0], known[-1]
    if len(asking.rows) == 1 and last > first:  # the life says how fast the station is, the frame does not
        apart = max(FASTEST_S, (ended - begun) // (last - first))
    return min(abs(time - at - (row.seq - seq) * apart) for seq, at in known)


def _above(draft: Draft, ref: Ref, seq: int) -> list[tuple[int, int]]:
    """(number, time) of the nearest readings above that have a time."""
    return [(row.seq, row.time) for row in draft.behind(ref, seq, 4) if row.time is not None]


def _below(draft: Draft, ref: Ref, seq: int) -> list[tuple[int, int]]:
    """(number, time) of the nearest readings below that have a time, the nearest first."""
    return [(row.seq, row.time) for row in reversed(draft.before(ref, seq, 4)) if row.time is not None]


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
