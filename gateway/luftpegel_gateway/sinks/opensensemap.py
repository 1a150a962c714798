"""openSenseMap: `POST /boxes/:boxId/data`, a JSON array with a time for each value (docs.opensensemap.org).

Only stations that the options name, only values that nobody doubts; no place is sent, it is the box's. The
platform recognises no repeats, so each request that it has confirmed is marked on the disk: at least once,
and twice only what it had taken when its answer did not reach us, or when we were killed before the mark. A
disk that takes no mark is found out before anything is sent.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from luftpegel_gateway.config.options import Option, Wrong, matching, secret, table, whole
from luftpegel_gateway.model.faults import CannotStart, Fault, OtherEndDown
from luftpegel_gateway.model.observations import Item, Observed, Rejection
from luftpegel_gateway.model.quantities import decimal, name_of, named
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.public_values import good, readings_of
from luftpegel_gateway.sinks.sent import Sent
from luftpegel_gateway.transport import http_faults, http_options
from luftpegel_gateway.transport.http_client import Answer, HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "opensensemap"
BATCH = 500
REVISES = False
LARGEST = 2500  # values in a request
TAKEN = 201  # another 2xx is not the platform's: a login page, a proxy
NOT_THIS_BOX = (401, 403, 404)
ELSEWHERE = {401: http_faults.LOGIN, 403: http_faults.FORBIDDEN, 404: http_faults.NO_SUCH_PATH}
_ID = matching(r"[0-9a-f]{24}", "57000b8745fd40c8196ad04c")
SHOWN = ("url", "proxy", "timeout_s", "ca_file", "cert_file", "key_file")


class Box(msgspec.Struct, frozen=True):
    """A station's box: its id, its token, and the sensor of each quantity."""

    box: str
    token: str
    sensors: Mapping[str, str]


def boxes(value: Any, folder: Path) -> Mapping[str, Box]:
    """The reader of `stations`: a table for each station that is to be public."""
    found = {}
    for station, told in table(value, folder).items():
        keys = {"box", "token_file", "sensors"}
        if set(table(told, folder)) != keys:
            raise Wrong("LP-311", example="box, token_file, sensors", got=", ".join(told) or station)
        sensors = {}
        for quantity, sensor in table(told["sensors"], folder).items():
            if named(quantity) is None:
                raise Wrong("LP-311", example="temperature", got=quantity)
            sensors[quantity] = _ID(sensor, folder)
        found[station] = Box(_ID(told["box"], folder), secret(told["token_file"], folder), sensors)
    return found


OPTIONS = {
    "stations": Option(boxes),
    "requests_per_minute": Option(whole(1, 600), 12),
    **{key: HTTP_OPTIONS[key] for key in SHOWN},
    "url": Option(http_options.url, "https://api.opensensemap.org"),
}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other."""
    yield from http_options.wrong(_client_options(options))


def _client_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the HTTP client; each box has a login of its own."""
    defaults = {key: option.default for key, option in HTTP_OPTIONS.items()}
    return defaults | {key: options[key] for key in SHOWN}


