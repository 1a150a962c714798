"""The stream without its PUBLISH packets: cut anywhere, whatever comes; paho reads the same messages."""

import contextlib
import itertools
import random
import struct

import paho.mqtt.client as paho
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from luftpegel_gateway.transport.mqtt_packets import (
    HEAD,
    LONGEST_TOPIC,
    Message,
    ProtocolError,
    Splitter,
    acknowledgements,
    completions,
)

CONNACK = {True: b"\x20\x03\x00\x00\x00", False: b"\x20\x02\x00\x00"}
LARGEST = 5000
OTHERS = (b"\xd0\x00", b"\x40\x02\x00\x09")  # PINGRESP, PUBACK: the same in both versions


def length(number):
    """A variable byte integer, as section 1.5.5 of MQTT 5 has it."""
    found = bytearray()
    while True:
        number, rest = divmod(number, 128)
        found.append(rest | (128 if number else 0))
        if not number:
            return bytes(found)


def publish(topic, payload, *, mid=0, qos=0, version5=False, properties=b"\x00", dup=False):
    body = struct.pack(">H", len(topic)) + topic + (struct.pack(">H", mid) if qos else b"")
    body += (properties if version5 else b"") + payload
    return bytes([0x30 | dup << 3 | qos << 1]) + length(len(body)) + body


def properties_of(user):
    found = Properties(PacketTypes.PUBLISH)
    found.UserProperty = user
    found.MessageExpiryInterval = 60
    return bytes(found.pack())


def pieces(stream, cuts):
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(places)]


def split(stream, version5, cuts=(), largest=LARGEST):
    """All messages and the rest of a stream that comes in pieces."""
    splitter = Splitter(version5=version5, largest=largest)
    messages, rest = [], b""
    for piece in pieces(stream, cuts):
        found, other = splitter.feed(piece)
        messages += found
        rest += other
    return messages, rest, splitter


class Canned:
    """A socket for paho that holds a stream."""

    def __init__(self, stream):
        self.stream = stream

    def recv(self, size):
        if not self.stream:
            raise BlockingIOError
        data, self.stream = self.stream[:size], self.stream[size:]
        return data

    def send(self, data):
        return len(data)

    def setblocking(self, _blocking):
        """As a socket has it."""

    def close(self):
        """As a socket has it."""


def read_by_paho(stream, version5):
    """The oracle: (topic, payload, mid, qos) of each message, as paho finds them."""
    found = []
    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2, "oracle", protocol=paho.MQTTv5 if version5 else paho.MQTTv311,
        manual_ack=True,
    )  # fmt: skip
    client.on_message = lambda _client, _data, message: found.append(
        (message._topic, bytes(message.payload), message.mid, message.qos)
    )
    client._create_socket = lambda: Canned(stream)
    client.connect_async("oracle")
    client.reconnect()
    while client._sock is not None and client._sock.stream:
        client.loop_read()
    return found


packet = st.one_of(
    st.sampled_from(OTHERS),
    st.tuples(
        st.binary(min_size=1, max_size=40).map(lambda raw: raw.hex().encode()),
        st.one_of(st.binary(max_size=60), st.integers(100, 20000).map(lambda size: b"p" * size)),
        st.integers(1, 65535),
        st.integers(0, 1),
        st.booleans(),
        st.lists(st.tuples(st.text("ab", max_size=90), st.text("cd", max_size=90)), max_size=3),
    ),
)


@pytest.mark.parametrize("version5", [True, False])
@settings(deadline=None, max_examples=100)
@given(packets=st.lists(packet, max_size=12), cuts=st.lists(st.integers(0, 10**6), max_size=20))
def test_the_messages_are_those_that_paho_reads(version5, packets, cuts):
    stream, others = CONNACK[version5], CONNACK[version5]
    for one in packets:
        if isinstance(one, bytes):
            stream += one
            others += one
        else:
            topic, payload, mid, qos, dup, user = one
            stream += publish(
                topic, payload, mid=mid, qos=qos, dup=dup and qos, version5=version5,
                properties=properties_of(user),
            )  # fmt: skip
    messages, rest, _ = split(stream, version5, cuts)
    assert rest == others
    read = read_by_paho(stream, version5)
    assert [(m.topic, m.size or len(m.payload), m.mid, m.qos) for m in messages] == [
        (topic, len(payload), mid, qos) for topic, payload, mid, qos in read
    ]
    for mine, (_, payload, _, _) in zip(messages, read, strict=True):
        assert mine.payload == (payload if len(payload) <= LARGEST else payload[:HEAD])


