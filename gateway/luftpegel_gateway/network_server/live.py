"""ChirpStack's live view of one device, over any number of reconnects. Blocking.

Each connection begins with the last ten or so things that happened; what was told before is left out by its
id, which rises. A stream is ended and begun anew after some minutes: a connection that died without a word
would else be waited for without end.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping

import msgspec
from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.faults import BAD_KEY, NO_API, NO_RIGHT, NOT_THERE

LONGEST_S = 300.0  # of one stream
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
FINAL = (BAD_KEY, NO_RIGHT, NOT_THERE, NO_API)  # of these no waiting gets the better


class Entry(msgspec.Struct, frozen=True):
    """One thing that happened. `at`: Unix microseconds. `body`: JSON, as the event or frame."""

    id: str
    kind: str
    at: int | None
    properties: Mapping[str, str]
    body: str


def follow(
    server: Api,
    dev_eui: str,
    *,
    frames: bool,
    stop: threading.Event,
    again: Callable[[OtherEndDown, float], None],
) -> Iterator[Entry]:
    """What happens to a device until `stop` is set and the connection closed. `frames`: LoRaWAN's instead.

    `again(why, seconds)` is called before each wait. OtherEndDown: it does not work, or not any more.
    """
    what = f"device {dev_eui}"
    server.read(server.devices.Get, api.GetDeviceRequest(dev_eui=dev_eui), what)
    last = (0, 0)
    wait = FIRST_WAIT_S
    while not stop.is_set():
        try:
            for item in server.items(_stream(server, dev_eui, frames=frames), what):
                place = _place(item.id)
                if place is None or place > last:
                    last, wait = place or last, FIRST_WAIT_S
                    yield _entry(item)
        except OtherEndDown as down:
            if stop.is_set():
                return
            if down.code in FINAL:
                raise
            again(down, wait)
        stop.wait(wait)
        wait = min(2 * wait, LONGEST_WAIT_S)


def _stream(server: Api, dev_eui: str, *, frames: bool) -> object:
    if frames:
        request = api.StreamDeviceFramesRequest(dev_eui=dev_eui)
        return server.stream(server.live.StreamDeviceFrames, request, LONGEST_S)
    request = api.StreamDeviceEventsRequest(dev_eui=dev_eui)
    return server.stream(server.live.StreamDeviceEvents, request, LONGEST_S)


def _place(number: str) -> tuple[int, int] | None:
    """Where an id of a Redis stream stands: milliseconds, then a number; None for what is none."""
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", number, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def _entry(item: "api.LogItem") -> Entry:
    at = item.time.seconds * 1_000_000 + item.time.nanos // 1000 if item.HasField("time") else None
    return Entry(item.id, item.description, at, dict(item.properties), item.body)
