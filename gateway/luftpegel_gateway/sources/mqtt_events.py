"""A network server's events over MQTT: a session the broker keeps, acknowledged by hand after the commit.

The broker keeps what we have not acknowledged, sends no more than the receive maximum, and sends it again
after a reconnect. All messages of one read reach the event loop in one call, and all acknowledgements of a
batch go out in one write. What differs between network servers is a `Manner`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import paho.mqtt.client as paho

from luftpegel_gateway.config.options import Option, whole
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_client import Client
from luftpegel_gateway.transport.mqtt_faults import LOST, OF_CONNECTION, TWICE
from luftpegel_gateway.transport.mqtt_link import Link
from luftpegel_gateway.transport.mqtt_packets import Message

RECEIVING = {
    **source_filter.OPTIONS,
    "receive_maximum": Option(whole(1, 65535), 500),
    "largest_event": Option(whole(1024, 1024 * 1024), mqtt.LARGEST_EVENT),
}
NOT_SUBSCRIBED, QOS_0 = "LP-403", "LP-404"
RESUBSCRIBE_S = 30
SURE = 20  # messages with QoS 1 in a row: nobody publishes with QoS 0 any more


class Commands(Protocol):
    """Another way for commands than the broker."""

    def send(self, downlink: Downlink) -> None:
        """Pass it on; may fail, and is then asked for again. On the event loop."""

    def close(self) -> None:
        """Pass nothing more on. In a thread beside the loop."""


class Manner(msgspec.Struct, frozen=True):
    """How a network server uses MQTT: whose parser, where events are, how a command is written, and whether
    it can publish with QoS 1 at all."""

    kind: str
    topics: str
    encode: Callable[[Downlink], bytes]
    knows_qos: bool = True
    commands: Commands | None = None  # where commands do not go by the broker


class MqttEvents:
    """One broker's events; the `Upstream` of their arrivals."""

    def __init__(self, context: Context, manner: Manner) -> None:
        name, options = context.name, context.options
        self._name = name
        self._address = f"{options['host']}:{options['port']}"
        self._deliver = context.deliver
        self._conditions = context.conditions
        self._loop = asyncio.get_running_loop()
        self._manner = manner
        self._filter = manner.topics
        self._stopped = False
        self._sure = 0  # messages with QoS 1 in a row
        self._client = mqtt.new_client(
            options,
            name=name,
            keep_session=True,
            receive_maximum=options["receive_maximum"],
            largest=options["largest_event"],
            received=self._received,
        )
        self._client.on_subscribe = self._subscribed
        Link(self._client, tls=options["tls"], up=self._subscribe, down=self._down, steady=self._steady)

    def start(self) -> None:
        """See `Source`."""
        self._conditions.report(self._name, LOST, f"{self._address} not connected yet")
        self._client.loop_start()

    def stop(self) -> None:
        """See `Source`."""
        self._stopped = True
        self._client.disconnect()
        self._client.loop_stop()
        if self._manner.commands is not None:
            self._manner.commands.close()

    # paho's thread.

    def _received(self, _client: Client, connection: int, messages: Sequence[Message]) -> None:
        name, kind = self._name, self._manner.kind
        arrivals = [
            Arrival(
                Delivery(name, kind, _text(message.topic), message.payload, message.size),
                self,
                (connection, message.mid, message.qos),
            )
            for message in messages
        ]
        mqtt.on_loop(self._loop, self._arrived, arrivals)

    def _subscribed(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        mqtt.on_loop(self._loop, self._answered, refused)

    # The event loop.

    def _subscribe(self) -> None:
        """Always, also in a resumed session: the broker may have lost it, and twice changes nothing."""
        if not self._stopped:
            self._client.subscribe(self._filter, qos=1)

    def _answered(self, refused: Sequence[str]) -> None:
        """The broker has answered the subscription."""
        if refused:
            detail = f"{self._address}: {self._filter}: {refused[0]}"
            self._conditions.report(self._name, NOT_SUBSCRIBED, detail)
            self._loop.call_later(RESUBSCRIBE_S, self._subscribe)
        else:
            self._conditions.clear(self._name, NOT_SUBSCRIBED)
        # Another client with our id is not gone because it is our turn: that shows when the connection lasts.
        self._conditions.clear(self._name, *(code for code in OF_CONNECTION if code != TWICE))

    def _down(self, fault: Fault) -> None:
        """No connection. A cause that explains itself takes the place of any before; a vague one does not."""
        if self._stopped:
            return
        self._conditions.report(self._name, fault.code, fault.detail)
        if fault.code != LOST:  # only now: between two causes nothing works
            self._conditions.clear(self._name, *(code for code in OF_CONNECTION if code != fault.code))

    def _steady(self) -> None:
        self._conditions.clear(self._name, TWICE)

    def _arrived(self, arrivals: list[Arrival]) -> None:
        if self._stopped:
            return
        if self._manner.knows_qos:
            self._watch_qos(arrivals)
        self._deliver(arrivals)

    def _watch_qos(self, arrivals: Sequence[Arrival]) -> None:
        """Tell of a publisher with QoS 0, for nobody can hold what is lost there, until there is none."""
        unsafe = [place for place, arrival in enumerate(arrivals) if not arrival.token[2]]
        if unsafe:
            self._sure = 0
            self._conditions.report(self._name, QOS_0, self._address)
        before = self._sure
        self._sure += len(arrivals) - (unsafe[-1] + 1 if unsafe else 0)
        if before < SURE <= self._sure:
            self._conditions.clear(self._name, QOS_0)

    def acknowledge(self, tokens: Sequence[tuple[int, int, int]]) -> None:
        """See `Upstream`: one write for all of them."""
        self._client.acknowledge(tokens)

    def answer(self, downlink: Downlink) -> None:
        """See `Upstream`: lost when the link is down, and then asked for again."""
        if self._manner.commands is not None:
            self._manner.commands.send(downlink)
        elif self._client.is_connected():
            self._client.publish(downlink.topic, self._manner.encode(downlink), qos=1)


def _text(topic: bytes) -> str:
    """A topic as text; one that is no UTF-8, which no broker forwards, names nothing."""
    try:
        return topic.decode()
    except UnicodeDecodeError:
        return ""
