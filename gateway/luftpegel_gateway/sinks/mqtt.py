"""Republish: one JSON message a value on `luftpegel/<station>/<quantity>`, QoS 1, for what else a town runs.

At least once: the cursor moves when the broker has acknowledged all of them. What it refuses is refused alone
(MQTT 5 says so in the PUBACK; an MQTT 3.1.1 broker can only end the connection, so the guilty message is
found by sending fewer at a time), unless it refuses everything: then readings wait.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong, choice, flag
from luftpegel_gateway.model.faults import CannotStart, Fault
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.discovery import Discovery
from luftpegel_gateway.sinks.home_assistant import OFFLINE, ONLINE
from luftpegel_gateway.sinks.mqtt_plan import Planned, Planner
from luftpegel_gateway.sinks.retained import Mark, Retained
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_visit import probed, visiting
from luftpegel_gateway.transport.publisher import (
    ACCEPTED,
    LARGEST_WINDOW,
    Answer,
    Listening,
    Lost,
    Message,
    Publisher,
    Unreachable,
)

log = logging.getLogger("luftpegel.gateway")
KIND = "mqtt"
OPTIONS = {
    **mqtt.BROKER_OPTIONS,
    "topic_prefix": Option(mqtt.topic, "luftpegel"),
    "retain": Option(flag, False),
    "home_assistant": Option(mqtt.topic, None),
    "language": Option(choice("en", "de"), "en"),
}
warnings = mqtt.warnings
REVISES = True
RAW = True
NARROWER = 8  # after a lost connection: this much fewer in flight, down to one; wider again after a success
LOST_ALONE = 3  # times that a message, alone in flight, may cost the connection before it is refused
ANNOUNCE_EVERY_S = 60.0
PROBE = "probe"  # <prefix>/probe: whether the connection may write at all, asked only when all was refused


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong).

    Below one prefix our `online` and Home Assistant's would be one topic, and each would call for the other.
    """
    yield from mqtt.wrong(options)
    theirs = options["home_assistant"]
    if theirs is not None and theirs.strip("/") == options["topic_prefix"].strip("/"):
        yield "home_assistant", Wrong("LP-306", expected="another than topic_prefix", got=repr(theirs))


class Republish:
    """One broker to publish to."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        retained: Retained | None,
        station: Callable[[str, str], Station | None] = lambda _id, _tenant: None,
        discovery: Discovery | None = None,
    ) -> None:
        """`retained` is None where nothing is retained. `station(id, tenant)`: of stations.toml now.
        `discovery`: what Home Assistant is told, if it is."""
        self._name = name
        self._discovery = discovery
        self._options = options
        self._address = f"{options['host']}:{options['port']}"
        self._prefix = options["topic_prefix"].strip("/")
        state_topic = None if discovery is None else discovery.state_topic
        self._planner = Planner(self._prefix, retained, station, retain=options["retain"], state=state_topic)
        self._retained = retained
        self._loaded = retained is None
        self._publisher: Publisher | None = self._new()  # TLS files are read now: CannotStart
        self._started = False
        self._closing: set[asyncio.Task[None]] = set()
        self._window = LARGEST_WINDOW
        self._done: dict[tuple[str, bytes], str] = {}  # answers to messages of a batch that was not finished
        self._suspect: tuple[tuple[str, bytes], int] | None = None  # alone in flight at a loss, and how often
        self._stations: set[str] = set()  # whose messages could be written since the start
        self._one = asyncio.Lock()  # who publishes
        self._asked = asyncio.Event()  # Home Assistant has started
        self._announcing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See `Sink`."""
        self._connect()
        if self._discovery is not None:
            self._announcing = asyncio.create_task(self._keep_announcing())

    async def stop(self) -> None:
        """See `Sink`."""
        if self._announcing is not None:
            self._announcing.cancel()
            await asyncio.gather(self._announcing, return_exceptions=True)
            await self._say_goodbye()
        self._drop()
        await asyncio.gather(*self._closing)

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        async with self._one:
            if self._discovery is not None:
                self._discovery.learn(items)
                await self._announce()
            return await self._deliver(items)

    async def _deliver(self, items: Sequence[Item]) -> list[Rejection]:
        await self.ready()
        plan = self._planner.plan(items)
        while not await self._send([planned for planned in plan if planned.key not in self._done]):
            await self.ready()
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
        publisher = await self.ready()
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

    async def ready(self) -> Publisher:
        """The connection, made if need be. Raises SinkDown."""
        try:
            if self._retained is not None and not self._loaded:
                await asyncio.to_thread(self._retained.load)
                if self._discovery is not None:
                    await asyncio.to_thread(self._discovery.load)
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
            self._publisher = self._new()
        if not self._started:
            self._publisher.start()
            self._started = True
        return self._publisher

    def _new(self) -> Publisher:
        if self._discovery is None:
            return Publisher(self._options, self._name)
        will = Message(self._discovery.status_topic, OFFLINE, retain=True)
        listening = Listening(self._discovery.birth_topic, self._heard, self._say_again)
        return Publisher(self._options, self._name, will=will, listening=listening)

    def _heard(self, payload: bytes) -> None:
        if payload == ONLINE:
            self._say_again()

    def _say_again(self) -> None:
        if self._discovery is not None:
            self._discovery.again()
            self._asked.set()

    async def _keep_announcing(self) -> None:
        """Announce when Home Assistant has started, and now and then, for stations come and go."""
        while True:
            with contextlib.suppress(SinkDown, CannotStart):  # told with the next delivery
                async with self._one:
                    await self._announce()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), ANNOUNCE_EVERY_S)
            self._asked.clear()

    async def _announce(self) -> None:
        """Tell Home Assistant what it does not know yet. Raises SinkDown."""
        publisher = await self.ready()
        if self._discovery is None or not (due := self._discovery.due()):
            return
        try:
            answers = await publisher.publish(due)
            await asyncio.to_thread(self._discovery.announced, due)
        except Lost as lost:
            self._drop()
            raise SinkDown("LP-420", f"{self._address}: {lost}") from lost
        except sqlite3.Error as error:
            raise SinkDown("LP-411", f"{self._name}: {error}") from error
        if refused := [message.topic for message, answer in zip(due, answers, strict=True) if answer]:
            log.warning("%s: LP-422 Home Assistant is not told: %s", self._name, ", ".join(refused[:3]))

    async def _say_goodbye(self) -> None:
        """The broker publishes our last will only when we vanish without a word."""
        if self._publisher is not None and self._publisher.connected and self._discovery is not None:
            with contextlib.suppress(Lost):
                await self._publisher.publish([Message(self._discovery.status_topic, OFFLINE, retain=True)])

    def _drop(self) -> None:
        """End the connection; the next delivery makes a new one, and need not wait for the end of this."""
        publisher, self._publisher, self._started = self._publisher, None, False
        if publisher is not None:
            closing = asyncio.create_task(publisher.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

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
        publisher = await self.ready()
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
    options, theirs = context.options, context.options["home_assistant"]
    file = context.folder / f"retained-{context.name}.sqlite"
    retained = Retained(file) if options["retain"] or theirs else None
    discovery = None
    if theirs:
        prefixes = (options["topic_prefix"].strip("/"), theirs.strip("/"))
        announced = context.folder / f"announced-{context.name}.sqlite"
        discovery = Discovery(announced, prefixes, options["language"], context.station)
    return Republish(context.name, options, retained, context.station, discovery)
