"""How long to wait before the next attempt: twice as long each time, and never all at the same moment."""

import random
from collections.abc import Callable


class Backoff:
    """Waits of one part. Seconds."""

    def __init__(self, first: float, longest: float, luck: Callable[[], float] = random.random) -> None:
        """`luck`: 0..1, evenly; it takes up to half off each wait."""
        self._first = first
        self._longest = longest
        self._luck = luck
        self._next = first

    def reset(self) -> None:
        """It worked: begin with the first wait again."""
        self._next = self._first

    def wait(self) -> float:
        """How long to wait now."""
        wait = self._next
        self._next = min(2 * wait, self._longest)
        return wait * (1 - self._luck() / 2)
