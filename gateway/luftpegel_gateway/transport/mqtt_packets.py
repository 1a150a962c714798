"""PUBLISH packets out of a stream of MQTT bytes, many at a time; every other packet is left as it is.

Pure: bytes in, messages out. It knows the fixed header, PUBLISH and PUBREL of MQTT 3.1.1 and 5
(OASIS mqtt-v3.1.1-os and mqtt-v5.0-os, sections 2, 3.3 and 3.6) and nothing else; connect, subscribe and
keep-alive are the client library's. What a broker may send is bounded here: a payload above `largest` is
cut to its head while it streams in, so that 256 MB cost no more memory than 64 KiB.
"""

from typing import NamedTuple

HEAD = 1024  # bytes kept of an oversized payload, enough to see what it was
LONGEST_TOPIC = 1024  # bytes kept of a topic; none of a network server comes near it
_LARGEST_PREAMBLE = 2 + 65535 + 2 + 4  # topic with its length, packet identifier, length of the properties
_LARGEST_OTHER = 64 * 1024  # CONNACK, SUBACK and so on are a few bytes; their properties may say something
_CONNACK, _PUBLISH, _PUBREL = 0x20, 0x30, 0x62
_MORE = 0x80


class ProtocolError(Exception):
    """The broker sent what is no MQTT; nothing after it can be understood."""


class Message(NamedTuple):
    """One PUBLISH. `payload` is whole, or the head of one that had `size` bytes."""

    topic: bytes
    payload: bytes
    mid: int  # 0 with QoS 0
    qos: int
    size: int | None


class Splitter:
    """One connection's stream, cut anywhere, in order."""

    def __init__(self, *, version5: bool, largest: int) -> None:
        """`largest`: bytes of payload that are kept whole."""
        self._version5 = version5
        self._largest = largest
        self._whole = largest + _LARGEST_PREAMBLE  # what a packet may have without being streamed
        self._greeted = False  # a broker's first packet is CONNACK
        self._held = bytearray()  # the beginning of a packet that is not complete
        self._needed = 0  # bytes of it before it is worth looking again
        self._first = 0  # first byte of a packet that is streamed
        self._size = 0  # its remaining length
        self._left = 0  # how much of it is still to come; 0: no packet is streamed
        self.released: list[int] = []  # packet identifiers of PUBREL since they were last taken

    def feed(self, data: bytes) -> tuple[list[Message], bytes]:
        """All messages that are complete now, and the bytes of other packets. Raises ProtocolError."""
        messages: list[Message] = []
        if not self._greeted and data:
            if data[0] != _CONNACK:
                raise ProtocolError(f"it answers {data[:20]!r}")
            self._greeted = True
        if self._left:
            data = self._stream(data, messages)
        if self._held and not self._left:
            self._held += data
            if len(self._held) < self._needed:
                return messages, b""
            data = bytes(self._held)
            self._held.clear()
        return messages, self._split(data, messages)

    def _split(self, data: bytes, messages: list[Message]) -> bytes:
        """Take packet after packet from the front of `data`; what is incomplete is held."""
        rest = []
        at, end = 0, len(data)
        while at < end:
            body, length = _length(data, at + 1, end)
            after = body + length
            first = data[at]
            if body and after <= end:
                if first & 0xF0 == _PUBLISH:
                    messages.append(self._message(first, data, body, length))
                elif first == _PUBREL:
                    self.released.append(int.from_bytes(data[body : body + 2], "big"))
                else:
                    rest.append(data[at:after])
                at = after
                continue
            if body and length > self._whole and first & 0xF0 == _PUBLISH:
                self._first, self._size, self._left = first, length, length
                self._stream(data[body:], messages)
            else:
                if body and first & 0xF0 != _PUBLISH and length > _LARGEST_OTHER:
                    raise ProtocolError(f"a packet of kind {first >> 4} with {length} bytes")
                self._held += data[at:]
                self._needed = after - at if body else 0
            break
        return b"".join(rest)

    def _stream(self, data: bytes, messages: list[Message]) -> bytes:
        """Keep the beginning of an oversized packet, pass over the rest; returns what follows it."""
        take = min(self._left, len(data))
        room = self._whole - len(self._held)
        self._held += data[: min(take, room)]
        self._left -= take
        if not self._left:
            messages.append(self._message(self._first, bytes(self._held), 0, self._size))
            self._held.clear()
        return data[take:]

    def _message(self, first: int, data: bytes, at: int, length: int) -> Message:
        """The message in a PUBLISH of `length` bytes at `at`, of which `data` has all or the beginning."""
        end = at + length
        qos = first >> 1 & 3
        start = at + 2 + (data[at] << 8 | data[at + 1]) if length > 1 else end + 1
        topic, mid = data[at + 2 : start], 0
        if qos:
            mid = int.from_bytes(data[start : min(start + 2, end)], "big")
            start += 2
            if not mid or qos > 2:
                raise ProtocolError(f"a PUBLISH with QoS {qos} and packet identifier {mid}")
        if self._version5:
            properties, count = _length(data, start, min(end, len(data)))
            start = properties + count if properties else end + 1
        if start > end:
            raise ProtocolError("a PUBLISH that ends too early")
        size = end - start
        payload = data[start:end]
        if size > self._largest or len(payload) < size:
            return Message(topic[:LONGEST_TOPIC], payload[:HEAD], mid, qos, size)
        return Message(topic[:LONGEST_TOPIC], payload, mid, qos, None)


def _length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A variable byte integer at `at`: where it ends, and its value. (0, 0) when it is not complete."""
    if at >= end:
        return 0, 0
    value = data[at]
    if value < _MORE:
        return at + 1, value
    value &= _MORE - 1
    for place in range(1, 4):
        if at + place >= end:
            return 0, 0
        byte = data[at + place]
        value |= (byte & _MORE - 1) << 7 * place
        if byte < _MORE:
            return at + place + 1, value
    raise ProtocolError("a length of more than four bytes")


def acknowledgements(messages: list[tuple[int, int]]) -> bytes:
    """PUBACK (QoS 1) or PUBREC (QoS 2) for each (packet identifier, QoS): one write for all of them."""
    return b"".join(
        (0x50020000 | mid if qos == 2 else 0x40020000 | mid).to_bytes(4, "big") for mid, qos in messages
    )


def completions(released: list[int]) -> bytes:
    """PUBCOMP for each PUBREL: the end of the way that a message with QoS 2 takes."""
    return b"".join((0x70020000 | mid).to_bytes(4, "big") for mid in released)
