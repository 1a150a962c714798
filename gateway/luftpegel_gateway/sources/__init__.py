"""Where frames come from. One file a source, one line in each of two tables; nothing else changes.

A source's module offers `OPTIONS` (what may stand in its [[source]], those of `filter` among them),
`parse(topic, payload, size) -> Event` (pure, raises `Refused`; it may stand in a file of its own), and
`create(name, options, deliver, conditions) -> Source`. `wrong(options)` and
`warnings(options)` judge options beside each other, where a kind needs it; `async def probe(options, name)
-> Probed` tries the other end once for `check`, and raises OtherEndDown with the cause.
"""

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import Protocol

from luftpegel_gateway.model.events import Arrival, Delivery, Event

SOURCES = {
    "chirpstack-mqtt": "luftpegel_gateway.sources.chirpstack_mqtt",
    "http-push": "luftpegel_gateway.sources.http_push",
    "tts-mqtt": "luftpegel_gateway.sources.tts_mqtt",
    "tts-webhook": "luftpegel_gateway.sources.tts_webhook",
}
# The parser of each kind: without the network side, so that a replay needs no broker.
PARSERS = {
    "chirpstack-mqtt": "luftpegel_gateway.sources.chirpstack_events",
    "http-push": "luftpegel_gateway.sources.push_events",
    "tts-mqtt": "luftpegel_gateway.sources.tts_events",
    "tts-webhook": "luftpegel_gateway.sources.tts_events",
    "chirpstack-queue": "luftpegel_gateway.sources.chirpstack_queue",  # our own notes
}

Deliver = Callable[[Sequence[Arrival]], Sequence[Arrival]]  # returns what there is no room for


class Source(Protocol):
    """A running source. `start` is called on the event loop, `stop` in a thread beside it."""

    def start(self) -> None:
        """Begin to deliver, and go on for ever: reconnecting is the source's own affair."""

    def stop(self) -> None:
        """Deliver nothing more. What is not acknowledged stays with the broker."""


def module_of(kind: str) -> ModuleType:
    """The module of a source; KeyError for an unknown kind."""
    return importlib.import_module(SOURCES[kind])


def parse(delivery: Delivery) -> Event:
    """The event in a delivery, by the parser of its source. Raises Refused."""
    return _parser(delivery.kind)(delivery.topic, delivery.payload, delivery.size)


@cache
def _parser(kind: str) -> Callable[[str, bytes, int | None], Event]:
    parse_event: Callable[[str, bytes, int | None], Event] = importlib.import_module(PARSERS[kind]).parse
    return parse_event
