"""Which numbers of a life are here: received, absent, skipped; and how large a gap may be. Pure."""

from collections.abc import Sequence

import msgspec

from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.state import Life, StationState

JUMP = 128  # numbers beyond what time allows that are still worth asking for: a checkpoint was skipped
MOST_RANGES = 512  # of one kind in a life; beyond, the oldest are only counted
MOST_LIVES = 16  # of a station; beyond, the one that was not heard for the longest time is only counted
REACH_S = 60 * 86400  # how far back a station's own journal can go


def known(life: Life, here: Sequence[int], gone: Sequence[int]) -> Life:
    """The life after readings `here` came, and the station said that it has none under `gone`."""
    seen = life.seen
    if len(here) == 1 and not gone and seen.ranges and here[0] == seen.ranges[-1][1] + 1:
        first, last = seen.ranges[-1]
        return msgspec.structs.replace(life, seen=Intervals((*seen.ranges[:-1], (first, last + 1))))
    return msgspec.structs.replace(
        life,
        seen=seen.add([*here, *gone]),
        absent=life.absent.remove(here).add(gone),
        skipped=life.skipped.remove(here).remove(gone),
    )


def bounded(life: Life, lowest: int, time: int, pace_s: int) -> Life:
    """The life before readings from `lowest` on (at `time`) join it: the gap below them is cut to what can
    be. Where a station has no clock the times of its frames stand for those of its readings.

    Between two readings no more can have been given than time passed for. The rest was skipped: a station
    that lost power goes on at its checkpoint, and nobody knows which numbers it never gave. So up to `JUMP`
    too many are asked for but not counted as missing; beyond that, those in the middle are taken as skipped.
    """
    top = life.seen.newest
    since = life.heard_at if life.newest_time is None else life.newest_time
    if top is None or lowest <= top + 1:
        return life
    hole = lowest - top - 1
    allowed = 0 if since is None else fitting(time - since, pace_s)
    if hole <= allowed:
        return life
    asked = min(hole, allowed + JUMP)
    surplus = life.surplus + asked - allowed
    skip = (top + 1 + asked - JUMP // 2, lowest - 1 - JUMP // 2)
    if asked == hole or skip[0] > skip[1]:
        return msgspec.structs.replace(life, surplus=surplus)
    return msgspec.structs.replace(
        life, seen=life.seen.add_range(*skip), skipped=life.skipped.add_range(*skip), surplus=surplus
    )


def fitting(passed_s: int, pace_s: int) -> int:
    """How many readings can lie between two that are so far apart; a tenth of the pace is the clocks'
    slack."""
    return max(0, -(-(10 * passed_s - pace_s) // (10 * max(1, pace_s))) - 1)


def reaching_back(life: Life, oldest: int, interval_s: int) -> Life:
    """The life after the station said that its journal begins with `oldest`: no further than one can
    reach."""
    first = life.seen.oldest
    if first is None or oldest < 0:
        return life
    furthest = max(oldest, first - REACH_S // max(1, interval_s))
    if life.oldest_told is not None:
        furthest = min(furthest, life.oldest_told)
    return msgspec.structs.replace(life, oldest_told=furthest)


def compact(life: Life) -> Life:
    """The life with no more ranges than are kept: what lies furthest back is given up, and counted."""
    if max(len(life.seen.ranges), len(life.absent.ranges), len(life.skipped.ranges)) <= MOST_RANGES:
        return life
    absent, skipped = life.given_up
    seen, closed = _closing(life.seen)
    gone, unlisted = _leaving(life.absent)
    jumped, forgotten = _leaving(life.skipped)
    if not closed + unlisted + forgotten:
        return life
    given_up = (absent + closed + unlisted, skipped + forgotten)
    return msgspec.structs.replace(life, seen=seen, absent=gone, skipped=jumped, given_up=given_up)


def _closing(seen: Intervals) -> tuple[Intervals, int]:
    """The set with its oldest gaps closed where it has too many ranges, and how many numbers that were."""
    many = len(seen.ranges) - MOST_RANGES
    if many <= 0:
        return seen, 0
    closed = sum(last - first + 1 for first, last in Intervals(seen.ranges[: many + 1]).missing())
    first, last = seen.ranges[0][0], seen.ranges[many][1]
    return Intervals(((first, last), *seen.ranges[many + 1 :])), closed


def _leaving(numbers: Intervals) -> tuple[Intervals, int]:
    """The set without its oldest ranges where it has too many, and how many numbers that were."""
    many = len(numbers.ranges) - MOST_RANGES
    if many <= 0:
        return numbers, 0
    return Intervals(numbers.ranges[many:]), sum(last - first + 1 for first, last in numbers.ranges[:many])


def with_life(state: StationState, life: Life) -> tuple[tuple[Life, ...], tuple[int, int]]:
    """The station's lives with this one as it is now, no more than are kept, and its `past` with those that
    are not."""
    if state.lives and state.lives[-1].number == life.number:  # the current one, as nearly always
        return (*state.lives[:-1], compact(life)), state.past
    others = [other for other in state.lives if other.number != life.number]
    lives = sorted([*others, compact(life)], key=lambda one: one.number)
    past = state.past
    if len(lives) > MOST_LIVES:
        leaves = min(lives[:-1], key=lambda one: (one.number == life.number, one.heard_at or 0))
        lives.remove(leaves)
        past = (past[0] + leaves.received, past[1] + leaves.missing)
    return tuple(lives), past
