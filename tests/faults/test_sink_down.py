"""One sink is away: intake and the other sink go on, and the missing one gets everything afterwards."""

import json
import queue

import paho.mqtt.client as paho
import pytest

from luftpegel_tools.programs.broker import Broker

PATIENCE_S = 30
SINKS = '[[sink]]\nkind = "store"\n[[sink]]\nkind = "mqtt"\nname = "town"\nhost = "127.0.0.1"\nport = {}\n'


@pytest.fixture
def town(tmp_path):
    """The broker of somebody else, which is not running yet."""
    broker = Broker(tmp_path / "town")
    broker.stop()
    yield broker
    broker.stop()


@pytest.fixture
def two_sinks(site, town):
    site.write_config(SINKS.format(town.port))
    return site.started()


@pytest.fixture
def subscriber(town):
    """Starts the town's broker and listens."""
    heard, subscribed = queue.Queue(), queue.Queue()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="town-subscriber")
    client.on_message = lambda _client, _data, message: heard.put(
        (message.topic, json.loads(message.payload))
    )
    client.on_subscribe = lambda *_: subscribed.put(True)

    def listen():
        town.start()
        client.connect("127.0.0.1", town.port)
        client.loop_start()
        client.subscribe("luftpegel/#", 1)
        subscribed.get(timeout=PATIENCE_S)
        return heard

    yield listen
    client.disconnect()
    client.loop_stop()


def names(heard, count):
    """Distinct names out of what came, until there are `count`."""
    found = {}
    while len(found) < count:
        topic, message = heard.get(timeout=PATIENCE_S)
        found[message["station"], message["seq"], message["quantity"]] = (topic, message)
    return found


def test_dead_sink_stops_nobody_and_gets_all_later(two_sinks, server, station, subscriber, until):
    site = two_sinks
    for seq in range(20):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(20))
    until(lambda: 'sink="town"} 20' in site.get("/metrics")[1], "backlog not told")
    heard = subscriber()
    found = names(heard, 40)
    assert {seq for _, seq, _ in found} == set(range(20))
    topic, message = found["LP-0001", 7, "temperature"]
    assert topic == "luftpegel/LP-0001/temperature"
    assert message["value"] == pytest.approx(station.value(7)[0] / 100)
    assert message["unit"] == "Cel"
    until(lambda: 'sink="town"} 0' in site.get("/metrics")[1], "backlog not drained")


def test_killed_while_the_sink_is_away(two_sinks, server, station, subscriber):
    site = two_sinks
    for seq in range(10):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(10))
    site.kill()
    heard = subscriber()
    site.start()
    assert {seq for _, seq, _ in names(heard, 20)} == set(range(10))
