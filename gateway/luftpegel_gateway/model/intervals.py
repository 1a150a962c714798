"""Sets of whole numbers as sorted ranges: which sequence numbers of a life are here, and which are
missing."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

Range = tuple[int, int]  # first and last, both included


class Intervals(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A set of integers as sorted ranges that do not touch. A station's whole life is a few pairs."""

    ranges: tuple[Range, ...] = ()

    def __contains__(self, number: int) -> bool:
        if not self.ranges:
            return False
        first, last = self.ranges[-1]
        if number >= first:  # what is asked for is nearly always new
            return number <= last
        place = bisect_left(self.ranges, (number + 1,)) - 1
        return place >= 0 and number <= self.ranges[place][1]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def holds(self, first: int, last: int) -> bool:
        """Whether all of first..last are in the set."""
        place = bisect_left(self.ranges, (last + 1,)) - 1
        return place >= 0 and self.ranges[place][0] <= first and last <= self.ranges[place][1]

    def touches(self, first: int, last: int) -> bool:
        """Whether any of first..last is in the set."""
        place = bisect_left(self.ranges, (last + 1,)) - 1
        return place >= 0 and first <= self.ranges[place][1]

    def add(self, numbers: Iterable[int]) -> "Intervals":
        """The set with `numbers` in it as well."""
        fresh = [(number, number) for number in numbers if number not in self]
        if not fresh:
            return self
        return Intervals(tuple(_merge(sorted([*self.ranges, *fresh]))))

    def add_range(self, first: int, last: int) -> "Intervals":
        """The set with first..last in it as well; an empty range adds nothing."""
        return self if last < first else Intervals(tuple(_merge(sorted([*self.ranges, (first, last)]))))

    def remove(self, numbers: Iterable[int]) -> "Intervals":
        """The set without `numbers`."""
        ranges = list(self.ranges)
        for number in numbers:
            ranges = [part for piece in ranges for part in _without(piece, number)]
        return Intervals(tuple(ranges))

    def missing(self) -> tuple[Range, ...]:
        """The gaps between the ranges, oldest first."""
        if len(self.ranges) < 2:
            return ()
        neighbours = zip(self.ranges, self.ranges[1:], strict=False)
        return tuple((before[1] + 1, after[0] - 1) for before, after in neighbours)

    @property
    def oldest(self) -> int | None:
        """The lowest number, or None for the empty set."""
        return self.ranges[0][0] if self.ranges else None

    @property
    def newest(self) -> int | None:
        """The highest number, or None for the empty set."""
        return self.ranges[-1][1] if self.ranges else None


def _merge(ordered: Iterable[Range]) -> Iterator[Range]:
    """Join ranges that touch or overlap; `ordered` is sorted and not empty."""
    ranges = iter(ordered)
    first, last = next(ranges)
    for begin, end in ranges:
        if begin > last + 1:
            yield first, last
            first, last = begin, end
        else:
            last = max(last, end)
    yield first, last


def _without(piece: Range, number: int) -> tuple[Range, ...]:
    first, last = piece
    if not first <= number <= last:
        return (piece,)
    halves = (first, number - 1), (number + 1, last)
    return tuple(half for half in halves if half[0] <= half[1])
