"""What a journal of version 0.2.0 believed without asking, and what of it may stand: times and gaps.

The old gateway took every frame's clock at its word, so one wrong clock left single readings with wrong
times, and every later telling of them in quarantine. And it took every jump of the numbers for a gap. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from luftpegel_gateway.model.intervals import Intervals

Moment = tuple[int, int]  # number and time (Unix seconds) of a reading

NOTHING = Intervals()
AROUND = 8  # neighbours on each side that tell the pace
NEAR = 8  # odd steps within which a displaced stretch ends
SLACK_S = 300  # the old gateway called less than this no contradiction
PACE_S = 600  # seconds from reading to reading where nothing tells
JUMP = 128  # numbers that a gap may have beyond what time allows: a station that lost power skips some
UNTIMED = 100_000  # numbers of a gap whose length in time nobody knows
REACH_S = 60 * 86400  # how far back a station's own journal goes


def doubtful(moments: Sequence[Moment]) -> set[int]:
    """Numbers of readings whose times do not fit those of their neighbours. `moments`: by rising number.

    A wrong clock shows as a stretch that is displaced and behind which the times go on as before it. A gap
    in time alone does not: a station may have rested. At the beginning there is no "before"; there only a
    step back, or one that is longer than a station's own journal, tells.
    """
    steps = _odd_steps(moments)
    found: set[int] = set()
    explained = 0  # steps before this place belong to a stretch
    for place, (begin, _) in enumerate(steps):
        displaced = 0.0
        for end, excess in steps[place : place + NEAR]:
            displaced += excess
            if end > begin and abs(displaced) <= SLACK_S:
                found.update(seq for seq, _ in moments[begin:end])
                explained = max(explained, end + 1)
                break
        else:
            excess = steps[place][1]
            if explained <= begin <= AROUND and not -SLACK_S <= excess <= REACH_S:
                found.update(seq for seq, _ in moments[:begin])
    return found


def _odd_steps(moments: Sequence[Moment]) -> list[tuple[int, float]]:
    """Places whose times do not follow from the one before at the pace around them; seconds too late."""
    found = []
    for place in range(1, len(moments)):
        (earlier, before), (number, after) = moments[place - 1], moments[place]
        pace = pace_of(moments[max(0, place - AROUND) : place + AROUND])
        excess = after - before - pace * (number - earlier)
        if abs(excess) > SLACK_S:
            found.append((place, excess))
    return found


def pace_of(moments: Sequence[Moment]) -> float:
    """Seconds from one reading to the next, as most of them tell."""
    paces = [
        (after - before) / (number - earlier) for (earlier, before), (number, after) in pairwise(moments)
    ]
    return max(1.0, median(paces)) if paces else PACE_S


def impossible(seen: Intervals, times: Mapping[int, int], pace: float) -> Intervals:
    """Numbers between those that are here which were never given: more than time had room for."""
    skipped = NOTHING
    for first, last in _too_wide(seen, times, pace):
        skipped = skipped.add_range(first, last)
    return skipped


def _too_wide(seen: Intervals, times: Mapping[int, int], pace: float) -> Iterator[tuple[int, int]]:
    for first, last in seen.missing():
        before, after = times.get(first - 1), times.get(last + 1)
        timed = before is not None and after is not None
        allowed = max(0, int((after - before) / pace)) if timed else UNTIMED  # type: ignore[operator]
        if last - first + 1 > allowed + JUMP:
            yield first + allowed + JUMP // 2, last - JUMP // 2


def reaching_back(oldest: int | None, first: int, pace: float) -> int | None:
    """How far back to ask before the `first` reading, where the station said `oldest`."""
    return None if oldest is None or oldest >= first else max(oldest, first - int(REACH_S / pace))
