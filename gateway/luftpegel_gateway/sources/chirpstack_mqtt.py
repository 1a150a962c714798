"""ChirpStack v4 over MQTT: all events of all devices that its broker lets us see, and commands back."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from luftpegel_gateway.config.installed import missing
from luftpegel_gateway.config.options import Option, Wrong
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.network_server import options as api_options
from luftpegel_gateway.network_server.options import API_OPTIONS
from luftpegel_gateway.sources import Context, chirpstack_queue
from luftpegel_gateway.sources.chirpstack_events import PROTOBUF_PART, json_command, parse, protobuf_command
from luftpegel_gateway.sources.mqtt_events import RECEIVING, Commands, Manner, MqttEvents
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_visit import subscribing

__all__ = ["KIND", "OPTIONS", "create", "parse", "probe", "warnings", "wrong"]

KIND = "chirpstack-mqtt"
OPTIONS = {**mqtt.BROKER_OPTIONS, **RECEIVING, "topic_prefix": Option(mqtt.topic, None), **API_OPTIONS}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other, of the broker's and of the API's."""
    yield from mqtt.wrong(options)
    yield from api_options.wrong(options)


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk, of the broker's options and of the API's."""
    yield from mqtt.warnings(options)
    yield from api_options.warnings(options)


async def probe(options: Mapping[str, Any], name: str) -> Probed:
    """Whether the broker lets us in and would send us events, and the API likewise where there is one.
    Raises OtherEndDown, CannotStart."""
    found = await subscribing(options, name, _topics(options))
    if not api_options.has_api(options):
        return found
    with _needing_grpc():
        from luftpegel_gateway.network_server.visit import visit  # noqa: PLC0415
    seen = await asyncio.to_thread(visit, options)
    return msgspec.structs.replace(found, seen="; ".join(filter(None, [found.seen, seen])))


def create(context: Context) -> MqttEvents:
    """The source of one [[source]] with kind "chirpstack-mqtt"."""
    commands = _by_api(context) if api_options.by_api(context.options) else None
    manner = Manner(KIND, _topics(context.options), _command, commands=commands)
    return MqttEvents(context, manner)


def _by_api(context: Context) -> Commands:
    """Commands by ChirpStack's API. Each that it has is noted, as any event is. Raises CannotStart."""
    with _needing_grpc():
        from luftpegel_gateway.network_server.sender import Sender  # noqa: PLC0415

    def queued(downlink: Downlink, item: str) -> None:
        told = chirpstack_queue.note(downlink, item)
        context.deliver([Arrival(Delivery(context.name, chirpstack_queue.KIND, downlink.topic, told))])

    return Sender(context.name, context.options, queued, context.conditions)


@contextlib.contextmanager
def _needing_grpc() -> Iterator[None]:
    """CannotStart LP-399, LP-540 where the part that speaks gRPC is not installed."""
    try:
        yield
    except ModuleNotFoundError as absent:
        raise CannotStart(*missing(PROTOBUF_PART)) from absent


def _topics(options: Mapping[str, Any]) -> str:
    prefix = f"{options['topic_prefix'].strip('/')}/" if options["topic_prefix"] else ""
    return f"{prefix}application/+/device/+/event/+"


def _command(downlink: Downlink) -> bytes:
    return json_command(downlink) if downlink.json else protobuf_command(downlink)
