"""The Things Stack v3's application messages (JSON), as the gateway's own events, and its commands. Pure.

Contract: `ApplicationUp` of its API in JSON, 3.10 to 3.36, the same over MQTT and by webhook. Its traps: an
empty field is left out, so a missing `f_cnt` is 0 and a missing `f_port` is no port; `received_at` of the
message within is the Network Server's clock, that without is the Application Server's; radio gateways are
named by an id that people choose; the data rate has no number.

A device EUI, and data that can be read, are all that an uplink must have. Whatever else is missing or makes
no sense is None, and its name stands in `lacking`.
"""

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from luftpegel_gateway.model.events import Carried, Clocks, Downlink, Event, Joined, Notice, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import values
from luftpegel_gateway.sources.json_object import object_of

LARGEST_EVENT = 256 * 1024
MOST_GATEWAYS = 64
_WORST = -1000.0
# Kinds that hold no reading. Reasons are counted, so there must be few.
OTHER_KINDS = ("downlink_queued", "downlink_ack", "downlink_queue_invalidated",
               "location_solved", "service_data", "uplink_normalized")  # fmt: skip
# LoRa in EU868: (spreading factor, bandwidth in Hz) -> data rate (RP002-1.0.3, table 8).
_RATES = {**{(factor, 125_000): 12 - factor for factor in range(7, 13)}, (7, 250_000): 6}
_MARK = "luftpegel:"  # before a command's id


class _Who(NamedTuple):
    """Which device a message is of; `reply`: where commands for it go, "" where nobody told."""

    dev_eui: str
    dev_addr: str
    application: str
    reply: str


def parse(topic: str, payload: bytes, size: int | None = None) -> Event:
    """The event of one message. `topic`: its MQTT topic; of a webhook the address that takes commands.

    Raises Refused: LP-257 for what is no message of The Things Stack v3 or names no device.
    """
    message = object_of(payload, size, LARGEST_EVENT, "LP-257")
    odd: list[str] = []
    for kind, reader in _READERS.items():
        if isinstance(content := message.get(kind), dict):
            return reader(_who(topic, message, odd), message, content, odd)
    known = next((kind for kind in OTHER_KINDS if kind in message), None)
    if known is None and "end_device_ids" not in message:
        raise Refused("LP-257", "neither end_device_ids nor a message within")
    return Passed(f"kind {known or 'unknown'}", _eui_or_nothing(message))


def command(downlink: Downlink) -> bytes:
    """A command in place of whatever waits for the device: asked twice, it waits there once."""
    content = {
        "f_port": downlink.f_port,
        "frm_payload": base64.b64encode(downlink.data).decode(),
        "priority": "NORMAL",
        "correlation_ids": [_MARK + downlink.id],
    }
    return json.dumps({"downlinks": [content]}).encode()


def _who(topic: str, message: dict[str, Any], odd: list[str]) -> _Who:
    ids = _part(message, "end_device_ids", odd)
    try:
        dev_eui = values.device_eui(ids.get("dev_eui"))
    except ValueError as error:
        raise Refused("LP-257", f"no device EUI: {error}") from error
    address = ids.get("dev_addr")
    application = _part(ids, "application_ids", odd).get("application_id")
    return _Who(
        dev_eui,
        address.lower() if isinstance(address, str) and len(address) == 8 else "",
        values.label(application, "application_id", odd),
        _reply(topic),
    )


def _reply(topic: str) -> str:
    """Where a command goes: beside the uplink's topic over MQTT; a webhook's address is told as it is."""
    if topic.startswith(("http://", "https://")):
        return topic
    base, slash, _kind = topic.rpartition("/")
    return f"{base}/down/replace" if slash and "/devices/" in base else ""


def _uplink(who: _Who, message: dict[str, Any], up: dict[str, Any], odd: list[str]) -> Event:
    try:
        data = values.base64(up.get("frm_payload"))
    except ValueError as error:
        raise Refused("LP-257", f"frm_payload is no base64: {error}") from error
    best, clocks = _heard(message, up, odd)
    port = values.whole(up.get("f_port", 0), 0, 255, "f_port", odd)
    return Uplink(
        dev_eui=who.dev_eui,
        f_port=port,
        data=data,
        clocks=clocks,
        dev_addr=who.dev_addr,
        f_cnt=values.whole(up.get("f_cnt", 0), 0, 2**32 - 1, "f_cnt", odd),
        reply_topic=who.reply,
        application=who.application,
        application_name=who.application,
        dr=_rate(up, odd),
        rssi=best.rssi,
        snr=best.snr,
        gateway=best.name,
        gateways=best.heard_by,
        lacking=tuple(sorted(set(odd))) if odd else (),
    )


