"""A bar on a terminal for work that takes a while. Nothing where nobody looks at it."""

import sys
import time
from typing import TextIO

from luftpegel_gateway.words.texts import count_text

WIDTH = 20
EVERY_S = 0.2


class Progress:
    """Shows how much of the work is done; used in a `with` block, which clears the line at its end."""

    def __init__(self, language: str, stream: TextIO | None = None) -> None:
        """`stream`: where to show it, stderr unless it is given."""
        self._language = language
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._next = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_details: object) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, share: float, count: int) -> None:
        """`share`: 0..1 of the work; `count`: what was done so far."""
        if not self._shown or (now := time.monotonic()) < self._next:
            return
        self._next = now + EVERY_S
        done = int(WIDTH * min(1.0, share))
        bar = "#" * done + "-" * (WIDTH - done)
        number = count_text(count, self._language)
        self._stream.write(f"\r[{bar}] {100 * min(1.0, share):3.0f} %  {number}\x1b[K")
        self._stream.flush()
