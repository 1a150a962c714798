"""What Home Assistant hears from the sink "mqtt" at a real broker: which quantities there are, their present
values, whether the gateway is there, and that a station has left."""

import asyncio
import json
import os
import re
import signal
import threading

import paho.mqtt.client as paho
import pytest
from tests.gateway.memory_log import observed

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.model.quantities import names, numbers, of_channel
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, SinkDown, home_assistant, mqtt
from luftpegel_gateway.sinks.home_assistant import KINDS, config, config_topic

PATIENCE_S = 30
BRIDGE = Station("LP-0001", "00" * 8, "Mühlbach Brücke", "level", 600, 49.5, 11.25)
CONFIG = "homeassistant/sensor/luftpegel_LP-0001/temperature/config"
STATE = "luftpegel/LP-0001/temperature/state"
STATUS = "luftpegel/status"


class House:
    """Home Assistant's end of the broker: what is retained for it, topic -> payload."""

    def __init__(self, port):
        self.told = []
        ready = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        topics = [("homeassistant/#", 1), ("luftpegel/#", 1)]
        self.client.on_connect = lambda *_: self.client.subscribe(topics)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _client, _data, message: self.told.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(PATIENCE_S)

    def last(self, topic):
        return next((payload for name, payload, _ in reversed(self.told) if name == topic), None)

    def times(self, topic):
        return sum(1 for name, _, _ in self.told if name == topic)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def house(broker):
    made = []

    def make():
        made.append(House(broker.port))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def stations():
    """stations.toml as it is now."""
    return {"LP-0001": BRIDGE}


@pytest.fixture
def with_sink(broker, tmp_path, stations):
    def run(play, **options):
        given = {"host": "127.0.0.1", "port": broker.port, "home_assistant": "homeassistant"} | options
        told = {key: option.default for key, option in mqtt.OPTIONS.items()} | given

        async def main():
            sink = mqtt.create(Context("mqtt", told, tmp_path, lambda name, _tenant: stations.get(name)))
            await sink.start()
            try:
                await asyncio.wait_for(play(sink), 2 * PATIENCE_S)
            finally:
                await sink.stop()

        asyncio.run(main())

    return run


@pytest.fixture
def deliver(with_sink):
    def run(*batches, **options):
        async def play(sink):
            for batch in batches:
                assert await sink.deliver(batch) == []

        with_sink(play, **options)

    return run


async def soon(true):
    for _ in range(100 * PATIENCE_S):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come")


def test_a_quantity_is_announced_with_its_station_and_its_present_value(deliver, house, until):
    deliver([observed(7, 2153)])
    late = house()  # after the gateway has gone: all is retained
    until(lambda: late.last(CONFIG) and late.last(STATE), "not told")
    assert json.loads(late.last(CONFIG)) == {
        "name": "Air temperature", "unique_id": "luftpegel_LP-0001_temperature", "state_topic": STATE,
        "value_template": "{{ value_json.value }}", "json_attributes_topic": STATE,
        "availability_topic": STATUS, "expire_after": 2400, "suggested_display_precision": 2,
        "state_class": "measurement", "device_class": "temperature", "unit_of_measurement": "°C",
        "device": {"identifiers": ["luftpegel_LP-0001"], "name": "Mühlbach Brücke",
                   "manufacturer": "Luftpegel", "model": "level"},
        "origin": {"name": "Luftpegel"},
    }  # fmt: skip
    state = json.loads(late.last(STATE))
    assert (state["value"], state["latitude"], state["longitude"]) == (21.53, 49.5, 11.25)
    assert state["name"] == "Mühlbach Brücke"


def test_history_and_corrections_of_it_never_show_as_the_present(deliver, house, until):
    hears = house()
    deliver([observed(9), observed(4, late=True), observed(4, revision=1, late=True)])
    deliver([observed(9, revision=1)])
    deliver([observed(3, late=True), observed(10)])
    until(lambda: hears.last(STATUS) == b"offline" and hears.times(STATE) == 3, "not told")
    shown = [json.loads(payload) for topic, payload, _ in hears.told if topic == STATE]
    assert [(value["seq"], value["revision"]) for value in shown] == [(9, 0), (9, 1), (10, 0)]
    assert hears.times("luftpegel/LP-0001/temperature") == 6


def test_without_it_nothing_is_said(deliver, house, until):
    hears = house()
    deliver([observed(9)], home_assistant=None)
    until(lambda: hears.times("luftpegel/LP-0001/temperature"), "not told")
    assert {topic for topic, _, _ in hears.told} == {"luftpegel/LP-0001/temperature"}


