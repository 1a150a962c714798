"""Republish: one JSON message a value on `luftpegel/<station>/<quantity>`, QoS 1, for what else a town runs.

At least once: the cursor moves when the broker has acknowledged all of them. What it refuses is refused alone
(MQTT 5 says so in the PUBACK; an MQTT 3.1.1 broker can only end the connection, so the guilty message is
found by sending fewer at a time), unless it refuses everything: then readings wait.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from luftpegel_gateway.config.options import Option, flag, text
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import AlarmRaised, Item, Rejection
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.mqtt_messages import messages_of
from luftpegel_gateway.sinks.retained import Mark, Retained, mark_of
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_visit import probed, visiting
from luftpegel_gateway.transport.publisher import (
    ACCEPTED,
    LARGEST_WINDOW,
    Answer,
    Lost,
    Message,
    Publisher,
    Unreachable,
)

KIND = "mqtt"
OPTIONS = {
    **mqtt.BROKER_OPTIONS,
    "topic_prefix": Option(text, "luftpegel"),
    "retain": Option(flag, False),
}
wrong, warnings = mqtt.wrong, mqtt.warnings
REVISES = True
NARROWER = 8  # after a lost connection: this much fewer in flight, down to one; wider again after a success
LOST_ALONE = 3  # times that a message, alone in flight, may cost the connection before it is refused
PROBE = "probe"  # <prefix>/probe: whether the connection may write at all, asked only when all was refused


class Planned(msgspec.Struct, frozen=True):
    """A message, the item that it is of (by its place), and what the topic then holds, if it is retained."""

    item: int
    message: Message
    mark: Mark | None

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells it from others; the same when the item is offered again."""
        return self.message.topic, self.message.payload


