"""Publishing to an MQTT broker with QoS 1 and an answer for each message, over one connection of paho.

A publisher that lost its connection with messages in flight is done with: paho would send them again beside
those that the caller sends again. The caller closes it and makes a new one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import paho.mqtt.client as paho

from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_client import Client
from luftpegel_gateway.transport.mqtt_packets import Message as Received

CONNECT_S = 10.0
ANSWER_S = 60.0  # without a single acknowledgement while the connection stands
LARGEST_WINDOW = 500  # messages in flight; MQTT 5 brokers may allow less (Receive Maximum)
HEADER = 16  # bytes of an MQTT packet beside topic and payload, at most

ACCEPTED = ""
Answer = str | None  # ACCEPTED, why the broker refuses this message, or None: it did not say


class Message(msgspec.Struct, frozen=True):
    """One message to publish."""

    topic: str
    payload: bytes
    retain: bool = False


class Unreachable(Exception):  # noqa: N818 - a state, not a mistake
    """No connection; `refused` when the broker is there and says no."""

    def __init__(self, detail: str, *, refused: bool = False) -> None:
        super().__init__(detail)
        self.refused = refused


class Lost(Exception):  # noqa: N818 - a state, not a mistake
    """The connection ended, or went silent, before all was answered.

    `answers`: what the broker said before; `in_flight`: which messages, by their place, it had been sent
    without an answer; `silent`: the connection stands, but nothing comes.
    """

    def __init__(
        self, detail: str, answers: list[Answer], in_flight: list[int], *, silent: bool = False
    ) -> None:
        super().__init__(detail)
        self.answers = answers
        self.in_flight = in_flight
        self.silent = silent


class Listening(msgspec.Struct, frozen=True):
    """A topic to hear beside publishing: `heard(payload)` on the event loop; `reached()` at each
    connection."""

    topic: str
    heard: Callable[[bytes], None]
    reached: Callable[[], None]


class Publisher:
    """One connection. paho's thread only hands over; everything else runs on the event loop."""

    def __init__(
        self,
        options: Mapping[str, Any],
        name: str,
        *,
        will: Message | None = None,
        listening: Listening | None = None,
    ) -> None:
        """Raises CannotStart. `options` are `mqtt.BROKER_OPTIONS`; connects when the loop runs. `will`: what
        the broker publishes when we vanish."""
        self._client = mqtt.new_client(
            options, name=name, keep_session=False, receive_maximum=LARGEST_WINDOW, received=self._hear
        )
        if will is not None:
            self._client.will_set(will.topic, will.payload, 1, will.retain)
        self._listening = listening
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._connected = False
        self._reason = ""  # why there is no connection
        self._refused = False
        self._window = LARGEST_WINDOW
        self._largest: int | None = None  # bytes of a packet that the broker takes
        self._open: dict[int, int] = {}  # messages without an answer: packet identifier -> place
        self._answers: list[Answer] = []

    def start(self) -> None:
        """Begin to connect, and go on for ever. On the event loop."""
        loop = self._loop = asyncio.get_running_loop()

        def connected(_client: paho.Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
            mqtt.on_loop(loop, self._reached, reason, properties)

        def disconnected(
            _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
        ) -> None:
            mqtt.on_loop(loop, self._lost, str(reason))

        def published(_client: paho.Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
            mqtt.on_loop(loop, self._answered, mid, reason)

        self._client.on_connect = connected
        self._client.on_disconnect = disconnected
        self._client.on_publish = published
        self._client.loop_start()

    @property
    def connected(self) -> bool:
        """Whether it can publish now."""
        return self._connected

    async def ready(self) -> None:
        """Wait for the connection. Raises Unreachable."""
        try:
            async with asyncio.timeout(CONNECT_S):
                while not self._connected and not self._refused:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise Unreachable(self._reason or "cannot be reached") from error
        if not self._connected:
            raise Unreachable(self._reason, refused=True)

    async def publish(self, messages: Sequence[Message], window: int = LARGEST_WINDOW) -> list[Answer]:
        """Publish all, in order, at most `window` in flight; the answer to each. Raises Lost."""
        self._answers = [None] * len(messages)
        place = 0
        while place < len(messages) or self._open:
            while place < len(messages) and len(self._open) < min(window, self._window) and self._connected:
                self._send(place, messages[place])
                place += 1
            if not self._connected:
                raise Lost(self._reason, self._answers, sorted(self._open.values()))
            if self._open:
                await self._wait()
        return self._answers

    async def close(self) -> None:
        """End the connection. paho's thread may be waiting for a dead host: not on the event loop."""
        await asyncio.to_thread(self._close_now)

    def _close_now(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self, place: int, message: Message) -> None:
        size = len(message.topic.encode()) + len(message.payload) + HEADER
        if self._largest is not None and size > self._largest:  # sent, it would cost the connection
            self._answers[place] = f"{size} bytes, the broker takes {self._largest}"
            return
        info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
        self._open[info.mid] = place

    async def _wait(self) -> None:
        """Wait until something changes."""
        self._changed.clear()
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._changed.wait()
        except TimeoutError as error:
            reason = f"no acknowledgement for {ANSWER_S:.0f} s"
            raise Lost(reason, self._answers, sorted(self._open.values()), silent=True) from error

    def _hear(self, client: Client, connection: int, messages: Sequence[Received]) -> None:
        """In paho's thread."""
        client.acknowledge([(connection, message.mid, message.qos) for message in messages])
        if self._listening is not None and self._loop is not None:
            for message in messages:
                mqtt.on_loop(self._loop, self._listening.heard, message.payload)

    # Called from paho's thread through the loop.

    def _reached(self, reason: Any, properties: Any) -> None:
        self._refused = reason.is_failure
        if self._refused:
            self._reason = str(reason)
        elif not self._open:  # else paho sends again what `publish` is about to give up
            self._connected = True
            if self._listening is not None:
                self._client.subscribe(self._listening.topic, 1)
                self._listening.reached()
            self._window = getattr(properties, "ReceiveMaximum", None) or LARGEST_WINDOW
            self._largest = getattr(properties, "MaximumPacketSize", None)
        self._changed.set()

    def _lost(self, reason: str) -> None:
        if self._connected or not self._refused:
            self._reason = reason
        self._connected = False
        self._changed.set()

    def _answered(self, mid: int, reason: Any) -> None:
        place = self._open.pop(mid, None)
        if place is not None:
            self._answers[place] = str(reason) if reason.is_failure else ACCEPTED
            self._changed.set()
