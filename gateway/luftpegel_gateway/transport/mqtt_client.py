"""paho's client with a receive path of its own: PUBLISH packets leave the stream before paho sees it.

paho takes 50 to 90 µs for a message, most of it for reading a packet byte by byte. Here its socket is
wrapped: one read brings up to `_READ` bytes, `mqtt_packets` takes all PUBLISH packets out of them, and paho
reads what is left: CONNACK, SUBACK, PINGRESP. Connect, session, TLS, keep-alive, reconnect and writing stay
paho's.

Two names of paho are private: `_create_socket` and `_packet_queue`. `works()` tries, with the paho that is
installed, whether they do what is needed; if not, paho reads everything itself: slower, the same outcome.

Memory is bounded: no more than `receive_maximum` messages are with the gateway, each of at most
`mqtt_packets.Splitter`'s size. A broker that sends more (QoS 0, MQTT 3.1.1) is not read until some are
acknowledged; keep-alive goes on meanwhile.
"""

import contextlib
import functools
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_gateway.transport.mqtt_packets import (
    HEAD,
    LONGEST_TOPIC,
    Message,
    ProtocolError,
    Splitter,
    acknowledgements,
    completions,
)
from luftpegel_gateway.transport.mqtt_socket import connect

log = logging.getLogger("luftpegel.gateway")
_READ = 256 * 1024
_PINGRESP = b"\xd0\x00"
ANSWER_S = 10.0  # for CONNACK
_LIFE_SIGN_S = 1.0  # how often paho is told that the broker lives
_RESTART_S = 5.0  # after paho failed
_PUBACK = 0x40

Received = Callable[["Client", int, Sequence[Message]], None]


class Stream:
    """What paho takes for its socket: the stream without its PUBLISH packets."""

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
            data = self._sock.recv(_READ)
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
            self._sock.recv(_READ)
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


class Client(paho.Client):
    """A paho client that hands over messages in batches and acknowledges them in batches.

    `received(client, connection, messages)` is called in paho's thread and must not block. An acknowledgement
    belongs to the connection that brought the message: after a reconnect the same packet identifier may mean
    another one, so those of earlier connections are dropped.
    """

    def __init__(
        self,
        *,
        received: Received,
        receive_maximum: int,
        largest: int,
        fast: bool,
        tls: ssl.SSLContext | None = None,
        **settings: Any,
    ) -> None:
        """`largest`: bytes of a payload that are kept whole. `fast`: with the receive path of our own."""
        super().__init__(CallbackAPIVersion.VERSION2, manual_ack=True, **settings)
        if tls is not None:
            self.tls_set_context(tls)
        self._fast = fast
        self._tls = tls
        self._received = received
        self._bound = receive_maximum
        self._largest = largest
        self._lock = threading.Lock()
        self._connection = 0  # counts connections
        self._with_us = 0  # messages handed over and not acknowledged
        self._stream: Stream | None = None
        self._ending = threading.Event()
        self.failure: Exception | None = None  # why the last attempt to connect failed
        self.on_message = self._plain_message

    # paho's thread.

    def reconnect(self) -> Any:
        """See paho; remembers what went wrong, whatever it is, as something that paho tries again after."""
        with self._lock:
            self._connection += 1
            self._stream = None
            self.failure = None
        try:
            return super().reconnect()
        except OSError as error:
            self.failure = error
            raise
        except ValueError as error:  # a host name that cannot be one; paho's thread would end
            self.failure = error
            raise OSError(str(error)) from error

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> Any:
        """See paho; begins again after a mistake in it, which would else end its thread without a word."""
        while True:
            try:
                return super().loop_forever(timeout, retry_first_connection)
            except Exception as error:
                log.exception("MQTT client failed")
                self.failure = error
                if (sock := self.socket()) is not None:
                    sock.close()
                if self.on_connect_fail is not None:
                    self.on_connect_fail(self, None)
                if self._ending.wait(_RESTART_S):
                    return paho.MQTT_ERR_UNKNOWN

    def loop_stop(self) -> Any:
        """See paho."""
        self._ending.set()
        return super().loop_stop()

    def _create_socket(self) -> Any:
        if not self._fast:
            return super()._create_socket()
        return self._wrap(connect(self.host, self.port, self._tls))

    def _wrap(self, sock: Any) -> Stream:
        splitter = Splitter(version5=self.protocol == paho.MQTTv5, largest=self._largest)
        self._stream = Stream(sock, splitter, self._take)
        return self._stream

    def _take(self, messages: list[Message], released: list[int]) -> None:
        """Hand over what one read has brought."""
        if released:
            self._packet_queue(_PUBACK, completions(released), 0, 1)
        if not messages:
            return
        with self._lock:
            self._with_us += len(messages)
            if self._with_us > self._bound and self._stream is not None:
                self._stream.pause()
        self._received(self, self._connection, messages)

    def _plain_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        """A message that paho has read itself."""
        payload, size = bytes(message.payload), None
        if len(payload) > self._largest:
            payload, size = payload[:HEAD], len(payload)
        topic = message._topic[:LONGEST_TOPIC]  # noqa: SLF001 - `topic` raises for what is no UTF-8
        self._take([Message(topic, payload, message.mid, message.qos, size)], [])

    @property
    def last_failure(self) -> Exception | None:
        """What ended the connection, or kept it from being made, as far as an exception told it."""
        return self.failure or (self._stream.failure if self._stream else None)

    # Any thread.

    def disconnect(self, *arguments: Any, **settings: Any) -> Any:
        """See paho; what is acknowledged from now on is left to be delivered again."""
        with self._lock:
            self._connection += 1
        return super().disconnect(*arguments, **settings)

    def acknowledge(self, tokens: Sequence[tuple[int, int, int]]) -> None:
        """Tell the broker that messages are safe: (connection, packet identifier, QoS) each."""
        with self._lock:
            self._with_us -= len(tokens)
            if self._with_us <= self._bound and self._stream is not None and self._stream.paused:
                self._stream.resume()
            valid = self._connection
            current = [(mid, qos) for connection, mid, qos in tokens if qos and connection == valid]
            if not current:
                return
            if self._stream is None:
                for mid, qos in current:
                    self.ack(mid, qos)
            else:
                self._packet_queue(_PUBACK, acknowledgements(current), 0, 1)


