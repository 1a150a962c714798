"""Sensor.Community: present values of stations that the options name, one POST for each type of sensor.

The platform takes a value for measured when it arrives, and recognises no repeats. So only what is a few
minutes old goes out, never history or corrections, and at most once: the mark is on the disk before the
request is sent. It is taken back only where the platform says that it has not taken the values, or was never
reached. What is lost so is in the town's own store; the next value comes soon.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from luftpegel_gateway.config.options import Option, Wrong, choice, listed, matching, table
from luftpegel_gateway.model.faults import Fault, OtherEndDown
from luftpegel_gateway.model.observations import Item, Observed, Rejection
from luftpegel_gateway.model.quantities import decimal, name_of
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.public_values import good, readings_of
from luftpegel_gateway.sinks.sent import Sent
from luftpegel_gateway.transport import http_faults, http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "sensor-community"
REVISES = False
PATH = "v1/push-sensor-data/"
SOFTWARE = "luftpegel"
OLDEST_S = 300  # of a value that may still be taken for the present one
SPACING_S = 120  # between two values of a station
HOLD_S = 3600  # a station that the platform does not know is not tried again for so long; it holds up nobody
REFUSED = (400, 403, 404)
_ID = matching(r"[A-Za-z0-9]+-[A-Za-z0-9]+", "esp8266-12345678")
SHOWN = ("url", "proxy", "timeout_s", "ca_file", "cert_file", "key_file")
# What says that the values were not taken: the platform was not reached, or has answered so.
NOT_TAKEN = {
    *(http_faults.UNKNOWN_HOST, http_faults.UNREACHABLE, http_faults.UNTRUSTED, http_faults.OTHER_NAME),
    *(http_faults.OUT_OF_DATE, http_faults.OUR_CERTIFICATE, http_faults.NO_TLS, http_faults.BUSY),
    *(http_faults.LOGIN, http_faults.FORBIDDEN, http_faults.MOVED, http_faults.NOT_UNDERSTOOD),
}
_CLIMATE = {"temperature": ("temperature", 0), "humidity": ("humidity", 0)}
_PASCAL = {"pressure": ("pressure", 2)}  # hPa, told in Pa
# Type of sensor -> (X-PIN, {quantity: (value_type, powers of ten to its unit)}).
TYPES: Mapping[str, tuple[int, Mapping[str, tuple[str, int]]]] = {
    "PM": (1, {"pm10": ("P1", 0), "pm25": ("P2", 0), "pm1": ("P0", 0), "pm4": ("P4", 0)}),
    "BMP280": (3, {"temperature": ("temperature", 0), **_PASCAL}),
    "SHT": (7, _CLIMATE),
    "BME280": (11, {**_CLIMATE, **_PASCAL}),
    "DS18B20": (13, {"temperature": ("temperature", 0)}),
    "SCD30": (17, {**_CLIMATE, "co2": ("co2_ppm", 0)}),
}


class Node(msgspec.Struct, frozen=True):
    """A station as it is registered: its X-Sensor, and its types of sensors."""

    id: str
    sensors: tuple[str, ...]


def nodes(value: Any, folder: Path) -> Mapping[str, Node]:
    """The reader of `stations`: a table for each station that is to be public."""
    found = {}
    for station, told in table(value, folder).items():
        if set(table(told, folder)) != {"id", "sensors"}:
            raise Wrong("LP-311", example="id, sensors", got=", ".join(told) or station)
        sensors = listed(choice(*TYPES))(told["sensors"], folder)
        found[station] = Node(_ID(told["id"], folder), sensors)
    return found


OPTIONS = {
    "stations": Option(nodes),
    **{key: HTTP_OPTIONS[key] for key in SHOWN},
    "url": Option(http_options.url, "https://api.sensor.community"),
}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other."""
    yield from http_options.wrong(_client_options(options))