def test_it_is_said_once_and_again_when_home_assistant_starts(with_sink, house):
    async def play(sink):
        hears = house()
        for seq in range(5):
            await sink.deliver([observed(seq)])
        await soon(lambda: hears.times(STATE) == 5)
        assert hears.times(CONFIG) == 1
        hears.client.publish("homeassistant/status", b"offline", 1)
        hears.client.publish("homeassistant/status", b"online", 1)
        await soon(lambda: hears.times(CONFIG) == 2)
        assert hears.times(STATUS) == 2

    with_sink(play)


def test_it_is_said_again_after_the_broker_has_lost_it(with_sink, house, broker):
    async def play(sink):
        await sink.deliver([observed(1)])
        await asyncio.to_thread(broker.stop)
        for file in broker.log.parent.glob("*.db"):
            file.unlink()
        await asyncio.to_thread(broker.start)
        hears = await asyncio.to_thread(house)
        while True:
            try:
                await sink.deliver([observed(2)])
                break
            except SinkDown:
                await asyncio.sleep(0.02)
        await soon(lambda: hears.last(CONFIG) and hears.last(STATUS) == b"online")

    with_sink(play)


def test_a_station_that_leaves_is_taken_away_also_while_the_gateway_is_down(deliver, house, until, stations):
    deliver([observed(1), observed(1, station="LP-0002")])
    hears = house()
    until(lambda: hears.last(CONFIG), "not told")
    stations.clear()
    deliver([])
    until(lambda: hears.last(CONFIG) == b"" and hears.last(STATE) == b"", "still there")
    new = house()
    until(lambda: new.last(STATUS), "not told")
    assert new.last(CONFIG) is None
    stations["LP-0001"] = BRIDGE
    deliver([observed(2)])
    until(lambda: hears.last(CONFIG) != b"", "not there again")


def test_a_new_name_is_told_without_a_reading(with_sink, house, stations, monkeypatch):
    monkeypatch.setattr(mqtt, "ANNOUNCE_EVERY_S", 0.02)

    async def play(sink):
        hears = house()
        await sink.deliver([observed(1)])
        stations["LP-0001"] = Station("LP-0001", "00" * 8, "Neuer Name", "level")
        await soon(lambda: b"Neuer Name" in (hears.last(CONFIG) or b""))

    with_sink(play, language="de")


def test_who_vanishes_is_offline(with_sink, house, broker, monkeypatch):
    async def play(sink):
        hears = house()
        await sink.deliver([observed(1)])
        await soon(lambda: hears.last(STATUS) == b"online")
        sink._publisher._client.socket().close()  # as a killed process does
        await soon(lambda: hears.times(STATUS) >= 2)
        assert b"offline" in [payload for topic, payload, _ in hears.told if topic == STATUS]

    with_sink(play)


def test_a_broken_memory_costs_nothing(deliver, house, until, tmp_path):
    (tmp_path / "announced-mqtt.sqlite").write_text("rubbish" * 1000)
    hears = house()
    deliver([observed(1)])
    until(lambda: hears.last(CONFIG), "not told")


def test_the_probe_writes_and_throws_nobody_out(with_sink, broker, house):
    options = {key: option.default for key, option in mqtt.OPTIONS.items()}
    options |= {"host": "127.0.0.1", "port": broker.port}

    async def play(sink):
        await sink.deliver([observed(1)])
        before = sink._publisher
        await mqtt.probe(options, "mqtt")
        await sink.deliver([observed(2)])
        assert sink._publisher is before

    with_sink(play)


def test_the_probe_says_why_not(broker):
    options = {key: option.default for key, option in mqtt.OPTIONS.items()}
    options |= {"host": "127.0.0.1", "port": broker.port}
    os.kill(broker._process.pid, signal.SIGKILL)
    broker._process.wait()
    with pytest.raises(OtherEndDown) as down:
        asyncio.run(mqtt.probe(options, "mqtt"))
    assert down.value.code == "LP-441"


def test_every_quantity_can_be_announced():
    assert set(KINDS) <= set(names())
    for number in numbers():
        for channel in (2 * number, 2 * number + 1):
            told = json.loads(config(BRIDGE, channel, state_topic="s", status_topic="a", language="en"))
            assert re.fullmatch(r"[A-Za-z0-9_-]+", told["unique_id"])
            assert "\N{GREEK SMALL LETTER MU}" not in told.get("unit_of_measurement", "")
            quantity = of_channel(channel)
            unit = None if quantity.name in home_assistant.WITHOUT_UNIT else quantity.symbol
            assert told.get("unit_of_measurement") == unit
    assert config(BRIDGE, 200, state_topic="s", status_topic="a", language="en") is None


def test_topics_have_only_what_is_allowed_and_are_never_the_same():
    odd = [("", "a.b"), ("", "a_b"), ("a", "b"), ("", "a_2e_b"), ("", "a__b"), ("", "ab")]
    topics = {config_topic("ha", tenant, station, 2) for tenant, station in odd}
    assert len(topics) == len(odd)
    assert all(re.fullmatch(r"ha/sensor/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+/config", topic) for topic in topics)