class _Trial(Client):
    """A client at one end of a socket pair, to see whether paho does what is expected."""

    def __init__(self) -> None:
        self.seen: list[Message] = []
        super().__init__(received=self._see, receive_maximum=1, largest=1, fast=True, client_id="trial")
        self.near, self.far = socket.socketpair()
        self.far.settimeout(1)

    def _see(self, _client: Client, connection: int, messages: Sequence[Message]) -> None:
        self.seen += messages
        self.acknowledge([(connection, message.mid, message.qos) for message in messages])

    def _create_socket(self) -> Any:
        return self._wrap(self.near)

    def end(self) -> None:
        """Leave nothing open."""
        for sock in (self._stream, self.near, self.far):
            if sock is not None:
                sock.close()

    def succeeds(self) -> bool:
        """CONNECT goes out; CONNACK and PUBLISH in one segment are read; the PUBACK goes out."""
        self.connect_async("localhost")
        self.reconnect()
        connect = self.far.recv(4096)
        self.far.send(b"\x20\x02\x00\x00" + b"\x32\x06\x00\x01t\x00\x07p" + _PINGRESP)
        for _ in range(3):
            self.loop_read()
        answer = self.far.recv(4096)
        written = connect[:1] == b"\x10" and answer == b"\x40\x02\x00\x07"
        return written and self.is_connected() and self.seen == [Message(b"t", b"p", 7, 1, None)]


@functools.cache
def works() -> bool:
    """Whether the paho that is installed lets us read; tried once, without a network."""
    trial = _Trial()
    try:
        fine = callable(getattr(paho.Client, "_create_socket", None)) and trial.succeeds()
    except Exception as error:
        log.warning("the installed paho reads by itself (%s): slower, and nothing else", error)
        return False
    finally:
        trial.end()
    if not fine:
        log.warning("the installed paho reads by itself: slower, and nothing else")
    return fine