class Republish:
    """One broker to publish to."""

    def __init__(self, name: str, options: Mapping[str, Any], retained: Retained | None) -> None:
        """`retained` is None where nothing is retained."""
        self._name = name
        self._options = options
        self._address = f"{options['host']}:{options['port']}"
        self._prefix = options["topic_prefix"].strip("/")
        self._retained = retained
        self._loaded = retained is None
        self._publisher: Publisher | None = Publisher(options, name)  # TLS files are read now: CannotStart
        self._started = False
        self._closing: set[asyncio.Task[None]] = set()
        self._window = LARGEST_WINDOW
        self._done: dict[tuple[str, bytes], str] = {}  # answers to messages of a batch that was not finished
        self._suspect: tuple[tuple[str, bytes], int] | None = None  # alone in flight at a loss, and how often
        self._stations: set[str] = set()  # whose messages could be written since the start

    async def start(self) -> None:
        """See `Sink`."""
        self._connect()

    async def stop(self) -> None:
        """See `Sink`."""
        self._drop()
        await asyncio.gather(*self._closing)

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        await self._ready()
        plan = self._plan(items)
        while not await self._send([planned for planned in plan if planned.key not in self._done]):
            await self._ready()
        refused = [(planned, reason) for planned in plan if (reason := self._done[planned.key]) != ACCEPTED]
        taken = [planned for planned in plan if self._done[planned.key] == ACCEPTED]
        accepted = {items[planned.item].ref.station for planned in taken}
        if refused and not taken:
            await self._judge({items[planned.item].ref.station for planned, _ in refused}, refused)
        self._stations |= accepted
        self._done.clear()
        return self._rejections(items, refused)

    async def _send(self, plan: Sequence[Planned]) -> bool:
        """Publish and remember the answers; False: go on with a new connection. Raises SinkDown."""
        publisher = await self._ready()
        try:
            answers = await publisher.publish([planned.message for planned in plan], self._window)
        except Lost as lost:
            self._drop()
            await self._remember(plan, lost.answers)
            self._window = max(1, self._window // NARROWER)
            if any(lost.answers):  # mosquitto 2.0.11 ends the connection after it has refused something
                return False
            self._suspect_of(plan, lost)
            raise SinkDown("LP-420", f"{self._address}: {lost}") from lost
        await self._remember(plan, answers)
        self._window = min(self._window * NARROWER, LARGEST_WINDOW)
        return True

    async def _ready(self) -> Publisher:
        """The connection. Raises SinkDown."""
        try:
            if self._retained is not None and not self._loaded:
                await asyncio.to_thread(self._retained.load)
                self._loaded = True
        except sqlite3.Error as error:
            raise SinkDown("LP-411", f"{self._name}: {error}") from error
        publisher = self._connect()
        try:
            await publisher.ready()
        except Unreachable as error:
            raise SinkDown("LP-402" if error.refused else "LP-420", f"{self._address}: {error}") from error
        return publisher

    def _connect(self) -> Publisher:
        if self._publisher is None:
            self._publisher = Publisher(self._options, self._name)
        if not self._started:
            self._publisher.start()
            self._started = True
        return self._publisher

    def _drop(self) -> None:
        """End the connection; the next delivery makes a new one, and need not wait for the end of this."""
        publisher, self._publisher, self._started = self._publisher, None, False
        if publisher is not None:
            closing = asyncio.create_task(publisher.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _plan(self, items: Sequence[Item]) -> list[Planned]:
        """All messages in order; a value is retained only when none that is newer is or will be."""
        plan: list[Planned] = []
        held: dict[str, Mark] = {}
        for place, item in enumerate(items):
            mark = None if self._retained is None or isinstance(item, AlarmRaised) else mark_of(item)
            for topic, payload in messages_of(self._prefix, item):
                retain = mark is not None and self._is_current(topic, mark, held, item)
                if retain and mark is not None:
                    held[topic] = mark
                plan.append(Planned(place, Message(topic, payload, retain), mark if retain else None))
        return plan

    def _is_current(self, topic: str, mark: Mark, held: Mapping[str, Mark], item: Item) -> bool:
        late = not isinstance(item, AlarmRaised) and item.late
        return self._retained is not None and self._retained.current(topic, mark, held, late=late)

    async def _remember(self, sent: Sequence[Planned], answers: Sequence[Answer]) -> None:
        """Keep what the broker said: it need not be asked again, and a restart knows what it holds."""
        held: dict[str, Mark] = {}
        for planned, answer in zip(sent, answers, strict=True):
            if answer is not None:
                self._done[planned.key] = answer
            if answer == ACCEPTED and planned.mark is not None:
                held[planned.message.topic] = planned.mark
        try:
            if self._retained is not None:
                await asyncio.to_thread(self._retained.save, held)
        except sqlite3.Error as error:
            self._done.clear()  # published again, then kept
            raise SinkDown("LP-411", f"{self._name}: {error}") from error

    def _suspect_of(self, sent: Sequence[Planned], lost: Lost) -> None:
        """A connection was lost; with one message in flight it is plain which may have cost it."""
        if lost.silent or len(lost.in_flight) != 1:
            return
        key = sent[lost.in_flight[0]].key
        times = 1 + (self._suspect[1] if self._suspect is not None and self._suspect[0] == key else 0)
        self._suspect = (key, times)
        if times >= LOST_ALONE:
            self._done[key] = f"the broker ends the connection when it gets this: {lost}"

    async def _judge(self, stations: set[str], refused: Sequence[tuple[Planned, str]]) -> None:
        """All was refused: raises SinkDown where that means the connection, not these messages."""
        if self._stations and not stations & self._stations:
            return
        self._drop()  # it may be about to end, see `_send`
        publisher = await self._ready()
        try:
            answers = await publisher.publish([Message(f"{self._prefix}/{PROBE}", b"")])
        except Lost as lost:
            self._done.clear()  # it is the broker, not these messages
            self._drop()
            raise SinkDown("LP-420", f"{self._address}: {lost}") from lost
        if answers != [ACCEPTED]:
            planned, reason = refused[0]
            self._done.clear()  # asked again when the operator has allowed it
            raise SinkDown("LP-422", f"{self._address}: {planned.message.topic}: {reason}")

    def _rejections(
        self, items: Sequence[Item], refused: Sequence[tuple[Planned, str]]
    ) -> list[Rejection]:
        """One for each item with a refused message."""
        first = {planned.item: (planned.message.topic, reason) for planned, reason in reversed(refused)}
        return [
            Rejection(items[place], Fault("LP-422", f"{self._address}: {topic}: {reason}"))
            for place, (topic, reason) in sorted(first.items())
        ]


async def probe(options: Mapping[str, Any], name: str) -> Probed:
    """Whether the broker lets us in and lets us write. Raises OtherEndDown, CannotStart."""
    async with visiting(options, name) as visitor:
        await visitor.publish(f"{options['topic_prefix'].strip('/')}/{PROBE}")
        told = await visitor.ask_of_itself()
    return Probed(probed(told, f"{options['host']}:{options['port']}").seen)


def create(context: Context) -> Republish:
    """The sink of one [[sink]] with kind "mqtt". Raises CannotStart."""
    file = context.folder / f"retained-{context.name}.sqlite"
    retained = Retained(file) if context.options["retain"] else None
    return Republish(context.name, context.options, retained)
