"""What a cable does to bytes: flip some of them, and let no more through than it can carry."""

import random
from collections.abc import Callable

from luftpegel_tools.virtual_time.clock import VirtualClock


class Line:
    """One direction of a cable, which carries at once until it is told otherwise; `deliver(bytes)` at its
    end.

    `noise`: the chance of each byte to have one bit flipped. `bytes_per_s` 0: no limit.
    """

    def __init__(self, clock: VirtualClock, deliver: Callable[[bytes], object]):
        self._clock = clock
        self._deliver = deliver
        self._random = random.Random(0)  # noqa: S311 - dice
        self._free_us = 0
        self._epoch = 0
        self.noise = 0.0
        self.bytes_per_s = 0

    def set(self, *, bytes_per_s: int = 0, noise: float = 0.0, seed: int = 0) -> None:
        """Change the cable's manners; `seed` makes the noise repeatable."""
        self.bytes_per_s, self.noise = max(0, bytes_per_s), noise
        self._random.seed(seed)

    def carry(self, data: bytes) -> None:
        """Bytes at this end."""
        if self.noise:
            data = bytes(self._garble(byte) for byte in data)
        if not self.bytes_per_s and self._free_us <= self._clock.now_us:
            self._deliver(data)
            return
        took_us = len(data) * 1_000_000 // self.bytes_per_s if self.bytes_per_s else 0
        self._free_us = max(self._free_us, self._clock.now_us) + took_us
        self._clock.call_at(self._free_us, self._arrive, self._epoch, data)

    def cut(self) -> None:
        """What is under way is lost."""
        self._epoch += 1
        self._free_us = 0

    def _garble(self, byte: int) -> int:
        return byte ^ 1 << self._random.randrange(8) if self._random.random() < self.noise else byte

    def _arrive(self, epoch: int, data: bytes) -> None:
        if epoch == self._epoch:
            self._deliver(data)
