"""A line that takes its time: a pseudo-terminal before another port, each byte late, in both directions.

Radio bridges, USB over a network and busy hubs do this to a console. Harnesses that work on a short cable
fail there, so the rig's own tests run over such a line, too.
"""

import contextlib
import os
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Iterator

CHUNK = 4096


class _Way:
    """One direction: bytes wait here for their moment."""

    def __init__(self, source: int, target: int, delay_s: float):
        self.source, self.target, self._delay_s = source, target, delay_s
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take(self) -> None:
        """Read what is there; it is due after the delay."""
        with contextlib.suppress(BlockingIOError):
            if data := os.read(self.source, CHUNK):
                self._waiting.append((time.monotonic() + self._delay_s, data))

    def give(self) -> float:
        """Pass on what is due; returns the seconds until something is due again."""
        while self._waiting:
            due, data = self._waiting[0]
            left = due - time.monotonic()
            if left > 0:
                return left
            try:
                written = os.write(self.target, data)
            except BlockingIOError:
                return 0.01
            self._waiting.popleft()
            if written < len(data):
                self._waiting.appendleft((due, data[written:]))
        return 1.0


@contextlib.contextmanager
def slow_line(port: str, delay_ms: float) -> Iterator[str]:
    """A port behind which `port` (a terminal) is, `delay_ms` away each way."""
    far = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(far)
    near, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(near, False)
    ends, ended = os.pipe()
    ways = _Way(near, far, delay_ms / 1000), _Way(far, near, delay_ms / 1000)

    def carry() -> None:
        while True:
            pause = min(way.give() for way in ways)
            ready, _, _ = select.select([near, far, ends], [], [], pause)
            if ends in ready:
                return
            for way in ways:
                if way.source in ready:
                    way.take()

    thread = threading.Thread(target=carry, name="slow line", daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.write(ended, b"x")
        thread.join()
        for descriptor in (far, near, slave, ends, ended):
            os.close(descriptor)
