"""A real broker that comes and goes: nothing of the network server's events is lost."""

import json
import threading

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.programs.broker import Broker, BrokerError
from luftpegel_tools.programs.debian import Program


@pytest.fixture
def own_broker(tmp_path):
    with Broker(tmp_path / "broker") as running:
        yield running


def test_events_wait_for_a_broker_that_is_away(own_broker, make_world):
    world = make_world(own_broker).joined()
    world.application.close()
    own_broker.stop()
    for number in range(5):
        world.uplink(bytes([number]))
    assert world.server.bus.outbox == 5
    own_broker.start()
    world.listen()
    assert world.server.bus.wait_ready(10)
    assert world.server.bus.wait_acknowledged(10)


def test_a_persistent_session_survives_the_broker(own_broker, make_world):
    """What an absent application is owed is on the broker's disk."""

    def client(on_message):
        made = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gateway", clean_session=False)
        made.on_message = on_message
        made.connect(own_broker.host, own_broker.port)
        made.loop_start()
        return made

    world = make_world(own_broker).joined()
    subscribed = threading.Event()
    absent = client(lambda *_: None)
    absent.on_subscribe = lambda *_: subscribed.set()
    absent.subscribe(f"application/{world.application_id}/#", qos=1)
    assert subscribed.wait(5)
    absent.disconnect()
    absent.loop_stop()
    for number in range(150):
        world.uplink(bytes([number]))
    assert world.server.bus.outbox == 0
    own_broker.stop()
    own_broker.start()
    counters, complete = [], threading.Event()

    def hear(_client, _data, message):
        counters.append(json.loads(message.payload)["fCnt"])
        if len(counters) == 150:
            complete.set()

    back = client(hear)
    assert complete.wait(10)
    assert counters == list(range(150))
    back.disconnect()
    back.loop_stop()


def test_a_broker_that_ends_at_once_is_an_error_not_a_wait(tmp_path):
    with pytest.raises(BrokerError, match="LP-370"):
        Broker(tmp_path / "broker", program=Program(("/bin/false",)))
