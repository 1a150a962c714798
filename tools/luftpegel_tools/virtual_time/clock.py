"""One deterministic clock for all boards and chips: events in order of virtual time, then of registration.

At `speed` infinity nothing waits, so a simulated day takes as long as its computing. A finite speed paces
the events against the real time, for people who look at a console. File descriptors (consoles) are watched
between events, because a key press is the one thing that comes from outside.
"""

import heapq
import math
import select
import time
from collections.abc import Callable
from typing import Any

from luftpegel_tools.virtual_time.processor import one_processor

POLL_EVERY_EVENTS = 64  # how often a run at full speed looks for key presses
IDLE_POLL_S = 0.05  # the longest a paced wait lasts before it looks again at its end condition


class Timer:
    """An event to come; `cancel()` takes it back."""

    __slots__ = ("_order", "args", "fn", "when_us")

    def __init__(self, when_us: int, order: int, fn: Callable[..., object], args: tuple[Any, ...]):
        self.when_us = when_us
        self._order = order
        self.fn: Callable[..., object] | None = fn
        self.args = args

    def cancel(self) -> None:
        """Take the event back; harmless when it has already run."""
        self.fn = None
        self.args = ()

    @property
    def active(self) -> bool:
        """Whether the event is still to come."""
        return self.fn is not None

    def __lt__(self, other: "Timer") -> bool:
        return (self.when_us, self._order) < (other.when_us, other._order)


class VirtualClock:
    """Virtual time `now_us` (µs since the start), `epoch` (Unix seconds UTC at the start), and the events."""

    def __init__(self, *, epoch: int = 1_767_225_600, speed: float = math.inf):
        self.now_us = 0
        self.epoch = epoch
        self.speed = speed
        self._timers: list[Timer] = []
        self._registered = 0
        self._limit_us: float = math.inf
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], object]] = {}
        self._events_since_poll = 0
        self._anchor_real = time.monotonic()
        self._anchor_us = 0
        self._forgiven_us = 0

    def utc(self) -> float:
        """Unix seconds UTC now."""
        return self.epoch + self.now_us / 1e6

    def call_at(self, when_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Run `fn(*args)` at `when_us`, or now if that is past."""
        self._registered += 1
        timer = Timer(max(int(when_us), self.now_us), self._registered, fn, args)
        heapq.heappush(self._timers, timer)
        return timer

    def call_later(self, delay_us: int, fn: Callable[..., object], *args: Any) -> Timer:
        """Run `fn(*args)` in `delay_us` microseconds."""
        return self.call_at(self.now_us + int(delay_us), fn, *args)

    def next_us(self) -> int | None:
        """When the next event is due, or None when there is none."""
        while self._timers and not self._timers[0].active:
            heapq.heappop(self._timers)
        return self._timers[0].when_us if self._timers else None

    def try_advance(self, when_us: int) -> bool:
        """Move straight to `when_us` if nothing else is due until then: the cheap way to spend time."""
        if when_us > self._limit_us or self.speed != math.inf:
            return when_us <= self.now_us
        due = self.next_us()
        if due is not None and due <= when_us:
            return when_us <= self.now_us
        self.now_us = max(self.now_us, when_us)
        return True

    def run_next(self) -> bool:
        """Run the next event; False when there is none (or none within the limit of `run_until`)."""
        self._look_at_readers()
        due = self.next_us()
        if due is None or due > self._limit_us:
            return False
        if self.speed != math.inf and not self._wait_for(due):
            return True
        timer = heapq.heappop(self._timers)
        self.now_us = max(self.now_us, timer.when_us)
        fn, args = timer.fn, timer.args
        timer.cancel()
        if fn is not None:
            fn(*args)
        return True

    def run(self, until: Callable[[], bool]) -> bool:
        """Run events until `until()` holds; False when the events ended before it did."""
        with one_processor():
            while not until():
                if not self.run_next():
                    return until()
        return True

    def run_until(self, when_us: int) -> None:
        """Run everything due until `when_us`, and stand there."""
        if self.speed == math.inf and self.try_advance(when_us):
            return
        self._limit_us = when_us
        try:
            with one_processor():
                while self.run_next():
                    pass
        finally:
            self._limit_us = math.inf
        self.now_us = max(self.now_us, int(when_us))

    def serve(self, until: Callable[[], bool], attended: Callable[[], bool]) -> None:
        """Run for people at a console until `until()` holds.

        While `attended()` holds (a board waits for a key press) time goes at most as fast as the real time,
        so that timers and the watchdog behave as they would on a desk; otherwise it goes at `speed`.
        """
        full_speed = self.speed
        try:
            with one_processor():
                while not until():
                    self.set_speed(min(full_speed, 1.0) if attended() else full_speed)
                    if not self.run_next():
                        self._wait_readers(IDLE_POLL_S)
                        self._follow_real_time(math.inf)
        finally:
            self.set_speed(full_speed)

    def set_speed(self, speed: float) -> None:
        """Change the pace from this moment on."""
        if speed != self.speed:
            self._anchor()
            self.speed = speed
            self._forgiven_us = 0

    @property
    def forgiven_us(self) -> int:
        """How far the virtual time is behind by what `forgive` has forgiven."""
        return self._forgiven_us

    def forgive(self) -> None:
        """Go on from here at the pace of the real time, without hurrying after what was missed of it.

        Computing takes real time while the virtual time stands still; a paced clock hurries afterwards.
        Whoever waits for an answer of the real world must not lose time by that.
        """
        if self.speed != math.inf:
            elapsed_us = int((time.monotonic() - self._anchor_real) * self.speed * 1e6)
            self._forgiven_us += max(0, self._anchor_us + elapsed_us - self.now_us)
            self._anchor()

    def catch_up(self) -> None:
        """Hurry after the real time again, what was forgiven included."""
        self._anchor_us += self._forgiven_us
        self._forgiven_us = 0

    def add_reader(self, fd: int, fn: Callable[[], object], *, writable: bool = False) -> None:
        """Call `fn()` when `fd` becomes readable, or `writable` as well; again to change that."""
        self._readers[fd] = fn
        self._poll.register(fd, select.POLLIN | (select.POLLOUT if writable else 0))

    def remove_reader(self, fd: int) -> None:
        """Stop watching `fd`."""
        if self._readers.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def _look_at_readers(self) -> None:
        self._events_since_poll += 1
        if self._events_since_poll >= POLL_EVERY_EVENTS or self.speed != math.inf:
            self._wait_readers(0)

    def _wait_readers(self, seconds: float) -> bool:
        self._events_since_poll = 0
        ready = self._poll.poll(math.ceil(seconds * 1000))
        for fd, _ in ready:
            fn = self._readers.get(fd)
            if fn is not None:
                fn()
        return bool(ready)

    def _follow_real_time(self, bound_us: float) -> None:
        """Let the virtual time follow the real one at the present speed, not beyond `bound_us`."""
        if self.speed != math.inf:
            elapsed_us = int((time.monotonic() - self._anchor_real) * self.speed * 1e6)
            self.now_us = max(self.now_us, int(min(self._anchor_us + elapsed_us, bound_us)))

    def _anchor(self) -> None:
        self._anchor_real, self._anchor_us = time.monotonic(), self.now_us

    def _wait_for(self, due_us: int) -> bool:
        """Wait in real time until `due_us`; False when the wait was cut short: look again."""
        self._follow_real_time(due_us)
        left_s = (due_us - self.now_us) / (self.speed * 1e6)
        if left_s <= 0:
            return True
        self._wait_readers(min(left_s, IDLE_POLL_S))
        self._follow_real_time(due_us)
        return False
