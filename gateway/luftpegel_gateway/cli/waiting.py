"""What of our commands waits in ChirpStack's queues, and taking one out of there again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from luftpegel_gateway.cli.network_server import api_of, sources_of
from luftpegel_gateway.cli.site import Site
from luftpegel_gateway.downlinks import commands
from luftpegel_gateway.model.faults import Fault, OtherEndDown
from luftpegel_gateway.model.state import WAITING, Command
from luftpegel_gateway.model.station import Station
from luftpegel_wire import PORT_CONFIG

if TYPE_CHECKING:
    from luftpegel_gateway.network_server.channel import Api
    from luftpegel_gateway.network_server.queue import Item

Row = tuple[Station, Command]
STAYS = "LP-518"
ELSEWHERE = ("LP-510", "LP-511")  # this network server does not have the device, as far as our key sees


class Queued(msgspec.Struct, frozen=True):
    """What lies in the queues. `items`: by (tenant, station, token). `others`: how many are none of the
    waiting commands, by (tenant, station). `fault`: why not all could be asked."""

    items: dict[tuple[str, str, int], "Item"] = {}
    others: dict[tuple[str, str], int] = {}
    fault: Fault | None = None


class Taken(msgspec.Struct, frozen=True):
    """What became of a command in the queue. `gone`: items that went too. `on_air`: it was sent before."""

    flushed: bool = False
    on_air: bool = False
    gone: "tuple[Item, ...]" = ()
    fault: Fault | None = None


def look(site: Site, rows: Sequence[Row]) -> Queued:
    """Where the waiting ones of these commands are. A network server that does not answer is a fault told."""
    found: dict[tuple[str, str, int], Item] = {}
    others: dict[tuple[str, str], int] = {}
    by_station: dict[tuple[str, str], list[Row]] = {}
    for station, command in rows:
        if command.state == WAITING:
            by_station.setdefault((station.tenant, station.id), []).append((station, command))
    try:
        for key, waiting in by_station.items():
            with _queue(site, waiting[0][0]) as (_, items):
                ours = {(*key, command.token): item for station, command in waiting
                        if (item := item_of(items, station, command))}  # fmt: skip
            found |= ours
            others[key] = len(items) - len(ours)
    except OtherEndDown as down:
        return Queued(found, others, Fault(down.code, down.detail))
    return Queued(found, others)


def take_out(site: Site, station: Station, command: Command, *, all_of_it: bool) -> Taken:
    """Take a command out of the queue. Only the whole queue can be emptied: with other things in it that is
    done with `all_of_it` alone, and what went with it is told."""
    from luftpegel_gateway.network_server import queue  # noqa: PLC0415 - grpc may be missing

    try:
        with _queue(site, station) as (server, items):
            ours = item_of(items, station, command)
            if server is None or ours is None:
                return Taken()
            if ours.pending:
                return Taken(on_air=True)
            beside = tuple(item for item in items if item != ours)
            if beside and not all_of_it:
                return Taken(fault=Fault(STAYS, f"{station.shown}: {len(beside)}"))
            queue.flush(server, station.dev_eui)
            return Taken(flushed=True, gone=beside)
    except OtherEndDown as down:
        return Taken(fault=Fault(down.code, down.detail))


def item_of(items: "Sequence[Item]", station: Station, command: Command) -> "Item | None":
    """A command among a queue's items: by name, or by its port and bytes, which have its token in them."""
    names = (command.item, commands.command_id(station.dev_eui, command))
    wanted = PORT_CONFIG, commands.payload(command)
    fitting = (item for item in items if item.id in names or (item.f_port, item.data) == wanted)
    return next(fitting, None)


@contextmanager
def _queue(site: Site, station: Station) -> "Iterator[tuple[Api | None, tuple[Item, ...]]]":
    """The network server that has the station's device, and the queue there; (None, ()): none has it."""
    sources = sources_of(site, station.tenant)
    if sources:
        from luftpegel_gateway.network_server import queue  # noqa: PLC0415
    for number, source in enumerate(sources, 1):
        with api_of(source) as server:
            try:
                items = queue.read(server, station.dev_eui)
            except OtherEndDown as down:
                if down.code not in ELSEWHERE or number == len(sources):
                    raise
                continue
            yield server, items
            return
    yield None, ()
