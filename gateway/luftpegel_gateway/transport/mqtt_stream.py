"""What paho takes for its socket: the stream of a broker without its PUBLISH packets.

It reads much at once, keeps paho's keep-alive true while paho sees little, and can leave the broker unread
without stopping paho, whose pings go on.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from luftpegel_gateway.transport.mqtt_packets import Message, ProtocolError, Splitter

READ = 256 * 1024  # bytes at once
ANSWER_S = 10.0  # for CONNACK
_LIFE_SIGN_S = 1.0  # how often paho is told that the broker lives
_PINGRESP = b"\xd0\x00"


class Stream:
    """One connection's stream, for paho."""

    def __init__(
        self, sock: Any, splitter: Splitter, take: Callable[[list[Message], list[int]], None]
    ) -> None:
        self._sock = sock
        self._splitter = splitter
        self._take = take
        self._rest = b""  # bytes for paho
        self._greeted = False  # the broker has answered the CONNECT
        self._opened = time.monotonic()
        self._told_life = 0.0
        self.paused = False
        self._gate, self._opener = socket.socketpair()  # stands for the socket while it is not read
        self._gate.setblocking(False)
        self.failure: Exception | None = None

    def recv(self, size: int) -> bytes:
        """At most `size` bytes for paho; raises BlockingIOError when there are none now."""
        if not self._rest and not self._read():
            return b""
        if not self._rest:
            raise BlockingIOError
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk

    def _read(self) -> bool:
        """Read once and split; False when the broker has closed the connection."""
        self._drain()
        if self._overdue():
            self.failure = TimeoutError("no answer to CONNECT")
            raise self.failure
        if self.paused:
            self._tell_life()
            return True
        try:
            data = self._sock.recv(READ)
            messages, self._rest = self._splitter.feed(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ProtocolError as error:
            self.failure = error
            raise ConnectionError(str(error)) from error
        except OSError as error:
            self.failure = error
            raise
        if not data:
            return False
        self._greeted = self._greeted or bool(self._rest)
        if messages or self._splitter.released:
            released, self._splitter.released = self._splitter.released, []
            self._take(messages, released)
        if not self._rest:
            self._tell_life()
        return True

    def _tell_life(self) -> None:
        """Any byte of the broker is as good as an answer to a ping, which may be far behind it."""
        now = time.monotonic()
        if self._greeted and now - self._told_life >= _LIFE_SIGN_S:
            self._told_life = now
            self._rest = _PINGRESP

    def _overdue(self) -> bool:
        """One that does not answer a CONNECT: paho would wait for the keep-alive, up to an hour."""
        return not self._greeted and time.monotonic() - self._opened > ANSWER_S

    def pause(self) -> None:
        """Read nothing more: the broker's window fills, and it waits. paho goes on, with its pings."""
        self.paused = True

    def resume(self) -> None:
        """Read again; from any thread."""
        self.paused = False
        with contextlib.suppress(OSError):  # closed, or full: then it wakes anyway
            self._opener.send(b"\0")

    def _drain(self) -> None:
        """Empty the gate; it only wakes."""
        with contextlib.suppress(BlockingIOError):
            self._gate.recv(4096)

    def send(self, data: bytes) -> int:
        """To the broker."""
        try:
            return int(self._sock.send(data))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.failure = self.failure or self._last_word() or error
            raise

    def _last_word(self) -> Exception | None:
        """Why the broker has closed, if it said so: a TLS alert is there to be read when writing fails."""
        try:
            self._sock.recv(READ)
        except OSError as error:
            return error if isinstance(error, ssl.SSLError) else None
        return None

    def pending(self) -> int:
        """Bytes that can be had without waiting for the socket."""
        if self.paused and not self._rest:
            self._tell_life()
        if self._rest or self.paused or self._overdue():
            return len(self._rest) or self._overdue()
        return int(self._sock.pending()) if isinstance(self._sock, ssl.SSLSocket) else 0

    def fileno(self) -> int:
        """What paho waits for: the socket, or the gate while nothing is read."""
        return self._gate.fileno() if self.paused else int(self._sock.fileno())

    def setblocking(self, blocking: bool) -> None:
        """For paho."""
        self._sock.setblocking(blocking)

    def close(self) -> None:
        """For paho; twice is harmless."""
        self._sock.close()
        self._gate.close()
        self._opener.close()
