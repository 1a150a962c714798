"""The console's line over TCP, for one client at a time: bare (`socket://`), or with baud rate, DTR and RTS
(`rfc2217://`), of which pyserial brings both ends.
"""

import contextlib
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from serial.rfc2217 import PortManager  # type: ignore[import-untyped]

from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_time.clock import VirtualClock

SCHEMES = ("socket", "rfc2217")
PENDING_BYTES = 1 << 20


class ControlLines:
    """DTR and RTS as boards with a USB bridge wire them: RTS alone holds the chip in reset, DTR alone pulls
    the boot pin down; both together do neither, so that a terminal that is opened does not reset the board.
    """

    def __init__(self, on_reset: Callable[[bool], object], on_boot_pin: Callable[[bool], object]):
        self._on_reset = on_reset
        self._on_boot_pin = on_boot_pin
        self._dtr = self._rts = self._held = False

    def set(self, *, dtr: bool | None = None, rts: bool | None = None) -> None:
        """Change one of them. Over a network the two never change together, so that a reset lasts until RTS
        goes: a capacitor does the same on boards.
        """
        self._dtr = self._dtr if dtr is None else dtr
        self._rts = self._rts if rts is None else rts
        self._on_boot_pin(self._dtr and not self._rts)
        held = self._rts and (self._held or not self._dtr)
        if held != self._held:
            self._held = held
            self._on_reset(held)


class _RemotePort:
    """What pyserial's PortManager takes for the serial port that it serves."""

    cts = dsr = cd = True
    ri = xonxoff = rtscts = break_condition = False
    bytesize, parity, stopbits = 8, "N", 1

    def __init__(self, lines: ControlLines, on_baudrate: Callable[[int], object]):
        self._lines = lines
        self._on_baudrate = on_baudrate
        self._baudrate = 115200

    @property
    def baudrate(self) -> int:
        return self._baudrate

    @baudrate.setter
    def baudrate(self, rate: int) -> None:
        self._baudrate = rate
        self._on_baudrate(rate)

    def _set_dtr(self, on: bool) -> None:
        self._lines.set(dtr=on)

    def _set_rts(self, on: bool) -> None:
        self._lines.set(rts=on)

    dtr = property(None, _set_dtr)
    rts = property(None, _set_rts)

    def reset_input_buffer(self) -> None:
        """Nothing waits here."""

    reset_output_buffer = reset_input_buffer


class NetworkPort:
    """A listening port for `url`, socket://HOST:PORT or rfc2217://HOST:PORT (port 0: any that is free).

    BoardError LP-193 when it cannot be had.
    """

    def __init__(
        self, clock: VirtualClock, url: str, on_keys: Callable[[bytes], object], lines: ControlLines
    ):
        self._clock = clock
        self._on_keys = on_keys
        self._lines = lines
        self._client: socket.socket | None = None
        self._manager: PortManager | None = None
        self._pending = bytearray()
        self.baudrate = 115200
        try:
            parts = urlsplit(url)
            if parts.scheme not in SCHEMES or not parts.hostname or parts.port is None:
                raise OSError(f"it is not like {SCHEMES[0]}://127.0.0.1:0 or {SCHEMES[1]}://127.0.0.1:0")
            self._listener = socket.create_server((parts.hostname, parts.port), backlog=1)
        except (OSError, ValueError) as error:
            raise BoardError(
                "LP-193", f"the board cannot be offered on {url}: {error}", "name another address or port"
            ) from None
        self._listener.setblocking(False)
        self._scheme = parts.scheme
        self.url = f"{parts.scheme}://{parts.hostname}:{self._listener.getsockname()[1]}"
        clock.add_reader(self._listener.fileno(), self._accept)

    def send(self, data: bytes) -> None:
        """Bytes for the client; lost when there is none, as on a cable that nobody has opened."""
        if self._client is None:
            return
        if self._manager is not None:
            data = data.replace(b"\xff", b"\xff\xff")
        self._write(data)

    def close(self) -> None:
        """Hang up, and listen no more."""
        self.hang_up()
        self._clock.remove_reader(self._listener.fileno())
        self._listener.close()

    def hang_up(self) -> None:
        """End the client's connection."""
        if self._client is not None:
            self._clock.remove_reader(self._client.fileno())
            self._client.close()
            self._client = self._manager = None
            self._pending.clear()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            if self._client is not None:
                client.close()  # a serial port has one owner
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client
            self._clock.add_reader(client.fileno(), self._serve)
            if self._scheme == SCHEMES[1]:
                self._manager = PortManager(_RemotePort(self._lines, self._set_baudrate), self)

    def _set_baudrate(self, rate: int) -> None:
        self.baudrate = rate

    def write(self, data: bytes) -> None:
        """PortManager's way to the client."""
        self._write(data)

    def _serve(self) -> None:
        self._flush()
        if self._client is None:
            return
        try:
            data = self._client.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.hang_up()
            return
        if self._manager is not None:
            data = b"".join(self._manager.filter(data))
        if data:
            self._on_keys(data)

    def _write(self, data: bytes) -> None:
        self._pending += data
        self._flush()
        if len(self._pending) > PENDING_BYTES:
            self.hang_up()

    def _flush(self) -> None:
        if self._client is None:
            return
        try:
            while self._pending:
                del self._pending[: self._client.send(self._pending)]
        except BlockingIOError:
            pass
        except OSError:
            self.hang_up()
            return
        self._clock.add_reader(self._client.fileno(), self._serve, writable=bool(self._pending))
