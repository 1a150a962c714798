"""InternalService: the live view of one device's events and of its LoRaWAN frames."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_tools.network_server.chirpstack import access
from luftpegel_tools.network_server.chirpstack.access import Access
from luftpegel_tools.network_server.chirpstack.pbjson import to_json
from luftpegel_tools.network_server.chirpstack.server import ChirpStack, LoggedEvent

_FIRST_MS = 1_790_000_000_000
_STREAM_POLL_S = 0.5  # how soon a stream notices that its client has gone
# Message types as LoRaWAN's MHDR has them, by (uplink, confirmed).
_TYPES = {
    (True, False): "UNCONFIRMED_DATA_UP",
    (True, True): "CONFIRMED_DATA_UP",
    (False, False): "UNCONFIRMED_DATA_DOWN",
    (False, True): "CONFIRMED_DATA_DOWN",
}


class Internal(api.InternalServiceServicer):  # type: ignore[misc]
    """Streams begin with the last things that happened, and go on until the client hangs up."""

    def __init__(self, server: ChirpStack, access_: Access) -> None:
        self._server = server
        self._access = access_

    def StreamDeviceEvents(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """The last events of a device, then each new one."""
        yield from self._follow(request, context, _log_item)

    def StreamDeviceFrames(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """The same as frames; of the PHY payload only what the events tell."""
        yield from self._follow(request, context, _frame_item)

    def _follow(self, request: Any, context: Any, item: Callable[[LoggedEvent], Any]) -> Iterator[Any]:
        with self._access.granted(context, access.device(request.dev_eui)) as records:
            dev_eui = records.device(request.dev_eui).device.dev_eui
        last = 0
        while context.is_active():
            with self._server.changed:
                events = self._server.history(dev_eui, last)
                if not events:
                    self._server.changed.wait(_STREAM_POLL_S)
                    continue
            for event in events:
                told = item(event)
                if told is not None:
                    yield told
            last = events[-1].number


def _log_item(event: LoggedEvent) -> Any:
    text = json.dumps(to_json(event.message), separators=(",", ":"))
    properties = _PROPERTIES[event.name](event.message)
    return api.LogItem(
        id=_id(event), time=event.message.time, description=event.name, body=text, properties=properties
    )


def _frame_item(event: LoggedEvent) -> Any | None:
    """The frame behind an event; None for one without."""
    message = event.message
    if event.name not in ("up", "txack"):
        return None
    up = event.name == "up"
    dev_addr = message.dev_addr if up else ""
    properties = {"DevAddr": dev_addr, "DevEUI": message.device_info.dev_eui}
    body: dict[str, Any] = {"phy_payload": {"payload": {"fhdr": {"devaddr": dev_addr}}}}
    body["tx_info"] = to_json(message.tx_info)
    if up:
        body["rx_info"] = [to_json(heard) for heard in message.rx_info]
    else:
        properties["Gateway ID"] = message.gateway_id
    return api.LogItem(
        id=_id(event),
        time=message.time,
        description=_TYPES[up, up and message.confirmed],
        body=json.dumps(body),
        properties=properties,
    )


def _id(event: LoggedEvent) -> str:
    """As Redis makes them: milliseconds and a number, always rising, whatever the event's own time is."""
    return f"{_FIRST_MS + event.number}-0"


_PROPERTIES: dict[str, Callable[[Any], dict[str, str]]] = {
    "up": lambda up: {
        "DR": str(up.dr),
        "FPort": str(up.f_port),
        "FCnt": str(up.f_cnt),
        "Data": up.data.hex(),
    },
    "join": lambda join: {"DevAddr": join.dev_addr},
    "ack": lambda _ack: {},
    "txack": lambda _txack: {},
    "log": lambda entry: {
        "Level": type(entry).DESCRIPTOR.fields_by_name["level"].enum_type.values_by_number[entry.level].name,
        "Code": type(entry).DESCRIPTOR.fields_by_name["code"].enum_type.values_by_number[entry.code].name,
    },
    "status": lambda status: {
        "Margin": str(status.margin),
        "Battery level": f"{status.battery_level:.0f}%",
        "Battery level unavailable": str(status.battery_level_unavailable).lower(),
        "External power source": str(status.external_power_source).lower(),
    },
}
