"""paho's client with a receive path of its own: PUBLISH packets leave the stream before paho sees it.

paho takes 50 to 90 µs for a message, most of it for reading a packet byte by byte. Here its socket is
wrapped (`mqtt_stream`): one read brings up to 256 KiB, `mqtt_packets` takes all PUBLISH packets out of them,
and paho reads what is left: CONNACK, SUBACK, PINGRESP. Connect, session, keep-alive, reconnect and writing
stay paho's.

Two names of paho are private: `_create_socket` and `_packet_queue`. `works()` tries, with the paho that is
installed, whether they do what is needed; if not, paho reads everything itself: slower, the same outcome.

Memory is bounded: no more than `receive_maximum` messages are with the gateway, each of at most
`mqtt_packets.Splitter`'s size. A broker that sends more (QoS 0, MQTT 3.1.1) is not read until some are
acknowledged; keep-alive goes on meanwhile.
"""

import functools
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_gateway.transport.mqtt_packets import (
    HEAD,
    LONGEST_TOPIC,
    Message,
    Splitter,
    acknowledgements,
    completions,
)
from luftpegel_gateway.transport.mqtt_socket import connect
from luftpegel_gateway.transport.mqtt_stream import Stream

log = logging.getLogger("luftpegel.gateway")
_RESTART_S = 5.0  # after paho failed
_PUBACK = 0x40

Received = Callable[["Client", int, Sequence[Message]], None]


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
        """See paho; which leaves its sockets to the garbage collector: a pair of its own, and this one."""
        self._ending.set()
        stopped = super().loop_stop()
        if (sock := self.socket()) is not None:
            sock.close()
        if callable(reset := getattr(self, "_reset_sockets", None)):
            reset(sockpair_only=True)
        return stopped

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
        self.far.send(b"\x20\x02\x00\x00" + b"\x32\x06\x00\x01t\x00\x07p\xd0\x00")
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
