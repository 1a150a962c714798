"""The board's serial console: what it prints, what is typed, and a pseudo-terminal for mpremote and pyserial.

The pseudo-terminal lives as long as the board, over all boots, as a USB-to-serial chip does, until its plug
is pulled; it is made at the first look at `path`. Newlines of the firmware's text become CR LF unless the
interrupt character is off (binary transfer).
"""

import contextlib
import os
import select
import tty
from collections import deque
from collections.abc import Callable

from luftpegel_tools.virtual_board.line import Line
from luftpegel_tools.virtual_board.network_port import ControlLines, NetworkPort
from luftpegel_tools.virtual_time.clock import VirtualClock

KEPT_BYTES = 1 << 18
PENDING_BYTES = 1 << 16
REMEMBERED_NAMES = 8
READER_PATIENCE_MS = 2000  # how long a full terminal holds the board up before its text is dropped


class Console:
    """`text` is what the board printed (the newest part), `on_text` is told of each piece, `keys` wait to
    be read.
    """

    def __init__(self, clock: VirtualClock, on_keys: Callable[[bytes], None]):
        self._clock = clock
        self.arriving = Line(clock, on_keys)
        self.leaving = Line(clock, self._send)
        self.ports: list[NetworkPort] = []
        self.text = bytearray()
        self.keys = bytearray()  # typed, not yet read by the board
        self.on_text: Callable[[bytes], None] | None = None
        self.master = -1
        self._slave = -1
        # Kept open, so that nobody else's terminal gets a name under which a board is still looked for.
        self._gone: deque[int] = deque()
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
        self.send(data)

    def send(self, data: bytes) -> None:
        """Bytes for the terminal that are no text."""
        self.leaving.carry(data)

    def _send(self, data: bytes) -> None:
        for port in self.ports:
            port.send(data)
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
            while self.master >= 0 and (keys := os.read(self.master, 4096)):  # keys may end in a pulled plug
                self.arriving.carry(keys)

    def open_port(self, url: str, lines: ControlLines) -> str:
        """Offer the line over TCP as well, see NetworkPort; returns the address in use."""
        port = NetworkPort(self._clock, url, self.arriving.carry, lines)
        self.ports.append(port)
        return port.url

    def close(self) -> None:
        """Close everything."""
        self.unplug()
        for port in self.ports:
            port.close()
        self.ports.clear()
        while self._gone:
            os.close(self._gone.popleft())

    def unplug(self) -> None:
        """The terminal vanishes, under whoever has it open; `path` makes a new one."""
        for line in (self.arriving, self.leaving):
            line.cut()
        for port in self.ports:
            port.hang_up()
        self._pending.clear()
        self._backlog = self._deserted = False
        if self.master >= 0:
            self._clock.remove_reader(self.master)
            os.close(self.master)
            self._gone.append(self._slave)
            self.master = -1
            while len(self._gone) > REMEMBERED_NAMES:
                os.close(self._gone.popleft())

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
