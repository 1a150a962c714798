"""What a receiver's source remembers: which frames are on their way or on the disk, and how many unreadable
ones it has let in. Both are bounded."""

from collections.abc import Hashable

MOST_NAMES = 4096  # frames of a receiver that are remembered; its ring holds 64
A_DAY_S = 86_400.0
UNREADABLE_A_DAY = 200


class Repeats:
    """Frames by their names: delivered, and then taken. The oldest are forgotten; they are then taken again,
    and known by their readings."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: dict[Hashable, bool] = {}  # name -> whether it is on the disk

    def knows(self, name: Hashable) -> bool:
        """Whether it was delivered."""
        return name in self._known

    def is_taken(self, name: Hashable) -> bool:
        """Whether it is on the disk."""
        return self._known.get(name, False)

    def add(self, name: Hashable) -> None:
        """It is delivered."""
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[name] = False

    def take(self, name: Hashable) -> None:
        """It is on the disk."""
        if name in self._known:
            self._known[name] = True

    def forget(self, name: Hashable) -> None:
        """There was no room for it: it is to come again."""
        self._known.pop(name, None)


class Allowance:
    """So many a day, evenly; what was not used is saved up for one day. `refused`: since the last that was
    let in."""

    def __init__(self, a_day: int = UNREADABLE_A_DAY) -> None:
        self._a_day = a_day
        self._left, self._at = float(a_day), 0.0
        self.refused = 0

    def spend(self, now: float) -> bool:
        """Whether one more is within the allowance. `now`: seconds that only rise."""
        self._left = min(self._a_day, self._left + (now - self._at) * self._a_day / A_DAY_S)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        self.refused = 0
        return True
