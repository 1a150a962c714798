"""Where frames come from. One file a source, one line in each of two tables; nothing else changes.

A source's module offers `OPTIONS` (what may stand in its [[source]], those of `filter` among them),
`parse(topic, payload, size) -> Event` (pure, raises `Refused`; it may stand in a file of its own), and
`create(context) -> Source`. `wrong(options)` and
`warnings(options)` judge options beside each other, where a kind needs it; `parser(options)` gives a `parse`
that knows them, where what comes cannot be read without (keys); `async def probe(options, name) -> Probed`
tries the other end once for `check`, and raises OtherEndDown with the cause.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import msgspec

from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.events import Arrival, Delivery, Event

SOURCES = {
    "chirpstack-mqtt": "luftpegel_gateway.sources.chirpstack_mqtt",
    "http-push": "luftpegel_gateway.sources.http_push",
    "replay": "luftpegel_gateway.sources.replay",
    "tts-mqtt": "luftpegel_gateway.sources.tts_mqtt",
    "tts-webhook": "luftpegel_gateway.sources.tts_webhook",
    "usb-receiver": "luftpegel_gateway.sources.usb_receiver",
}
# The parser of each kind: without the network side, so that a replay needs no broker.
PARSERS = {
    "chirpstack-mqtt": "luftpegel_gateway.sources.chirpstack_events",
    "http-push": "luftpegel_gateway.sources.push_events",
    "replay": "luftpegel_gateway.sources.recording",
    "tts-mqtt": "luftpegel_gateway.sources.tts_events",
    "tts-webhook": "luftpegel_gateway.sources.tts_events",
    "chirpstack-queue": "luftpegel_gateway.sources.chirpstack_queue",  # our own notes
    "usb-receiver": "luftpegel_gateway.sources.receiver_events",
}

Parse = Callable[[str, bytes, int | None], Event]  # topic, payload, size; raises Refused
Deliver = Callable[[Sequence[Arrival]], Sequence[Arrival]]  # returns what there is no room for


class Context(msgspec.Struct, frozen=True):
    """What a source is made from: its name, its options as read, where arrivals go, who is told of troubles,
    and the gateway's data folder, for what it must remember itself."""

    name: str
    options: Mapping[str, Any]
    deliver: Deliver
    conditions: Conditions
    folder: Path


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
def _parser(kind: str) -> Parse:
    parse_event: Parse = importlib.import_module(PARSERS[kind]).parse
    return parse_event


class Parsers:
    """`parse` with what the sources in gateway.toml know beside their kind."""

    def __init__(self, parts: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """`parts`: name, kind and options of each source."""
        modules = [(name, kind, module_of(kind), options) for name, kind, options in parts]
        self._own: dict[tuple[str, str], Parse] = {
            (name, kind): module.parser(options)
            for name, kind, module, options in modules
            if hasattr(module, "parser")
        }

    def __call__(self, delivery: Delivery) -> Event:
        """The event in a delivery. Raises Refused."""
        own = self._own.get((delivery.source, delivery.kind))
        return own(delivery.topic, delivery.payload, delivery.size) if own else parse(delivery)
