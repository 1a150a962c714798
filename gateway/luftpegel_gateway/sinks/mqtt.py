"""Republish: one JSON message a value on `luftpegel/<station>/<quantity>`, QoS 1, for what else a town runs.

At least once: the cursor moves when the broker has acknowledged all of them. The name (station, seq, channel)
is in each message, so a subscriber can tell a repeat.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from luftpegel_gateway.config.options import Option, flag, text
from luftpegel_gateway.journal.sqlite.journal import Rejection, StoredFrame
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.transport import mqtt

OPTIONS = {
    **mqtt.BROKER_OPTIONS,
    "topic_prefix": Option(text, "luftpegel"),
    "retain": Option(flag, False),
}
CONNECT_S = 10.0
IN_FLIGHT = 1000  # far below 65,535, where packet identifiers begin again


class Republish:
    """One broker to publish to."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self._address = f"{options['host']}:{options['port']}"
        self._prefix = options["topic_prefix"].strip("/")
        self._retain = options["retain"]
        self._client = mqtt.new_client(options, name=name, keep_session=True)
        self._connected = asyncio.Event()
        self._refusal = ""
        self._open: dict[int, asyncio.Future[Any]] = {}  # messages without PUBACK, by packet identifier

    async def start(self) -> None:
        """See `Sink`."""
        loop = asyncio.get_running_loop()

        def connected(_client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            mqtt.on_loop(loop, self._reached, None if not reason.is_failure else str(reason))

        def disconnected(*_details: Any) -> None:
            mqtt.on_loop(loop, self._connected.clear)

        def published(_client: paho.Client, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
            mqtt.on_loop(loop, self._done, mid, reason)

        self._client.on_connect = connected
        self._client.on_disconnect = disconnected
        self._client.on_publish = published
        self._client.loop_start()

    async def stop(self) -> None:
        """See `Sink`."""
        self._client.disconnect()
        self._client.loop_stop()

    async def deliver(self, frames: Sequence[StoredFrame]) -> list[Rejection]:
        """See `Sink`. What is in flight is repeated by paho after a reconnect; we wait for its PUBACK."""
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_S)
        except TimeoutError as error:
            raise SinkDown("LP-420", f"{self._address} {self._refusal or 'cannot be reached'}") from error
        values = [
            (frame, reading, cell) for frame in frames for reading in frame.readings for cell in reading.cells
        ]
        for start in range(0, len(values), IN_FLIGHT):
            waiting = [self._publish(*value) for value in values[start : start + IN_FLIGHT]]
            for reason in await asyncio.gather(*waiting):
                if reason.is_failure:
                    raise SinkDown("LP-422", f"{self._address}: {reason}")
        return []

    def _publish(self, frame: StoredFrame, reading: Reading, cell: Cell) -> asyncio.Future[Any]:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        topic = f"{self._prefix}/{frame.station}/{name_of(cell.channel)}"
        info = self._client.publish(topic, message(frame.station, reading, cell), qos=1, retain=self._retain)
        self._open[info.mid] = done
        return done

    def _reached(self, refusal: str | None) -> None:
        self._refusal = refusal or ""
        if refusal is None:
            self._connected.set()

    def _done(self, mid: int, reason: Any) -> None:
        waiting = self._open.pop(mid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reason)


def message(station: str, reading: Reading, cell: Cell) -> str:
    """The JSON of one value; `value` is exact, in the quantity's unit with the digits that it has."""
    quantity = of_channel(cell.channel)
    time = None if reading.time is None else datetime.fromtimestamp(reading.time, UTC).isoformat()
    head = {
        "station": station,
        "seq": reading.seq,
        "channel": cell.channel,
        "quantity": name_of(cell.channel),
        "unit": quantity.unit if quantity else None,
        "time": time,
        "quality": cell.quality,
    }
    value = "null" if cell.value is None else decimal(cell.channel, cell.value)
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "value": {value}}}'


def create(name: str, options: Mapping[str, Any], _folder: Path) -> Republish:
    """The sink of one [[sink]] with kind "mqtt"."""
    return Republish(name, options)
