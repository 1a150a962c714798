"""Where readings go. One file a sink, one line in this table; nothing else changes.

A sink's module offers `KIND`, `OPTIONS` (what may stand in its [[sink]]), `REVISES` and `create(context)`.
`REVISES` says that the other end can be told a corrected reading under the name that it has; a sink that
cannot gets each reading once. Each sink has its own cursor in the journal and retries alone
(`delivery/worker.py`): a dead one stops neither the others nor the intake.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import msgspec

from luftpegel_gateway.model.observations import Item, Rejection

SINKS = {
    "store": "luftpegel_gateway.sinks.store",
    "mqtt": "luftpegel_gateway.sinks.mqtt",
}


class SinkDown(Exception):  # noqa: N818 - a state, not a mistake
    """The sink cannot take anything now; the same items are offered again later."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


class Context(msgspec.Struct, frozen=True):
    """What a sink is made from: its name, its options as read, and the gateway's data folder."""

    name: str
    options: Mapping[str, Any]
    folder: Path


class Sink(Protocol):
    """A running sink, used on the event loop only."""

    async def start(self) -> None:
        """Open what needs opening. Must not fail because the other end is away."""

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """Hand over all items; back only when the other end has them for good. Raises SinkDown.

        Items come again after a crash, in the same order: a sink recognises readings by their names and
        revisions. What it will never accept is in the answer and goes into quarantine.
        """

    async def stop(self) -> None:
        """Close."""


def module_of(kind: str) -> ModuleType:
    """The module of a sink; KeyError for an unknown kind."""
    return importlib.import_module(SINKS[kind])
