"""One end's MQTT connection: letters out at QoS 1, letters in kept until somebody takes them.

The network thread only fills a box; everything else happens where the box is emptied, in virtual time.
"""

import contextlib
import socket
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.backhaul.broker_address import BrokerAddress

MARK = "/mark"
_FAREWELL_S = 1.0  # real time that a last word may take


@dataclass(frozen=True)
class Letter:
    """A message that arrived."""

    topic: str
    payload: bytes


@dataclass(frozen=True)
class Standing:
    """What the broker keeps for all to see: whether somebody is there."""

    topic: str
    here: bytes
    gone: bytes


class Post:
    """A connection that outlives the broker's restarts."""

    def __init__(
        self,
        address: BrokerAddress,
        topic: str,
        name: str,
        *,
        client_id: str | None = None,
        standings: Sequence[Standing] = (),
    ) -> None:
        """Connect in the background and subscribe to `topic`.

        With a `client_id`, which a later run will have, too, the broker keeps no letters for us while we are
        away: those of an earlier life would be misunderstood. A single standing is also our last will.
        """
        self._topic = topic
        self._standings = standings
        self._changed = threading.Condition()
        self._box: list[Letter] = []
        self._mark = self._marks_sent = 0
        self._ready = False
        self._refusal: str | None = None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"{name}-{uuid.uuid4()}",
            clean_session=client_id is not None,
        )
        if len(standings) == 1:  # a connection has one last will only
            client.will_set(standings[0].topic, standings[0].gone, qos=1, retain=True)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        address.introduce(client)
        client.on_socket_open = _without_delay
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        self._client = client
        client.connect_async(address.host, address.port, keepalive=30)
        client.loop_start()

    def send(self, topic: str, payload: bytes) -> None:
        """Queue a letter; returns at once."""
        self._client.publish(topic, payload, qos=1)

    def take(self) -> list[Letter]:
        """Everything that has arrived since the last time, in order."""
        with self._changed:
            letters, self._box = self._box, []
        return letters

    @property
    def ready(self) -> bool:
        """Whether letters arrive here now."""
        with self._changed:
            return self._ready

    @property
    def refusal(self) -> str | None:
        """Why the broker refused us the last time; None when it did not."""
        with self._changed:
            return self._refusal

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until letters arrive here; False when the broker is away or refuses us."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._refusal is not None, timeout_s)
            return self._ready

    def mark(self, topic: str) -> int:
        """Send a mark behind all letters so far, to a topic that ends in `MARK`; gives its number."""
        self._marks_sent += 1
        self.send(topic, str(self._marks_sent).encode())
        return self._marks_sent

    def wait_mark(self, number: int, timeout_s: float) -> None:
        """Wait until the other end's mark, and so all before it, is here; not for a broker that is away."""
        with self._changed:
            self._changed.wait_for(lambda: self._mark >= number or not self._ready, timeout_s)

    def close(self) -> None:
        """End the connection; what was not yet delivered is forgotten."""
        if self.ready:
            for standing in self._standings:
                told = self._client.publish(standing.topic, standing.gone, qos=1, retain=True)
                with contextlib.suppress(RuntimeError):  # the connection was lost just now
                    told.wait_for_publish(_FAREWELL_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _props: Any) -> None:
        with self._changed:
            self._refusal = str(reason) if reason.is_failure else None
            self._changed.notify_all()
        if not reason.is_failure:
            client.subscribe(self._topic, qos=1)
            for standing in self._standings:
                client.publish(standing.topic, standing.here, qos=1, retain=True)

    def _subscribed(self, _client: mqtt.Client, _data: Any, _mid: int, reasons: Any, _props: Any) -> None:
        refusals = [str(reason) for reason in reasons if reason.is_failure]
        with self._changed:
            self._ready = not refusals
            self._refusal = refusals[0] if refusals else None
            self._changed.notify_all()

    def _disconnected(self, *_ignored: Any) -> None:
        with self._changed:
            self._ready = False
            self._changed.notify_all()

    def _message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        with self._changed:
            if not message.topic.endswith(MARK):
                self._box.append(Letter(message.topic, bytes(message.payload)))
            elif message.payload.isdigit():
                self._mark = max(self._mark, int(message.payload))
            self._changed.notify_all()


def _without_delay(_client: mqtt.Client, _data: Any, connection: Any) -> None:
    """Small letters go at once, not when the last one has been acknowledged (40 ms each)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