class Pace:
    """So many requests in any minute."""

    def __init__(
        self, number: int, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._past: deque[float] = deque(maxlen=number)

    async def turn(self) -> None:
        """Wait until another request may go out."""
        if len(self._past) == self._past.maxlen and (left := self._past[0] + 60 - self._clock()) > 0:
            await self._sleep(left)
        self._past.append(self._clock())


class Value(msgspec.Struct, frozen=True):
    """One value on its way, and the item that it is of."""

    item: Observed
    mark: str
    told: Mapping[str, str]


class OpenSenseMap:
    """All boxes."""

    def __init__(
        self,
        context: Context,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`clock` and `sleep` pace the requests. Raises CannotStart."""
        self._stations: Mapping[str, Box] = context.options["stations"]
        self._client = HttpClient(_client_options(context.options), context.name)
        self._name = context.name
        self._sent = Sent(context.folder / f"sent-{context.name}.sqlite")
        self._pace = Pace(context.options["requests_per_minute"], clock, sleep)

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        try:
            done = await asyncio.to_thread(self._sent.times)
            rejections: list[Rejection] = []
            for station, values in self._by_station(items, done).items():
                for place in range(0, len(values), LARGEST):
                    rejections += await self._post(station, values[place : place + LARGEST])
        except sqlite3.Error as error:
            raise SinkDown("LP-411", f"{self._name}: {error}") from error
        return rejections

    def _by_station(self, items: Sequence[Item], done: Mapping[str, int]) -> dict[str, list[Value]]:
        found: dict[str, list[Value]] = {}
        for station, item in readings_of(items, self._stations):
            created = datetime.fromtimestamp(item.reading.time or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for cell in good(item):
                sensor = self._stations[station].sensors.get(name_of(cell.channel))
                mark = f"{station}/{item.ref.life}/{item.reading.seq}/{cell.channel}"
                if sensor is None or cell.value is None or mark in done:
                    continue
                told = {"sensor": sensor, "value": decimal(cell.channel, cell.value), "createdAt": created}
                found.setdefault(station, []).append(Value(item, mark, told))
        return found

    async def _post(self, station: str, values: Sequence[Value]) -> list[Rejection]:
        """Hand over values of one box; a value that is refused is found by halves. Raises SinkDown."""
        box = self._stations[station]
        await self._pace.turn()
        await asyncio.to_thread(self._sent.try_to_write)
        try:
            answer = await self._client.request(
                "POST",
                f"boxes/{box.box}/data",
                json=[value.told for value in values],
                headers={"Authorization": box.token},
                judges=NOT_THIS_BOX,
            )
        except OtherEndDown as down:
            raise OtherEndDown(down.code, down.detail.replace(box.token, "***"), down.wait_s) from None
        if answer.well and answer.status != TAKEN:
            raise SinkDown(http_faults.NOT_UNDERSTOOD, f"{station}: {_words(answer, box)}")
        if answer.well:
            marks = [(value.mark, value.item.reading.time or 0) for value in values]
            await asyncio.to_thread(self._sent.add, marks)
            return []
        if answer.status in NOT_THIS_BOX:
            return self._not_this_box(station, values, answer)
        if len(values) == 1:
            return [Rejection(values[0].item, Fault("LP-426", f"{station}: {_words(answer, box)}"))]
        half = len(values) // 2
        return [*await self._post(station, values[:half]), *await self._post(station, values[half:])]

    def _not_this_box(self, station: str, values: Sequence[Value], answer: Answer) -> list[Rejection]:
        """The platform's own word about this box holds up no other one. Raises SinkDown: it is not its
        word."""
        detail = f"{station}: {_words(answer, self._stations[station])}"
        if not _has_message(answer.body):
            raise SinkDown(ELSEWHERE[answer.status], detail)
        fault = Fault("LP-425", detail)
        return [Rejection(item, fault) for item in {id(value.item): value.item for value in values}.values()]


def _has_message(body: bytes) -> bool:
    """Whether the platform itself says this (restify's JSON), and not a proxy before it."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return False
    return isinstance(told, dict) and "message" in told


def _words(answer: Answer, box: Box) -> str:
    return answer.words().replace(box.token, "***")


def create(context: Context) -> OpenSenseMap:
    """The sink of one [[sink]] with kind "opensensemap". Raises CannotStart."""
    return OpenSenseMap(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Ask for each box and its sensors; whether a token is right shows only when values are written.

    Raises CannotStart LP-425 and OtherEndDown.
    """
    client = HttpClient(_client_options(options), name)
    try:
        for station, box in options["stations"].items():
            answer = await client.request("GET", f"boxes/{box.box}")
            if not answer.well:
                raise CannotStart("LP-425", f"{station}: {_words(answer, box)}")
            there = {str(sensor.get("_id")) for sensor in answer.json().get("sensors", ())}
            if missing := sorted(set(box.sensors.values()) - there):
                raise CannotStart("LP-425", f"{station}: {', '.join(missing)}")
    finally:
        await client.close()