def _client_options(options: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {key: option.default for key, option in HTTP_OPTIONS.items()}
    return defaults | {key: options[key] for key in SHOWN}


class SensorCommunity:
    """All stations."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.time) -> None:
        """`clock`: Unix seconds, decides what is the present. Raises CannotStart."""
        self._stations: Mapping[str, Node] = context.options["stations"]
        self._client = HttpClient(_client_options(context.options), context.name)
        self._name = context.name
        self._clock = clock
        self._sent = Sent(context.folder / f"sent-{context.name}.sqlite")
        self._held: dict[str, float] = {}  # station and pin -> until when it is not tried

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`. Stations after one whose request failed are still tried: their values age."""
        rejections: list[Rejection] = []
        trouble: OtherEndDown | None = None
        for station, item in self._present(items).items():
            try:
                rejections += await self._tell(station, item)
            except OtherEndDown as down:
                trouble = down
            except sqlite3.Error as error:
                raise SinkDown("LP-411", f"{self._name}: {error}") from error
        if trouble is not None:
            raise trouble
        return rejections

    def _present(self, items: Sequence[Item]) -> dict[str, Observed]:
        """The newest reading of each station, if it is of the last minutes."""
        now, found = self._clock(), dict[str, Observed]()
        for station, item in readings_of(items, self._stations):
            told = item.reading.time or 0
            known = found.get(station)
            if item.late or not now - OLDEST_S <= told <= now + OLDEST_S:
                continue
            if known is None or told > (known.reading.time or 0):
                found[station] = item
        return found

    async def _tell(self, station: str, item: Observed) -> list[Rejection]:
        """One request for each type of sensor. Raises OtherEndDown."""
        node, told = self._stations[station], item.reading.time or 0
        refused: list[Rejection] = []
        for sensor in node.sensors:
            pin, kinds = TYPES[sensor]
            values = _values(item, kinds)
            mark = f"{station}/{pin}"
            times = await asyncio.to_thread(self._sent.times)
            before = times.get(mark)
            if not values or (before is not None and told < before + SPACING_S):
                continue
            if self._clock() < self._held.get(mark, 0):
                continue
            await asyncio.to_thread(self._sent.add, [(mark, told)])
            try:
                refusal = await self._post(node, pin, values)
            except OtherEndDown as down:
                if down.code in NOT_TAKEN:
                    await self._take_back(mark, before)
                raise
            if refusal:
                await self._take_back(mark, before)
                self._held[mark] = self._clock() + HOLD_S
                refused = [Rejection(item, Fault("LP-427", f"{station} {sensor}: {refusal}"))]
        return refused

    async def _post(self, node: Node, pin: int, values: Sequence[Mapping[str, str]]) -> str:
        """What the platform has against this station; "" for nothing."""
        answer = await self._client.request(
            "POST",
            PATH,
            json={"software_version": SOFTWARE, "sensordatavalues": values},
            headers={"X-Sensor": node.id, "X-PIN": str(pin), "X-MAC-ID": node.id},
            judges=REFUSED,
        )
        if answer.well and answer.is_page:  # nobody has taken anything: a login page before the platform
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
        return "" if answer.well else answer.words()

    async def _take_back(self, mark: str, before: int | None) -> None:
        if before is None:
            await asyncio.to_thread(self._sent.remove, mark)
        else:
            await asyncio.to_thread(self._sent.add, [(mark, before)])


def _values(item: Observed, kinds: Mapping[str, tuple[str, int]]) -> list[dict[str, str]]:
    """What one type of sensor has to say; the first sensor of each quantity only."""
    found = []
    for cell in good(item):
        kind = kinds.get(name_of(cell.channel))
        if kind is not None and cell.value is not None:
            value_type, powers = kind
            number = Decimal(decimal(cell.channel, cell.value)).scaleb(powers)
            found.append({"value_type": value_type, "value": f"{number:f}"})
    return found


def create(context: Context) -> SensorCommunity:
    """The sink of one [[sink]] with kind "sensor-community". Raises CannotStart."""
    return SensorCommunity(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Ask whether the platform can be reached. Whether a station is registered shows only when a value is
    sent, and that would be public. Raises CannotStart and OtherEndDown."""
    client = HttpClient(_client_options(options), name)
    try:
        await client.request("GET", "", judges=(301, 302, 401, 403))
    finally:
        await client.close()
