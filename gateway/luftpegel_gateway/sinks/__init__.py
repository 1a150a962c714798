"""Where readings go. One file a sink, one line in this table; nothing else changes.

A sink's module offers `KIND`, `OPTIONS` (what may stand in its [[sink]]), `REVISES` and `create(context)`.
`REVISES` says that the other end can be told a corrected reading under the name that it has; a sink that
cannot gets each reading once. `wrong(options)` and `warnings(options)` judge options beside each other, where
a kind needs it; `files(options, name, data_folder)` tells what it writes that nobody else may (key, path);
`RAW = True` says that it takes frames of other makers' devices as they are (`Stranger`), which no other sink
gets.
`BATCH` is how many items it wants at most at a time. `async def probe(options, name) -> Probed | None` tries
the other end once for `check`, beside a running gateway and without disturbing it; it raises OtherEndDown
with what keeps it from working. Each sink has its own cursor in the journal and retries alone
(`delivery/worker.py`): a dead one stops neither the others nor the intake.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import msgspec

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.station import Station

SINKS = {
    "store": "luftpegel_gateway.sinks.store",
    "mqtt": "luftpegel_gateway.sinks.mqtt",
    "files": "luftpegel_gateway.sinks.files",
    "opensensemap": "luftpegel_gateway.sinks.opensensemap",
    "sensor-community": "luftpegel_gateway.sinks.sensor_community",
    "ngsi-ld": "luftpegel_gateway.sinks.ngsi_ld",
    "webhook": "luftpegel_gateway.sinks.webhook",
    "postgresql": "luftpegel_gateway.sinks.postgresql",
    "influxdb": "luftpegel_gateway.sinks.influxdb",
    "sensorthings": "luftpegel_gateway.sinks.sensorthings",
}


class SinkDown(OtherEndDown):
    """The sink cannot take anything now; the same items are offered again later."""


class Context(msgspec.Struct, frozen=True):
    """What a sink is made from: its name, its options as read, the gateway's data folder, and who is who.

    `station(id, tenant)`: what stations.toml says at this moment; None for one that is not (or no longer) in
    it, whose readings are delivered all the same.
    """

    name: str
    options: Mapping[str, Any]
    folder: Path
    station: Callable[[str, str], Station | None] = lambda _id, _tenant: None


class Sink(Protocol):
    """A running sink, used on the event loop only."""

    async def start(self) -> None:
        """Open what needs opening. Must not fail because the other end is away."""

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """Hand over all items; back only when the other end has them for good. Raises OtherEndDown.

        Items come again after a crash, in the same order: a sink recognises readings by their names and
        revisions. What it will never accept is in the answer and goes into quarantine.
        """

    async def stop(self) -> None:
        """Close."""


def module_of(kind: str) -> ModuleType:
    """The module of a sink; KeyError for an unknown kind."""
    return importlib.import_module(SINKS[kind])
