"""ChirpStack v4 over MQTT: a persistent session with QoS 1, acknowledged by hand after the journal's commit.

The broker keeps what we have not acknowledged, sends no more than the receive maximum, and sends it again
after a reconnect. An acknowledgement belongs to the connection that brought the message: after a reconnect
the same packet identifier may mean another message, so late acknowledgements of an earlier connection are
dropped.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import paho.mqtt.client as paho

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.config.options import Option, text, whole
from luftpegel_gateway.model.events import Delivery, Downlink
from luftpegel_gateway.sources import Deliver
from luftpegel_gateway.sources.chirpstack_events import is_json, json_command, parse, protobuf_command
from luftpegel_gateway.transport import mqtt

__all__ = ["KIND", "OPTIONS", "ChirpStackMqtt", "create", "parse"]

KIND = "chirpstack-mqtt"
OPTIONS = {
    **mqtt.BROKER_OPTIONS,
    "topic_prefix": Option(text, None),
    "receive_maximum": Option(whole(1, 65535), 500),
}
RESUBSCRIBE_S = 30


class ChirpStackMqtt:
    """One broker's events."""

    def __init__(self, name: str, options: Mapping[str, Any], deliver: Deliver, health: Health) -> None:
        self._name = name
        self._address = f"{options['host']}:{options['port']}"
        self._deliver = deliver
        self._health = health
        self._loop = asyncio.get_running_loop()
        prefix = f"{options['topic_prefix'].strip('/')}/" if options["topic_prefix"] else ""
        self._filter = f"{prefix}application/+/device/+/event/+"
        self._connection = 0  # counts connections; guarded by the lock
        self._lock = threading.Lock()
        self._client = mqtt.new_client(
            options, name=name, keep_session=True, receive_maximum=options["receive_maximum"]
        )
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._failed
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._message

    def start(self) -> None:
        """See `Source`."""
        self._health.report(self._name, "LP-401", f"{self._address} not connected yet")
        self._client.loop_start()

    def stop(self) -> None:
        """See `Source`."""
        with self._lock:
            self._connection += 1
        self._client.disconnect()
        self._client.loop_stop()

    # From here on to `_acknowledge`: paho's thread.

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._tell("LP-402", f"{self._address}: {reason}")
            return
        # Always, also in a resumed session: the broker may have lost it, and a second time changes nothing.
        client.subscribe(self._filter, qos=1)

    def _subscribed(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._tell("LP-403", f"{self._address}: {self._filter}: {refused[0]}")
            mqtt.on_loop(self._loop, self._subscribe_later)
        else:
            mqtt.on_loop(self._loop, self._health.clear, self._name)

    def _failed(self, _client: paho.Client, _data: Any) -> None:
        self._tell("LP-401", f"{self._address} cannot be reached")

    def _disconnected(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        with self._lock:
            self._connection += 1
        self._tell("LP-401", f"{self._address}: {reason}")

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # no broker forwards one; it goes into quarantine with its payload
        acknowledge = partial(self._acknowledge, self._connection, message.mid, message.qos)
        answer = partial(self._answer, json_command if is_json(message.payload) else protobuf_command)
        delivery = Delivery(KIND, topic, bytes(message.payload), acknowledge, answer)
        mqtt.on_loop(self._loop, self._deliver, delivery)

    def _tell(self, code: str, detail: str) -> None:
        mqtt.on_loop(self._loop, self._health.report, self._name, code, detail)

    # The event loop.

    def _acknowledge(self, connection: int, mid: int, qos: int) -> None:
        if qos == 0:
            self._health.report(f"{self._name} (QoS)", "LP-404", self._address)
            return
        with self._lock:
            if connection == self._connection:
                self._client.ack(mid, qos)

    def _answer(self, encode: Callable[[Downlink], bytes], downlink: Downlink) -> None:
        """Put a command into the device's queue; lost when the link is down, then asked for again."""
        if self._client.is_connected():
            self._client.publish(downlink.topic, encode(downlink), qos=1)

    def _subscribe_later(self) -> None:
        self._loop.call_later(RESUBSCRIBE_S, partial(self._client.subscribe, self._filter, qos=1))


def create(name: str, options: Mapping[str, Any], deliver: Deliver, health: Health) -> ChirpStackMqtt:
    """The source of one [[source]] with kind "chirpstack-mqtt"."""
    return ChirpStackMqtt(name, options, deliver, health)
