"""The board's serial console: what it prints, what is typed, and a pseudo-terminal for mpremote and pyserial.

The pseudo-terminal lives as long as the board, over all boots, as a USB-to-serial chip does; it is made at
the first look at `path`. Newlines of the firmware's text become CR LF unless the interrupt character is off
(binary transfer).
"""

import contextlib
import os
import select
import tty
from collections.abc import Callable

from luftpegel_tools.virtual_time.clock import VirtualClock

KEPT_BYTES = 1 << 18
PENDING_BYTES = 1 << 16
READER_PATIENCE_MS = 2000  # how long a full terminal holds the board up before its text is dropped


class Console:
    """`text` is what the board printed (the newest part), `on_text` is told of each piece, `keys` wait to
    be read.
    """

    def __init__(self, clock: VirtualClock, on_keys: Callable[[bytes], None]):
        self._clock = clock
        self._on_keys = on_keys
        self.text = bytearray()
        self.keys = bytearray()  # typed, not yet read by the board
        self.on_text: Callable[[bytes], None] | None = None
        self.master = -1
        self._slave = -1
        self._pending = bytearray()
        self._backlog = False  # text waits for room in the terminal
        self._deserted = False

    @property
    def path(self) -> str:
        """The terminal's name, such as /dev/pts/7."""
        if self.master < 0:
            self.master, self._slave = os.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self.master, False)
            self._clock.add_reader(self.master, self.pump)
        return os.ttyname(self._slave)

    def show(self, data: bytes) -> None:
        """Text from the board, ready for a terminal."""
        self.text += data
        del self.text[:-KEPT_BYTES]
        if self.on_text:
            self.on_text(data)
        if self.master >= 0:
            self._pending += data
            self._flush()
            if len(self._pending) > PENDING_BYTES:
                self._wait_for_reader()

    def pump(self) -> None:
        """Move keys and text between the terminal, if it has been asked for, and the board."""
        if self.master < 0:
            return
        self._flush()
        with contextlib.suppress(BlockingIOError):
            while keys := os.read(self.master, 4096):
                self._on_keys(keys)

    def close(self) -> None:
        """Close the terminal."""
        if self.master >= 0:
            self._clock.remove_reader(self.master)
            os.close(self.master)
            os.close(self._slave)
            self.master = -1

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._pending:
                written = os.write(self.master, self._pending[:4096])
                del self._pending[:written]
                self._deserted = False
        if self._backlog != bool(self._pending):
            self._backlog = bool(self._pending)
            self._clock.add_reader(self.master, self.pump, writable=self._backlog)

    def _wait_for_reader(self) -> None:
        """A terminal that nobody reads holds the board up once, then loses the oldest text."""
        waiter = select.poll()
        waiter.register(self.master, select.POLLOUT)
        while len(self._pending) > PENDING_BYTES:
            if self._deserted or not waiter.poll(READER_PATIENCE_MS):
                self._deserted = True
                del self._pending[:-PENDING_BYTES]
            else:
                self._flush()
