"""An acknowledgement goes to the connection that brought the message, and to no other; without a broker."""

import asyncio
from pathlib import Path

import pytest

from luftpegel_gateway.conditions.conditions import Conditions
from luftpegel_gateway.config.options import REQUIRED
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.chirpstack_mqtt import OPTIONS, create
from luftpegel_gateway.transport.mqtt_client import Client
from luftpegel_gateway.transport.mqtt_packets import Message

TOPIC = b"application/a/device/b/event/up"


@pytest.fixture
def acknowledged(monkeypatch):
    """Packet identifiers that were acknowledged."""
    found = []
    monkeypatch.setattr(Client, "ack", lambda _client, mid, qos: found.append((mid, qos)))
    return found


def receive(*messages, then=lambda _source: None):
    """Messages through a source; acknowledged together after `then`. Returns deliveries and conditions."""

    async def run():
        arrivals, conditions = [], Conditions()
        options = {
            name: None if option.default is REQUIRED else option.default for name, option in OPTIONS.items()
        }
        options |= {"host": "127.0.0.1", "port": 1}
        source = create(Context("source", options, arrivals.extend, conditions, Path()))
        source._client._take(list(messages), [])
        await asyncio.sleep(0)
        then(source)
        source.acknowledge([arrival.token for arrival in arrivals])
        return [arrival.delivery for arrival in arrivals], conditions

    return asyncio.run(run())


def message(mid=7, qos=1, topic=TOPIC, payload=b"{}"):
    return Message(topic, payload, mid, qos, None)


def reconnect(source):
    """As paho does it, up to the socket: nobody listens there."""
    with pytest.raises(OSError, match="refused"):
        source._client.reconnect()


def test_after_the_commit(acknowledged):
    deliveries, conditions = receive(message(7), message(8))
    assert deliveries == [Delivery("source", "chirpstack-mqtt", TOPIC.decode(), b"{}")] * 2
    assert acknowledged == [(7, 1), (8, 1)]
    assert conditions.current() == ()


def test_a_message_of_an_earlier_connection_is_left_to_be_delivered_again(acknowledged):
    receive(message(), then=reconnect)
    assert acknowledged == []


def test_a_stopped_source_acknowledges_nothing_more(acknowledged):
    receive(message(), then=lambda source: source.stop())
    assert acknowledged == []


def test_qos_0_is_told_for_nobody_can_hold_what_is_lost_there(acknowledged):
    _, conditions = receive(message(mid=0, qos=0))
    assert conditions.of("source").code == "LP-404"
    assert acknowledged == []


def test_a_topic_that_is_no_text_names_nothing_and_is_delivered(acknowledged):
    deliveries, _ = receive(message(topic=b"\xff\xfe"))
    assert deliveries == [Delivery("source", "chirpstack-mqtt", "", b"{}")]
    assert acknowledged == [(7, 1)]
