"""Where readings go. One file a sink, one line in this table; nothing else changes.

A sink's module offers `OPTIONS` (what may stand in its [[sink]]) and `create(name, options, folder) -> Sink`.
Each sink has its own cursor in the journal and retries alone (`worker.py`): a dead one stops neither the
others nor the intake.
"""

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Protocol

from luftpegel_gateway.journal.sqlite.journal import Rejection, StoredFrame

SINKS = {
    "store": "luftpegel_gateway.sinks.store",
    "mqtt": "luftpegel_gateway.sinks.mqtt",
}


class SinkDown(Exception):  # noqa: N818 - a state, not a mistake
    """The sink cannot take anything now; the same frames are offered again later."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Sink(Protocol):
    """A running sink, used on the event loop only."""

    async def start(self) -> None:
        """Open what needs opening. Must not fail because the other end is away."""

    async def deliver(self, frames: Sequence[StoredFrame]) -> list[Rejection]:
        """Hand over all frames; back only when the other end has them for good. Raises SinkDown.

        Frames come again after a crash: a sink recognises readings by their names. What it will never accept
        is in the answer and goes into quarantine.
        """

    async def stop(self) -> None:
        """Close."""


def module_of(kind: str) -> ModuleType:
    """The module of a sink; KeyError for an unknown kind."""
    return importlib.import_module(SINKS[kind])
