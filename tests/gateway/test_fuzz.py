"""Whatever bytes come in: the batch is taken, neighbours are untouched, what is no event is in quarantine."""

import json
import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from luftpegel_gateway.ingest.state import Station
from luftpegel_gateway.journal.sqlite.journal import Journal
from luftpegel_gateway.model.events import Delivery

KIND = "chirpstack-mqtt"
RUNS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def journal(tmp_path, station):
    journal = Journal(
        tmp_path / "journal.sqlite", [Station("LP-0001", station.dev_eui, "Mühlbach", "climate")]
    )
    journal._database.execute("PRAGMA synchronous = OFF")  # the disk is not what is tested here
    yield journal
    journal.close()


@pytest.fixture
def surrounded(journal, station):
    """Take something between two good frames; checks both, returns the codes that the middle ended with."""
    numbers = iter(range(10**6))

    def take(topic, payload):
        (cursor,) = journal._database.execute("SELECT coalesce(max(id), 0) FROM frame").fetchone()
        good = [next(numbers), next(numbers)]
        frames = [Delivery(KIND, station.topic(), station.uplink(seq, history=1)) for seq in good]
        journal.take([frames[0], Delivery(KIND, topic, payload), frames[1]])
        stored = {item.seq: item.cells for frame in journal.after(cursor, 10) for item in frame.readings}
        assert [stored[seq][0].value for seq in good] == [station.value(seq)[0] for seq in good]
        query = (
            "SELECT code FROM quarantine q JOIN frame f ON f.id = q.frame WHERE f.topic = ? AND f.payload = ?"
        )
        return journal._database.execute(query, (topic, payload)).fetchall()

    return take


@RUNS
@given(payload=st.binary(max_size=400), topic=st.sampled_from(["up", "join", "log", "status", "other"]))
def test_random_bytes(surrounded, station, payload, topic):
    assert surrounded(station.topic(topic), payload), "not in quarantine"


@RUNS
@given(payload=st.binary(min_size=1, max_size=242), port=st.integers(1, 255))
def test_random_payloads_of_a_known_station(surrounded, station, payload, port):
    surrounded(station.topic(), station.event(payload, 10**6, f_port=port))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@RUNS
@given(
    key=st.sampled_from(["time", "deviceInfo", "devAddr", "fCnt", "fPort", "data", "dr", "rxInfo"]),
    value=json_values,
)
def test_an_event_with_one_strange_value(surrounded, station, key, value):
    event = json.loads(station.uplink(10**6 - 1, history=1))
    surrounded(station.topic(), json.dumps(event | {key: value}).encode())


def test_damaged_events(surrounded, station):
    chance = random.Random(1)
    for _ in range(200):
        damaged = bytearray(station.uplink(10**6 - 1, history=1))
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        surrounded(station.topic(), bytes(damaged))
