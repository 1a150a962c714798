"""An acknowledgement goes to the connection that brought the message, and to no other."""

import asyncio

import paho.mqtt.client as paho
import pytest

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.config.options import REQUIRED
from luftpegel_gateway.sources.chirpstack_mqtt import OPTIONS, ChirpStackMqtt


@pytest.fixture
def acknowledged(monkeypatch):
    """Packet identifiers that were acknowledged."""
    found = []
    monkeypatch.setattr(paho.Client, "ack", lambda _client, mid, qos: found.append((mid, qos)))
    return found


def receive(*, qos=1, reconnect=False):
    """One message through a source; acknowledged after a reconnect, or without one. Returns the troubles."""

    async def run():
        delivered, health = [], Health()
        options = {
            name: None if option.default is REQUIRED else option.default for name, option in OPTIONS.items()
        }
        source = ChirpStackMqtt("source", options | {"host": "localhost"}, delivered.append, health)
        message = paho.MQTTMessage(mid=7, topic=b"application/a/device/b/event/up")
        message.qos = qos
        source._message(None, None, message)
        if reconnect:
            source._disconnected(None, None, None, "connection lost", None)
        await asyncio.sleep(0)
        delivered[0].acknowledge()
        return health.troubles

    return asyncio.run(run())


def test_after_the_commit(acknowledged):
    receive()
    assert acknowledged == [(7, 1)]


def test_a_message_of_an_earlier_connection_is_left_to_be_delivered_again(acknowledged):
    receive(reconnect=True)
    assert acknowledged == []


def test_qos_0_is_told_for_nobody_can_hold_what_is_lost_there(acknowledged):
    assert receive(qos=0)["source (QoS)"].code == "LP-404"
    assert acknowledged == []