@pytest.mark.parametrize("version5", [True, False])
@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 16383, 16384, LARGEST + 1])
def test_cut_at_every_byte(version5, size):
    payload = random.Random(size).randbytes(size)
    one = publish(b"t", payload, mid=7, qos=1, version5=version5)
    stream = CONNACK[version5] + one + b"\xd0\x00" + publish(b"u", b"end", version5=version5)
    whole = split(stream, version5)[:2]
    assert whole[1] == CONNACK[version5] + b"\xd0\x00"
    assert [message.mid for message in whole[0]] == [7, 0]
    step = max(1, len(stream) // 400)
    for cut in {*range(0, len(stream), step), *range(30), *range(len(stream) - 30, len(stream))}:
        assert split(stream, version5, [cut])[:2] == whole
    if size < 200:
        assert split(stream, version5, range(len(stream)))[:2] == whole


@pytest.mark.parametrize("version5", [True, False])
@settings(deadline=None, max_examples=200)
@given(noise=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=5))
def test_noise_is_a_protocol_error_or_nothing(version5, noise, cuts):
    with contextlib.suppress(ProtocolError):
        split(CONNACK[version5] + noise, version5, cuts)


@pytest.mark.parametrize("version5", [True, False])
@pytest.mark.parametrize("size", [LARGEST, LARGEST + 1, LARGEST + 70000, 3_000_000])
def test_a_payload_is_kept_whole_or_cut_to_its_head(version5, size):
    payload = random.Random(size).randbytes(size)
    stream = CONNACK[version5] + publish(b"t", payload, mid=7, qos=1, version5=version5)
    stream += publish(b"next", b"n", version5=version5)
    messages, _, splitter = split(stream, version5, range(0, len(stream), 65536))
    cut = size > LARGEST
    assert messages == [
        Message(b"t", payload[:HEAD] if cut else payload, 7, 1, size if cut else None),
        Message(b"next", b"n", 0, 0, None),
    ]
    assert not splitter._held


def test_endless_properties_and_topics_are_bounded_too():
    user = [("k" * 60000, "v" * 60000)] * 20
    stream = publish(b"t" * 65535, b"small", mid=7, qos=1, version5=True, properties=properties_of(user))
    splitter = Splitter(version5=True, largest=LARGEST)
    splitter.feed(CONNACK[True])
    messages, most = [], 0
    for piece in pieces(stream, range(0, len(stream), 4096)):
        messages += splitter.feed(piece)[0]
        most = max(most, len(splitter._held))
    assert most <= splitter._whole + 4096 < len(stream)
    assert messages == [Message(b"t" * LONGEST_TOPIC, b"", 7, 1, len(b"small"))]


@pytest.mark.parametrize(
    ("what", "stream"),
    {
        "a length of five bytes": b"\x30\xff\xff\xff\xff\x01",
        "QoS 3": b"\x36\x05\x00\x01t\x00\x07",
        "no packet identifier": b"\x32\x05\x00\x01t\x00\x00",
        "a topic beyond the packet": b"\x30\x03\x00\x09t",
        "nothing at all": b"\x30\x00",
        "half a length of the topic": b"\x30\x01\x00",
        "a huge packet of another kind": b"\x90\xff\xff\x7f",
    }.items(),
)
def test_what_is_no_mqtt(what, stream):
    with pytest.raises(ProtocolError):
        split(CONNACK[False] + stream, False)


def test_the_first_packet_must_be_the_answer_to_connect():
    with pytest.raises(ProtocolError, match="HTTP"):
        split(b"HTTP/1.1 400", False)


def test_qos_2_is_acknowledged_like_qos_1_and_then_completed():
    stream = CONNACK[False] + publish(b"t", b"p", mid=9, qos=2) + b"\x62\x02\x00\x09"
    messages, rest, splitter = split(stream, False, [len(stream) - 2])
    assert [message.qos for message in messages] == [2]
    assert rest == CONNACK[False]
    assert splitter.released == [9]
    assert acknowledgements([(9, 2), (258, 1)]) == b"\x50\x02\x00\x09\x40\x02\x01\x02"
    assert completions([9]) == b"\x70\x02\x00\x09"
