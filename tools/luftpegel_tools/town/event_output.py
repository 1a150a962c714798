"""How what happens in the town is told: a line for people, or a line of JSON for programs."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from luftpegel_tools.town.sniffer import Happening

_Words = Callable[[Mapping[str, Any]], str]


def _join_request(details: Mapping[str, Any]) -> str:
    return f"asks to join, DevNonce {details['dev_nonce']}{_how(details)}"


def _join_accept(details: Mapping[str, Any]) -> str:
    return f"is let in{_how(details)}"


def _uplink(details: Mapping[str, Any]) -> str:
    return f"sends {_frame(details)}"


def _downlink(details: Mapping[str, Any]) -> str:
    return f"gets {_frame(details)}"


def _frame(details: Mapping[str, Any]) -> str:
    if details["f_port"] is None:
        said = f"frame {details['f_cnt']}, no payload"
    else:
        said = f"frame {details['f_cnt']}, port {details['f_port']}, {details['bytes']} bytes"
    if details["confirmed"]:
        said += ", wants an answer"
    if details["ack"]:
        said += ", acknowledges"
    return said + _how(details)


def _how(details: Mapping[str, Any]) -> str:
    lost = ", LOST" if details["lost"] else ""
    return f", SF{details['sf']} at {details['frequency_hz'] / 1e6:g} MHz{lost}"


def _tx_ack(details: Mapping[str, Any]) -> str:
    return f"gateway {details['gateway']} is told to send: {', '.join(details['statuses'])}"


def _connected(details: Mapping[str, Any]) -> str:
    return f"connected again: {', '.join(details['gateways'])}"


_TEXTS: Mapping[str, _Words] = {
    "join-request": _join_request,
    "join-accept": _join_accept,
    "uplink": _uplink,
    "downlink": _downlink,
    "tx-ack": _tx_ack,
    "connected": _connected,
    "doubt": lambda details: str(details["text"]),
}


def as_text(happening: Happening) -> str:
    """For people; the time of day is UTC."""
    when = datetime.fromtimestamp(happening.time, UTC).strftime("%H:%M:%S")
    return " ".join(
        word for word in (when, happening.station, _TEXTS[happening.what](happening.details)) if word
    )


def as_json(happening: Happening) -> str:
    """For programs: an object with `event`, `time` (RFC 3339), `station` and what else there is to say."""
    when = datetime.fromtimestamp(happening.time, UTC).isoformat(timespec="milliseconds")
    station = {} if happening.station is None else {"station": happening.station}
    return json.dumps({"event": happening.what, "time": when} | station | happening.details)
