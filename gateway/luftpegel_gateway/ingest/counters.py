"""Which frame counters of a station have been used, where no network server watches over them. Pure.

A frame that somebody has recorded is refused when it comes again, however much later. Frames may come out of
order, for two receivers hear a station and each tells in its own time: so numbers are remembered one by one,
back to `WINDOW` below the newest; what is older counts as used.
"""

from luftpegel_gateway.model.intervals import Intervals

WINDOW = 1024  # frames: a week of one every ten minutes
MOST_RANGES = 64


def used(counters: Intervals, number: int) -> bool:
    """Whether a frame with this counter is a repeat, or too old to tell."""
    return number in counters


def use(counters: Intervals, number: int) -> Intervals:
    """The counters with this one used. More gaps than can be listed are closed, the oldest first."""
    after = counters.add_range(number, number)
    newest = after.newest or 0
    after = after.add_range(0, newest - WINDOW)
    while len(after.ranges) > MOST_RANGES:
        after = after.add_range(after.ranges[0][0], after.ranges[1][1])
    return after
