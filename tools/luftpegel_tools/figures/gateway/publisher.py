"""Publishes prepared messages at QoS 1 as fast as a broker takes them, so that this is not the limit.

MQTT 3.1.1 over a plain socket, of which it needs CONNECT, PUBLISH and PUBACK (OASIS MQTT 3.1.1, sections 3.1
to 3.4). An MQTT library costs 60 to 100 us a message, as much as a whole gateway should.
"""

import socket
import struct
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Self

from luftpegel_tools.figures.gateway.load import Message

_CONNECT = b"\x10\x16\x00\x04MQTT\x04\x02\x00\x00\x00\x0aload-maker"  # clean session, no keep-alive
_CONNACK = b"\x20\x02\x00\x00"
_PUBACK_BYTES = 4
_PUBLISH_QOS_1 = b"\x32"
_IN_FLIGHT = 1000  # unanswered messages
_LARGEST_ID = 65_000
_PATIENCE_S = 60.0


class PublishError(RuntimeError):
    """The broker did not take what it was sent."""


class Publisher:
    """One connection; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=_PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_CONNECT)
        if self._read(len(_CONNACK)) != _CONNACK:
            raise PublishError("the broker refused the load generator's connection")
        self._number = 0

    def publish(self, messages: Iterable[Message]) -> int:
        """Send all; back when each has its PUBACK. Returns how many there were."""
        count = 0
        iterator = iter(messages)
        while batch := list(islice(iterator, _IN_FLIGHT)):
            self.send(batch)
            count += len(batch)
        return count

    def send(self, batch: Sequence[Message]) -> None:
        """Send up to a thousand messages in one piece and wait for their PUBACKs."""
        self._socket.sendall(b"".join(map(self._packet, batch)))
        self._read(_PUBACK_BYTES * len(batch))

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Say goodbye and close."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def _packet(self, message: Message) -> bytes:
        self._number = self._number % _LARGEST_ID + 1
        topic = message.topic.encode()
        length = 2 + len(topic) + 2 + len(message.payload)
        head = _PUBLISH_QOS_1 + _remaining_length(length) + struct.pack(">H", len(topic))
        return head + topic + struct.pack(">H", self._number) + message.payload

    def _read(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            piece = self._socket.recv(size - len(received))
            if not piece:
                raise PublishError("the broker closed the load generator's connection")
            received += piece
        return received


def _remaining_length(length: int) -> bytes:
    encoded = b""
    while True:
        length, low = divmod(length, 128)
        encoded += bytes([low | (128 if length else 0)])
        if not length:
            return encoded