class _Best(NamedTuple):
    """The radio gateway that heard best, and how many heard."""

    name: str = ""
    rssi: int | None = None
    snr: float | None = None
    heard_by: int = 0


def _heard(message: dict[str, Any], up: dict[str, Any], odd: list[str]) -> tuple[_Best, Clocks]:
    receptions = up.get("rx_metadata")
    if not isinstance(receptions, list) or len(receptions) > MOST_GATEWAYS:
        odd.append("rx_metadata")
    listed = receptions[:MOST_GATEWAYS] if isinstance(receptions, list) else []
    best, rank = _Best(), (_WORST - 1, _WORST)
    gateways: dict[str, int] = {}
    for one in (one for one in listed if isinstance(one, dict)):
        name = values.label(_part(one, "gateway_ids", odd).get("gateway_id"), "gateway_id", odd)
        rssi = _strength(one, odd)
        snr = values.real(one.get("snr", 0), -100, 100, "snr", odd)
        found = (_WORST if snr is None else snr, _WORST if rssi is None else rssi)
        if found > rank:
            best, rank = _Best(name, rssi, snr), found
        if one.get("time") is not None:
            clock = values.moment(one["time"], "rx_metadata.time", odd)
            if clock is not None:
                gateways.setdefault(name, clock)
    return best._replace(heard_by=len(listed)), Clocks(
        _time(message, "received_at", odd), _time(up, "received_at", odd), tuple(gateways.items())
    )


def _strength(reception: dict[str, Any], odd: list[str]) -> int | None:
    """dBm, whole; of a gateway with several antennas the channel's."""
    given = values.real(reception.get("rssi", reception.get("channel_rssi")), -250, 100, "rssi", odd)
    return None if given is None else round(given)


def _time(content: dict[str, Any], name: str, odd: list[str]) -> int | None:
    if content.get(name) is None:
        odd.append(name)
        return None
    return values.moment(content[name], name, odd)


def _rate(up: dict[str, Any], odd: list[str]) -> int | None:
    lora = _part(_part(_part(up, "settings", odd), "data_rate", odd), "lora", odd)
    factor = values.whole(lora.get("spreading_factor"), 7, 12, "data_rate", odd)
    bandwidth = values.whole(lora.get("bandwidth"), 0, 10**6, "data_rate", odd)
    return None if factor is None or bandwidth is None else _RATES.get((factor, bandwidth))


def _join(who: _Who, message: dict[str, Any], join: dict[str, Any], odd: list[str]) -> Event:
    told = _time(message, "received_at", odd)
    return Joined(
        who.dev_eui, Clocks(told, _time(join, "received_at", odd)), who.dev_addr, who.application,
        who.application,
    )  # fmt: skip


def _failed(who: _Who, _message: dict[str, Any], content: dict[str, Any], odd: list[str]) -> Event:
    """A command that it could not send, or that the station did not confirm."""
    error = _part(content, "error", odd)
    words = values.prose(error.get("message_format") or error.get("name") or "", 500)
    return Notice(who.dev_eui, "ERROR", "DOWNLINK_GATEWAY", words, who.application, who.application)


def _sent(who: _Who, message: dict[str, Any], content: dict[str, Any], odd: list[str]) -> Event:
    """A command on the air; the id is what `command` gave it."""
    told = content.get("correlation_ids")
    names = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    number = next((one[len(_MARK) :] for one in names if one.startswith(_MARK)), "")
    clocks = Clocks(_time(message, "received_at", odd))
    return Carried(who.dev_eui, number[:100], clocks, who.application, who.application)


def _part(content: dict[str, Any], name: str, odd: list[str]) -> dict[str, Any]:
    found = content.get(name)
    if isinstance(found, dict):
        return found
    odd.append(name)
    return {}


def _eui_or_nothing(message: dict[str, Any]) -> str:
    ids = message.get("end_device_ids")
    try:
        return values.device_eui(ids.get("dev_eui") if isinstance(ids, dict) else None)
    except ValueError:
        return ""


_READERS: dict[str, Callable[[_Who, dict[str, Any], dict[str, Any], list[str]], Event]] = {
    "uplink_message": _uplink,
    "join_accept": _join,
    "downlink_failed": _failed,
    "downlink_nack": _failed,
    "downlink_sent": _sent,
}
