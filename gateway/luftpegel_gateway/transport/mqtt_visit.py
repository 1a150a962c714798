"""One short visit to a broker: does it let us in, may we subscribe, may we publish, has it dropped anything?

Under a client id of its own, so that the session of a running gateway is left alone; a broker that allows
only certain client ids must allow this one too. Nothing that comes is acknowledged, nothing stays behind.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import paho.mqtt.client as paho

from luftpegel_gateway.model.faults import Fault, OtherEndDown
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_client import Client
from luftpegel_gateway.transport.mqtt_link import Link
from luftpegel_gateway.transport.mqtt_packets import Message

ENDING = "-check"  # of the client id
NOT_SUBSCRIBED, QOS_0, NOT_PUBLISHED, DROPPED = "LP-403", "LP-404", "LP-422", "LP-346"
# What mosquitto tells of itself (mosquitto(8), "Broker status"); other brokers, and rights, may tell nothing.
VERSION = "$SYS/broker/version"
DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
LONGEST_WORD = 80


class Visitor:
    """A client while it is connected. Its methods raise OtherEndDown."""

    def __init__(self, options: Mapping[str, Any], name: str) -> None:
        """Raises CannotStart."""
        loop = asyncio.get_running_loop()
        self._address = f"{options['host']}:{options['port']}"
        self._inside: asyncio.Future[Fault | None] = loop.create_future()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._told: dict[str, str] = {}
        own = options["client_id"] or f"luftpegel-{name}"
        self._client = mqtt.new_client(
            {**options, "client_id": own + ENDING}, name=name, keep_session=False, received=self._received
        )

        def answered(_client: paho.Client, _data: Any, mid: int, reasons: Any, _properties: Any) -> None:
            mqtt.on_loop(loop, self._answered, mid, reasons)

        self._client.on_subscribe = answered
        self._client.on_unsubscribe = answered
        self._client.on_publish = answered
        Link(self._client, tls=options["tls"], up=self._up, down=self._down, steady=lambda: None)

    async def enter(self) -> None:
        """Connect and log in."""
        self._client.loop_start()
        fault = await self._inside
        if fault is not None:
            raise OtherEndDown(fault.code, fault.detail)

    async def leave(self) -> None:
        """End the connection; paho's thread may be waiting for a dead host: not on the event loop."""
        await asyncio.to_thread(self._leave_now)

    def _leave_now(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    async def subscribe(self, topics: str) -> list[Fault]:
        """Subscribe at QoS 1; a warning where the broker grants less."""
        reasons = await self._answer(self._client.subscribe(topics, qos=1)[1])
        if reasons[0].is_failure:
            raise OtherEndDown(NOT_SUBSCRIBED, f"{self._address}: {topics}: {reasons[0]}")
        return [] if reasons[0].value else [Fault(QOS_0, self._address)]

    async def publish(self, topic: str) -> None:
        """Publish an empty message: may we? MQTT 3.1.1 brokers do not say."""
        reason = await self._answer(self._client.publish(topic, b"", qos=1).mid)
        if reason.is_failure:
            raise OtherEndDown(NOT_PUBLISHED, f"{self._address}: {topic}: {reason}")

    async def ask_of_itself(self) -> Mapping[str, str]:
        """What the broker tells of itself by topic. It answers in order, so all comes before the end."""
        for topic in (VERSION, DROPPED_TOPIC):
            await self._answer(self._client.subscribe(topic)[1])
        await self._answer(self._client.unsubscribe(VERSION)[1])
        return self._told

    async def _answer(self, mid: int | None) -> Any:
        if mid is None:
            raise OtherEndDown("LP-401", f"{self._address}: the connection ended")
        waiting = self._answers[mid] = asyncio.get_running_loop().create_future()
        return await waiting

    # paho's thread.

    def _received(self, _client: Client, _connection: int, messages: Sequence[Message]) -> None:
        for message in messages:
            topic = message.topic.decode(errors="replace")
            if topic in (VERSION, DROPPED_TOPIC):
                self._told[topic] = message.payload[:LONGEST_WORD].decode(errors="replace")

    # The event loop.

    def _up(self) -> None:
        if not self._inside.done():
            self._inside.set_result(None)

    def _down(self, fault: Fault) -> None:
        if not self._inside.done():
            self._inside.set_result(fault)
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(OtherEndDown(fault.code, fault.detail))

    def _answered(self, mid: int, reasons: Any) -> None:
        waiting = self._answers.pop(mid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reasons)


@contextlib.asynccontextmanager
async def visiting(options: Mapping[str, Any], name: str) -> AsyncIterator[Visitor]:
    """A visitor who has been let in. Raises OtherEndDown with the one cause why not, and CannotStart."""
    visitor = Visitor(options, name)
    try:
        await visitor.enter()
        yield visitor
    finally:
        await visitor.leave()


def probed(told: Mapping[str, str], address: str, warnings: Sequence[Fault] = ()) -> Probed:
    """The finding: the broker's version where it tells it, and whether it has dropped messages."""
    number = told.get(DROPPED_TOPIC, "")
    dropped = [Fault(DROPPED, f"{address}: {number}")] if number.isdecimal() and int(number) else []
    return Probed(f"{address} {told.get(VERSION, '')}".rstrip(), (*warnings, *dropped))


async def subscribing(
    options: Mapping[str, Any], name: str, topics: str, *, plain: bool = False
) -> Probed:
    """A source's trial: in, subscribed, and what the broker has dropped. OtherEndDown, CannotStart.

    `plain`: a network server's own broker. That it has QoS 0 only is no news, it tells nothing of itself, and
    it may end the connection of who asks.
    """
    async with visiting(options, name) as visitor:
        warnings = await visitor.subscribe(topics)
        told = {} if plain else await visitor.ask_of_itself()
    if plain:
        return probed(told, f"{options['host']}:{options['port']}")
    return probed(told, f"{options['host']}:{options['port']}", warnings)
