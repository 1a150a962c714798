"""ChirpStack v4 over MQTT: all events of all devices that its broker lets us see, and commands back."""

from collections.abc import Iterator, Mapping
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong
from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.network_server import options as api_options
from luftpegel_gateway.network_server.options import API_OPTIONS
from luftpegel_gateway.sources import Deliver
from luftpegel_gateway.sources.chirpstack_events import json_command, parse, protobuf_command
from luftpegel_gateway.sources.mqtt_events import RECEIVING, Manner, MqttEvents
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
    """Whether the broker lets us in and would send us events. Raises OtherEndDown, CannotStart."""
    return await subscribing(options, name, _topics(options))


def create(name: str, options: Mapping[str, Any], deliver: Deliver, conditions: Conditions) -> MqttEvents:
    """The source of one [[source]] with kind "chirpstack-mqtt"."""
    manner = Manner(KIND, _topics(options), _command)
    return MqttEvents(name, options, manner, deliver, conditions)


def _topics(options: Mapping[str, Any]) -> str:
    prefix = f"{options['topic_prefix'].strip('/')}/" if options["topic_prefix"] else ""
    return f"{prefix}application/+/device/+/event/+"


def _command(downlink: Downlink) -> bytes:
    return json_command(downlink) if downlink.json else protobuf_command(downlink)
