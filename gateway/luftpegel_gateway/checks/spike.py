"""Spike: a value that stands out against the one before and the one after (QARTOD test 6, differential form).

It must stand out by more than the quantity's limit, by more than its neighbours differ (a true step or a
flood's front moves the neighbours apart, too), and by more than this sensor's values usually do of late: a
thermometer in broken sunlight, or an ultrasonic gauge over rough water, jumps all day.
"""

from collections.abc import Sequence
from itertools import pairwise

from luftpegel_gateway.checks.table import NOISE

_FEWEST = 4  # steps without which nothing is usual


def stands_out(before: int, value: int, after: int) -> int:
    """By how much `value` stands out against both neighbours, on the same side; 0 where it does not.

    It does not either where the neighbours differ by more than that.
    """
    up, down = value - before, value - after
    if up < 0:
        up, down = -up, -down
    excess = min(up, down)
    return excess if excess > abs(after - before) else 0


def usual(values: Sequence[int]) -> int:
    """NOISE percent of the larger steps between values in a row; 0 while they are too few to tell."""
    steps = sorted(abs(after - before) for before, after in pairwise(values))
    return NOISE * steps[7 * len(steps) // 10] // 100 if len(steps) >= _FEWEST else 0
