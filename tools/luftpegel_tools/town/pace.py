"""Real time for a town before a network server that is not ours: such a server answers when it likes.

A downlink must reach its gateway before its time, and the time for that is short: 1 s after the uplink, of
which the network server takes 0.2 s to collect copies. The boards' computing costs real time, too, after
which virtual time hurries; that would come off the network server's. So it does not hurry while an answer can
come.
"""

import time

from luftpegel_tools.virtual_time.clock import Timer, VirtualClock

ANSWER_US = 8_000_000  # the second window of a join opens after 6 s
MOST_BEHIND_US = 10_000_000  # beyond, being on time counts for more than one answer


def keep_real_time(clock: VirtualClock) -> None:
    """From now on virtual time is the time of day, at its pace. What was due until now runs at once."""
    clock.run_until(max(clock.now_us, round((time.time() - clock.epoch) * 1_000_000)))
    clock.set_speed(1.0)


class Pace:
    """Keeps virtual time from hurrying while an answer is awaited."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._end: Timer | None = None

    def hold(self) -> None:
        """A message went to the network server just now."""
        if self._end is not None:
            self._end.cancel()
        self._clock.forgive()
        if self._clock.forgiven_us > MOST_BEHIND_US:
            self._clock.catch_up()
        self._end = self._clock.call_later(ANSWER_US, self._clock.catch_up)
