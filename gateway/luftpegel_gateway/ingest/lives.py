"""Which numbering of its station does a frame belong to: a life that is known, or a new one?

Values say it best: a frame repeats some forty readings, and forty noisy values do not agree by chance. Where no
values can be compared, numbers and times must: in one life a lower number is never the later reading, and more
numbers than the time that passed allows were never given. A difference in time alone is never enough while the
values agree and vary: then a clock is wrong.
"""

from collections.abc import Sequence

import msgspec

from luftpegel_gateway.decode.uplink import Readings, Told
from luftpegel_gateway.ingest.clocks import Estimate
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.ingest.tellings import informative, same_values, tolerance
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.state import Life, StationState

SLACK_S = 600  # between two frames' times of one reading, before its order among others says anything
JUMP = 256  # numbers that a station may skip at once: its checkpoint runs 64 ahead, and it may lose power again
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


class Home(msgspec.Struct, frozen=True):
    """Where a frame belongs: a known life, or a new one, begun for this reason."""

    life: Life
    new: bool = False


def home_of(
    ref: Ref, state: StationState, frame: Readings, received: Estimate, draft: Draft, interval_s: int
) -> Home:
    """The life of a frame whose rows do not simply follow the newest known reading. Reads all rows."""
    rows = frame.rest()
    verdicts = []
    for life in reversed(state.lives):
        mine = msgspec.structs.replace(ref, life=life.number)
        verdict = _judge(mine, life, rows, frame, received, draft, interval_s, hint=state.joined)
        if verdict.answer == _YES:
            return Home(life)
        verdicts.append((verdict, life))
    possible = next((life for verdict, life in verdicts if verdict.answer == _MAYBE), None)
    if possible is not None:
        return Home(possible)
    number = state.lives[-1].number + 1 if state.lives else 0
    began = _time(_oldest(rows), received)
    return Home(Life(number, began, verdicts[0][0].reason if verdicts else ""), new=True)


def _judge(
    ref: Ref,
    life: Life,
    rows: Sequence[Told],
    frame: Readings,
    received: Estimate,
    draft: Draft,
    interval_s: int,
    *,
    hint: bool,
) -> Verdict:
    known = {reading.seq: reading for reading in draft.between(ref, frame.oldest, frame.newest)}
    both = [row for row in rows if row.cells and row.seq in known and known[row.seq].cells]
    agree = [row for row in both if same_values(known[row.seq], row, frame.steps)]
    if both and 2 * len(agree) <= len(both):
        return Verdict(_NO, OTHER_VALUES)
    if agree and (informative(agree) or frame.newest > (life.seen.newest or 0)):
        return Verdict(_YES)
    if agree:
        newest = agree[0]
        before = known[newest.seq].time
        apart = None if before is None or newest.age is None else abs(received.seconds - newest.age - before)
        if apart is None or apart <= SLACK_S + tolerance(newest.age) or not (received.sure or hint):
            return Verdict(_YES)
        return Verdict(_NO, NUMBERS_BACK)
    return _by_numbers(ref, life, rows, received, draft, interval_s)


def _by_numbers(
    ref: Ref, life: Life, rows: Sequence[Told], received: Estimate, draft: Draft, interval_s: int
) -> Verdict:
    """Whether numbers and times of the frame can be of this life, where no values can be compared."""
    newest, oldest = rows[0], _oldest(rows)
    top, top_time = life.seen.newest, life.newest_time
    if top is None:
        return Verdict(_MAYBE)
    if newest.seq > top:
        since = top_time if top_time is not None else life.heard_at
        return _ahead(newest.seq - top, since, _time(newest, received), rows, received, interval_s)
    time = _time(oldest, received)
    if time is None or not received.sure:
        return Verdict(_MAYBE)
    slack = SLACK_S + tolerance(oldest.age)
    above = next((row.time for row in draft.behind(ref, oldest.seq, 4) if row.time is not None), top_time)
    if above is not None and time > above + slack:
        return Verdict(_NO, NUMBERS_BACK)
    if life.began is not None and oldest.seq >= (life.seen.oldest or 0) and time < life.began - slack:
        return Verdict(_NO, NUMBERS_BACK)
    return Verdict(_MAYBE)


def _ahead(
    jump: int,
    since: int | None,
    time: int | None,
    rows: Sequence[Told],
    received: Estimate,
    interval_s: int,
) -> Verdict:
    """Whether so many numbers can have been given since the newest known reading."""
    if since is None or time is None:
        return Verdict(_MAYBE) if jump <= UNTIMED_JUMP else Verdict(_NO, NUMBERS_AHEAD)
    passed = time - since
    if passed < -SLACK_S - tolerance(rows[0].age) and received.sure:
        return Verdict(_NO, NUMBERS_BACK)
    if not received.sure:
        return Verdict(_MAYBE) if jump <= UNTIMED_JUMP else Verdict(_NO, NUMBERS_AHEAD)
    allowed = JUMP + 2 * (max(0, passed) + SLACK_S) // pace(rows, interval_s)
    return Verdict(_MAYBE) if jump <= allowed else Verdict(_NO, NUMBERS_AHEAD)


def pace(rows: Sequence[Told], interval_s: int) -> int:
    """Seconds between two readings: as configured, or as the frame's own rows tell when they are closer."""
    ages = [row.age for row in rows if row.age is not None]
    closest = min((older - newer for newer, older in zip(ages, ages[1:], strict=False)), default=interval_s)
    return max(FASTEST_S, min(interval_s, closest))


def _oldest(rows: Sequence[Told]) -> Told:
    """The oldest row that is there; the last one when all are absent."""
    return next((row for row in reversed(rows) if row.cells), rows[-1])


def _time(row: Told, received: Estimate) -> int | None:
    return None if row.age is None else received.seconds - row.age
