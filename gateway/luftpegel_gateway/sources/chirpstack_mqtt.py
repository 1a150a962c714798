"""ChirpStack v4 over MQTT: all events of all devices that its broker lets us see, and commands back."""

from collections.abc import Mapping
from typing import Any

from luftpegel_gateway.config.options import Option
from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.sources import Deliver
from luftpegel_gateway.sources.chirpstack_events import json_command, parse, protobuf_command
from luftpegel_gateway.sources.mqtt_events import RECEIVING, Manner, MqttEvents
from luftpegel_gateway.transport import mqtt

__all__ = ["KIND", "OPTIONS", "create", "parse", "warnings", "wrong"]

KIND = "chirpstack-mqtt"
OPTIONS = {**mqtt.BROKER_OPTIONS, **RECEIVING, "topic_prefix": Option(mqtt.topic, None)}
wrong, warnings = mqtt.wrong, mqtt.warnings


def create(name: str, options: Mapping[str, Any], deliver: Deliver, conditions: Conditions) -> MqttEvents:
    """The source of one [[source]] with kind "chirpstack-mqtt"."""
    prefix = f"{options['topic_prefix'].strip('/')}/" if options["topic_prefix"] else ""
    manner = Manner(KIND, f"{prefix}application/+/device/+/event/+", _command)
    return MqttEvents(name, options, manner, deliver, conditions)


def _command(downlink: Downlink) -> bytes:
    return json_command(downlink) if downlink.json else protobuf_command(downlink)
