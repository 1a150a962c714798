"""ChirpStack v4 over MQTT: all events of all devices that its broker lets us see, and commands back."""

from collections.abc import Mapping
from typing import Any

from luftpegel_gateway.config.options import Option
from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.chirpstack_events import json_command, parse, protobuf_command
from luftpegel_gateway.sources.mqtt_events import RECEIVING, Manner, MqttEvents
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_visit import subscribing

__all__ = ["KIND", "OPTIONS", "create", "parse", "probe", "warnings", "wrong"]

KIND = "chirpstack-mqtt"
OPTIONS = {**mqtt.BROKER_OPTIONS, **RECEIVING, "topic_prefix": Option(mqtt.topic, None)}
wrong, warnings = mqtt.wrong, mqtt.warnings


async def probe(options: Mapping[str, Any], name: str) -> Probed:
    """Whether the broker lets us in and would send us events. Raises OtherEndDown, CannotStart."""
    return await subscribing(options, name, _topics(options))


def create(context: Context) -> MqttEvents:
    """The source of one [[source]] with kind "chirpstack-mqtt"."""
    manner = Manner(KIND, _topics(context.options), _command)
    return MqttEvents(context, manner)


def _topics(options: Mapping[str, Any]) -> str:
    prefix = f"{options['topic_prefix'].strip('/')}/" if options["topic_prefix"] else ""
    return f"{prefix}application/+/device/+/event/+"


def _command(downlink: Downlink) -> bytes:
    return json_command(downlink) if downlink.json else protobuf_command(downlink)
