"""Spike: a value that stands out against those before and those after (QARTOD test 6, differential form).

It must stand out by more than the quantity's limit against the last value and against one of the next two,
for a wrong echo sometimes comes twice; then all must be as it was before, for a flood or the smoke of
fireworks falls slowly after its sudden front, and is no echo. It must do so by more than those two differ
from each other (a true step or the front of a flood moves them apart); and where the quantity says so, by
more than its values usually do of late: a thermometer in broken sunlight jumps all day. Where one of the
neighbours is itself a little off, the middle of all values around decides.
"""

from collections.abc import Sequence
from itertools import pairwise

_FEWEST = 4  # steps without which nothing is usual
_RETURN = 3  # what comes after two wrong echoes lies so many times nearer to what was before than they did
_AROUND = 3  # values before, whose middle with those after is the usual height


def stands_out(before: Sequence[int], value: int, after: Sequence[int], limit: int) -> int:
    """By how much `value` stands out, 0 if by less than `limit`; `before` and `after` are in order."""
    last, height = before[-1], _middle(before[-_AROUND:])
    far = abs(value - _middle((*before[-_AROUND:], *after)))
    for place, back in enumerate(after):
        excess, apart = _excess(last, value, back), abs(back - last)
        if excess > limit and excess > (_RETURN if place else 1) * apart:
            return excess
        returned = not place or excess > _RETURN * min(apart, abs(back - height))
        if far > limit and 2 * excess > far and returned:
            return far
    return 0


def _middle(values: Sequence[int]) -> int:
    return sorted(values)[len(values) // 2]


def _excess(before: int, value: int, after: int) -> int:
    """By how much a value stands out against both neighbours on the same side; below 0: it lies between."""
    up, down = value - before, value - after
    return min(up, down) if up >= 0 else min(-up, -down)


def usual(values: Sequence[int], percent: int) -> int:
    """`percent` of the middle step between values in a row; 0 while they are too few to tell."""
    steps = sorted(abs(after - before) for before, after in pairwise(values))
    return percent * steps[len(steps) // 2] // 100 if len(steps) >= _FEWEST else 0
