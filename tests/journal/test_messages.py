"""Messages come out of the log as they went in, to the byte, and are small."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_heart import NOON

from luftpegel_gateway.journal.sqlite.columns import turn, turn_back
from luftpegel_gateway.journal.sqlite.messages import MANY, Packer
from luftpegel_gateway.model.events import Delivery
from luftpegel_tools.figures.gateway.events import Uplink, event_maker, topic

BYTES_A_FRAME = 250  # what a frame of 51 readings may cost in the log
PAYLOAD = 56  # bytes of such a frame

pieces = st.lists(st.sampled_from([b'"', b'""', b"", b"a", b"\0\xff", b'{"x":1}', b"1"]), max_size=6).map(
    b"".join
)


def deliveries(count, seed=1):
    make, noise = event_maker(seed), random.Random(seed)
    return [
        Delivery(
            "chirpstack", "chirpstack-mqtt", topic(number % 40),
            make(Uplink(number % 40, number // 40, noise.randbytes(PAYLOAD), (NOON + number) * 1000)),
        )
        for number in range(count)
    ]  # fmt: skip


@given(st.lists(pieces, max_size=60))
def test_any_bytes_come_back(payloads):
    turned = turn(payloads)
    assert turned is None or turn_back(turned) == payloads


@given(st.lists(pieces, min_size=1, max_size=4), st.integers(MANY, 80))
def test_any_messages_come_back(shapes, count):
    messages = [
        (Delivery("s", "k", f"t/{number}", shapes[number % len(shapes)], number or None), number)
        for number in range(count)
    ]
    packer = Packer()
    assert packer.unpack(packer.pack(messages)) == messages
    assert packer.unpack(packer.pack_small(messages)) == messages


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 500])
def test_real_events_come_back(count):
    messages = [(one, NOON) for one in deliveries(count)]
    for pack in (Packer().pack, Packer().pack_small):
        assert Packer().unpack(pack(messages)) == messages


def test_a_frame_costs_little():
    messages = [(one, NOON) for one in deliveries(500)]
    assert len(Packer().pack_small(messages)) / len(messages) < BYTES_A_FRAME
