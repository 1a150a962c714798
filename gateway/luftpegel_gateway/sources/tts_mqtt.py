"""The Things Stack v3 over MQTT: one application's messages, and commands back.

Its broker speaks MQTT 3.1.1 and publishes with QoS 0: what is on the way when a link breaks, or while the
gateway is away, is lost there. Stations send each reading many times and are asked for what is missing, so it
comes all the same; a webhook (`tts_webhook.py`) spares them that.
"""

from collections.abc import Mapping
from typing import Any

from luftpegel_gateway.config.options import Option, choice, flag, matching, port, secret
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.mqtt_events import RECEIVING, Manner, MqttEvents
from luftpegel_gateway.sources.tts_events import command, parse
from luftpegel_gateway.transport import mqtt
from luftpegel_gateway.transport.mqtt_visit import subscribing

__all__ = ["KIND", "OPTIONS", "create", "parse", "probe", "warnings", "wrong"]

KIND = "tts-mqtt"
OPTIONS = {
    **mqtt.BROKER_OPTIONS,
    **RECEIVING,
    # The application's id, with @ and the tenant where the deployment has tenants: it is part of the topics.
    "username": Option(matching(r"[a-z0-9][a-z0-9-]{0,62}(@[a-z0-9][a-z0-9-]{0,62})?", "my-town@ttn")),
    "password_file": Option(secret),
    "port": Option(port, 8883),
    "tls": Option(flag, True),
    "protocol": Option(choice("3.1.1", "5"), "3.1.1"),
}
wrong, warnings = mqtt.wrong, mqtt.warnings


async def probe(options: Mapping[str, Any], name: str) -> Probed:
    """Whether the broker lets us in and would send us this application's messages. Raises OtherEndDown,
    CannotStart."""
    return await subscribing(options, name, _topics(options), plain=True)


def create(context: Context) -> MqttEvents:
    """The source of one [[source]] with kind "tts-mqtt"."""
    manner = Manner(KIND, _topics(context.options), command, knows_qos=False)
    return MqttEvents(context, manner)


def _topics(options: Mapping[str, Any]) -> str:
    return f"v3/{options['username']}/devices/+/+"
