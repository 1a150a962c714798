"""To an OGC SensorThings service, version 1.1 (18-088), such as FROST-Server: one Observation a value, once.

The standard knows no "write it if it is not there". So whatever may have been written before is asked for
first: after a start, after a lost answer, for corrections and for readings from a station's memory. Only what
is newer than all that is known to be there goes without asking. Corrections change the Observation.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from luftpegel_gateway.config.options import Option, flag, text, whole
from luftpegel_gateway.model.faults import Fault, OtherEndDown
from luftpegel_gateway.model.names import Name, Ref
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.sinks import Context, SinkDown, sensorthings_there
from luftpegel_gateway.sinks.sensorthings_api import REFUSED, VANISHED, Api, Entity
from luftpegel_gateway.sinks.sensorthings_directory import Address, Directory
from luftpegel_gateway.sinks.sensorthings_doubles import Watch
from luftpegel_gateway.sinks.sensorthings_rows import Row, rows_of
from luftpegel_gateway.sinks.sensorthings_writer import Writer
from luftpegel_gateway.transport import http_faults, http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "sensorthings"
OPTIONS = {
    **HTTP_OPTIONS,
    "scope": Option(text, "luftpegel"),
    "batch": Option(whole(1, 1000), 150),
    "null_results": Option(flag, True),
}
wrong, warnings = http_options.wrong, http_options.warnings
REVISES = True
BATCH = 500
NEVER = "LP-482"
OTHER_SERVICE = "LP-483"
_DATAMODEL = "iot_sensing/1.1/req/datamodel"
_COLLECTIONS = {"Things", "Datastreams", "Observations"}
PATIENCES = 2  # after so many times `timeout_s` no request of before is carried out any more
MOST_WATCHED = 10_000  # rows
Addresses = Mapping[Name, Address]


class SensorThings:
    """One service."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises CannotStart: files for TLS cannot be read."""
        self._options = context.options
        self._client = HttpClient(context.options, context.name)
        self._api = Api(self._client)
        self._doubles = Watch(self._api, PATIENCES * context.options["timeout_s"], clock)
        self._directory = Directory(self._api, context.options["scope"], context.station, self._doubles)
        self._writer = Writer(self._api)
        self._clock = clock
        self._front: dict[Ref, int] = {}  # the highest number there; a life that is not in here is in doubt
        self._watched: dict[Name, tuple[float, Row]] = {}  # written in doubt: looked at again at that time

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        await self._look_again()
        refused: dict[Name, str] = {}
        rows = rows_of(items, nulls=self._options["null_results"])
        for some in _portions(rows, self._options["batch"]):
            refused |= await self._portion(some)
        if refused and not self._writer.took:  # nothing was ever taken: it is not these readings
            raise SinkDown(REFUSED, next(iter(refused.values())))
        reasons = {row.place: refused[row.name] for row in reversed(rows) if row.name in refused}
        return [Rejection(items[place], Fault(NEVER, reasons[place])) for place in sorted(reasons)]

    async def _portion(self, rows: Sequence[Row]) -> dict[Name, str]:
        """Some rows, whole. After a failure each of them is in doubt."""
        try:
            addresses = await self._directory.addresses(row.name for row in rows)
            there = await self._there(rows, addresses)
            changed = {
                row.name: (row, there[row.name])
                for row in rows
                if row.name in there and _outdated(row, there[row.name])
            }
            refused = await self._writer.change(changed)
            missing = [row for row in rows if row.name not in there and self._belongs(row)]
            refused |= await self._writer.create(missing, addresses)
            await self._advance(rows, addresses)
        except OtherEndDown as down:
            self._doubt(rows)
            if down.code == VANISHED:
                self._directory.forget(row.name for row in rows)
            if down.code == http_faults.SLOW:  # it may still be at it: asked too early, it has nothing yet
                raise SinkDown(down.code, down.detail, max(down.wait_s, self._options["timeout_s"])) from down
            raise
        return refused

    def _belongs(self, row: Row) -> bool:
        """Whether a row that is not there is to be made: it has a time, and a number where one is wanted."""
        return row.time is not None and (self._options["null_results"] or bytes(row.result) != b"null")

    async def _there(self, rows: Sequence[Row], addresses: Addresses) -> dict[Name, Entity]:
        unsure = [
            row for row in rows if row.revision or row.name.seq <= self._front.get(row.name.ref, row.name.seq)
        ]
        return await sensorthings_there.observations(self._api, unsure, addresses)

    async def _advance(self, rows: Sequence[Row], addresses: Addresses) -> None:
        """All rows are there: remember how far that is, where nothing newer is there from before."""
        doubtful = [row for row in rows if row.name.ref not in self._front]
        self._watch(doubtful)
        sure = await sensorthings_there.at_the_front(self._api, doubtful, addresses) | self._front.keys()
        for row in rows:
            if row.name.ref in sure:
                self._front[row.name.ref] = max(row.name.seq, self._front.get(row.name.ref, 0))

    def _doubt(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._front.pop(row.name.ref, None)

    def _watch(self, rows: Sequence[Row]) -> None:
        """A request of before, that nobody waits for any more, may still be carried out."""
        later = self._clock() + PATIENCES * self._options["timeout_s"]
        for row in rows[: MOST_WATCHED - len(self._watched)]:
            self._watched[row.name] = (later, row)

    async def _look_again(self) -> None:
        """Whether what was written in doubt is there twice; asking removes the second one."""
        await self._doubles.look_again()
        now = self._clock()
        due = [row for when, row in self._watched.values() if when <= now]
        for some in _portions(due, self._options["batch"]):
            addresses = await self._directory.addresses(row.name for row in some)
            await sensorthings_there.observations(self._api, some, addresses)
            for row in some:
                del self._watched[row.name]


def _outdated(row: Row, there: Entity) -> bool:
    """Whether what is there is to be changed: an older telling of the same, which says something else."""
    told = sensorthings_there.told_by(there)
    return told is not None and told.revision < row.revision and not row.says(there)


def _portions(rows: Sequence[Row], size: int) -> Iterator[list[Row]]:
    """`size` rows at a time, and the rest of the reading that is begun."""
    some: list[Row] = []
    for row in rows:
        if len(some) >= size and row.place != some[-1].place:
            yield some
            some = []
        some.append(row)
    if some:
        yield some


def create(context: Context) -> SensorThings:
    """The sink of one [[sink]] with kind "sensorthings". Raises CannotStart."""
    return SensorThings(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Whether a SensorThings 1.1 service is there that lets us write; nothing stays behind.

    An empty CreateObservations makes nothing and needs the right to. Raises OtherEndDown.
    """
    client = HttpClient(options, name)
    try:
        api = Api(client)
        root = await api.root()
        told = root.json() if root.well else None
        if not isinstance(told, dict) or not _is_ours(told):
            raise SinkDown(OTHER_SERVICE, root.words())
        await api.post("CreateObservations", [], (501,))
    finally:
        await client.close()


def _is_ours(told: Mapping[str, Any]) -> bool:
    """By the conformance classes that 1.1 has every service tell (18-088, 9.2.1), and by its collections."""
    settings = told.get("serverSettings")
    classes = settings.get("conformance") if isinstance(settings, dict) else None
    listed = told.get("value")
    names = (
        {one.get("name") for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()
    )
    return names >= _COLLECTIONS and any(str(one).rstrip("/").endswith(_DATAMODEL) for one in classes or [])
