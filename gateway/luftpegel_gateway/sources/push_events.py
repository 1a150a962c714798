"""What the source "http-push" takes: one uplink as a JSON object, from whatever has one, or an event as
ChirpStack v4's own HTTP integration posts it (`?event=up`, JSON or protobuf). Pure.

    {"dev_eui": "70b3d57ed0000001", "f_port": 1, "data": "hAEZ…", "time": "2026-11-26T12:00:00Z"}

`data` is Base64, or `hex` has the payload in hexadecimal digits. `time`: when the frame was received. Also
`dev_addr`, `f_cnt`, `dr`, `rssi` (dBm), `snr` (dB) and `gateway`, where they are known.
"""

from typing import Any

from luftpegel_gateway.model.events import Clocks, Event, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import chirpstack_events, values
from luftpegel_gateway.sources.json_object import object_of

LARGEST_EVENT = 64 * 1024
_NEEDED = ("dev_eui", "f_port")
_EVENT = "event="  # before the kind of an event of ChirpStack, in the topic
_LONGEST_KIND = 40


def topic_of(event: str | None) -> str:
    """What stands in for a topic. `event`: the parameter of that name in the address, None without."""
    return "" if event is None else _EVENT + event[:_LONGEST_KIND]


def parse(topic: str, payload: bytes, size: int | None = None) -> Event:
    """The uplink in one body. Raises Refused LP-258 for anything else, and what `chirpstack_events` does."""
    if topic.startswith(_EVENT):
        return chirpstack_events.parse_posted(topic[len(_EVENT) :], payload, size)
    body = object_of(payload, size, LARGEST_EVENT, "LP-258")
    for name in _NEEDED:
        if body.get(name) is None:
            raise Refused("LP-258", f"{name} is missing")
    odd: list[str] = []
    try:
        dev_eui, data = values.device_eui(body["dev_eui"]), _data(body)
    except ValueError as error:
        raise Refused("LP-258", str(error)) from error
    gateway = body.get("gateway")
    rssi = _real(body, "rssi", -250, 100, odd)
    return Uplink(
        dev_eui=dev_eui,
        f_port=_port(body, odd),
        data=data,
        clocks=Clocks(_given(values.moment, body, "time", odd)),
        dev_addr=values.label(body.get("dev_addr", ""), "dev_addr", odd).lower(),
        f_cnt=_number(body, "f_cnt", 0, 2**32 - 1, odd),
        dr=_number(body, "dr", 0, 15, odd),
        rssi=None if rssi is None else round(rssi),
        snr=_real(body, "snr", -100, 100, odd),
        gateway="" if gateway is None else values.label(gateway, "gateway", odd),
        gateways=int(gateway is not None),
        lacking=tuple(sorted(set(odd))),
    )


def _port(body: dict[str, Any], odd: list[str]) -> int:
    port = values.whole(body["f_port"], 0, 255, "f_port", odd)
    if port is None:
        raise Refused("LP-258", "f_port is no number from 0 to 255")
    return port


def _data(body: dict[str, Any]) -> bytes:
    """The payload. ValueError."""
    if body.get("hex") is not None:
        if not isinstance(body["hex"], str):
            raise ValueError("hex is no text")
        return bytes.fromhex(body["hex"])
    if body.get("data") is None:
        raise ValueError("neither data nor hex is there")
    return values.base64(body["data"])


def _number(body: dict[str, Any], name: str, low: int, high: int, odd: list[str]) -> int | None:
    return None if body.get(name) is None else values.whole(body[name], low, high, name, odd)


def _real(body: dict[str, Any], name: str, low: float, high: float, odd: list[str]) -> float | None:
    return None if body.get(name) is None else values.real(body[name], low, high, name, odd)


def _given(read: Any, body: dict[str, Any], name: str, odd: list[str]) -> int | None:
    found: int | None = None if body.get(name) is None else read(body[name], name, odd)
    return found
