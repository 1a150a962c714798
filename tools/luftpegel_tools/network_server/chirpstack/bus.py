"""The MQTT side of the network server: events out at QoS 1, downlink commands in.

An event stays in memory until the broker has acknowledged it, over any number of reconnects, in order.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.backhaul.broker_address import BrokerAddress

COMMANDS = "application/+/device/+/command/down"


class EventBus:
    """A connection to the broker that outlives the broker's restarts."""

    def __init__(self, address: BrokerAddress, on_command: Callable[[str, bytes], None]) -> None:
        """`on_command` gets topic and payload on the network thread."""
        self._on_command = on_command
        self._changed = threading.Condition()
        self._published_count = 0
        self._acknowledged_count = 0
        self._ready = False
        self._commands = 0
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"chirpstack-{uuid.uuid4()}", clean_session=False
        )
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        address.introduce(client)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_publish = self._published
        client.on_message = self._message
        self._client = client
        client.connect_async(address.host, address.port, keepalive=30)
        client.loop_start()

    def publish(self, topic: str, payload: bytes) -> None:
        """Queue an event; returns at once."""
        with self._changed:
            self._published_count += 1
        # Not under the lock: the client holds its own one here and in the callbacks.
        self._client.publish(topic, payload, qos=1)

    @property
    def outbox(self) -> int:
        """Events that the broker has not yet acknowledged."""
        with self._changed:
            return self._published_count - self._acknowledged_count

    @property
    def commands(self) -> int:
        """Commands heard so far."""
        with self._changed:
            return self._commands

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until events and commands flow; False when the broker is away."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ready, timeout_s)

    def wait_acknowledged(self, timeout_s: float) -> bool:
        """Wait until the outbox is empty; does not wait for a broker that is away."""
        with self._changed:
            self._changed.wait_for(lambda: not (self.outbox and self._ready), timeout_s)
            return self.outbox == 0

    def wait_command(self, seen: int, timeout_s: float) -> bool:
        """Give the applications a moment to answer with a command, beyond the `seen` earlier ones."""
        with self._changed:
            return self._changed.wait_for(lambda: self._commands > seen, timeout_s)

    def close(self) -> None:
        """End the connection; what was not acknowledged is forgotten."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        if not reason.is_failure:
            client.subscribe(COMMANDS, qos=1)

    def _subscribed(self, *_ignored: Any) -> None:
        with self._changed:
            self._ready = True
            self._changed.notify_all()

    def _disconnected(self, *_ignored: Any) -> None:
        with self._changed:
            self._ready = False
            self._changed.notify_all()

    def _published(self, *_ignored: Any) -> None:
        with self._changed:
            self._acknowledged_count += 1
            self._changed.notify_all()

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._on_command(message.topic, bytes(message.payload))
        with self._changed:
            self._commands += 1
            self._changed.notify_all()
