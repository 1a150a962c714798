"""Whatever bytes come in: the batch is taken, neighbours are untouched, and what is no event is kept."""

import json
import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from luftpegel_gateway.model.events import Delivery

RUNS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def surrounded(heart, board):
    """Take something between two good frames; returns the codes that the middle one ended with."""
    numbers = iter(range(10**6))

    def take(kind, payload):
        before, after = (board.uplink(next(numbers), history=1, network=0) for _ in range(2))
        topic = f"application/app/device/{board.dev_eui}/event/{kind}"
        middle = Delivery("chirpstack", "chirpstack-mqtt", topic, payload)
        known = len(heart.faults())
        heart.log.transact([before.delivery, middle, after.delivery], heart.decider.decide, after.sent)
        heart._deliver(after.sent)
        stored = heart.readings()
        seq = max(seq for seq in stored if stored[seq] == (board.time(seq), *board.values(seq)))
        assert {seq, seq - 1} <= set(stored)
        assert stored[seq - 1] == (board.time(seq - 1), *board.values(seq - 1))
        return [code for code, _ in heart.faults()[known:]]

    return take


@RUNS
@given(payload=st.binary(max_size=400), kind=st.sampled_from(["up", "join", "log"]))
def test_random_bytes(surrounded, payload, kind):
    assert "LP-254" not in surrounded(kind, payload)


@RUNS
@given(payload=st.binary(min_size=1, max_size=242), port=st.integers(1, 255))
def test_random_payloads_of_a_known_station(surrounded, board, payload, port):
    event = board.event(payload, board.time(10**6), port=port, network=0)
    assert "LP-254" not in surrounded("up", event.payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["time", "deviceInfo", "devAddr", "fCnt", "fPort", "data", "dr", "rxInfo", "txInfo", "object"]


@RUNS
@given(key=st.sampled_from(FIELDS), value=json_values)
def test_an_event_with_one_strange_value(surrounded, board, key, value):
    event = json.loads(board.uplink(10**6, history=1, network=0).payload)
    assert "LP-254" not in surrounded("up", json.dumps(event | {key: value}).encode())


def test_damaged_events(surrounded, board):
    chance = random.Random(1)
    good = board.uplink(10**6, history=1, network=0).payload
    for _ in range(200):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert "LP-254" not in surrounded("up", bytes(damaged))
