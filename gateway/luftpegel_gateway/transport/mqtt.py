"""The MQTT connection that sources and sinks share: options, TLS, and a client that reconnects for ever.

paho owns one network thread per client. Its callbacks do nothing but hand over to the event loop: a blocked
network thread would miss the keep-alive, and with it the session.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from luftpegel_gateway.config.options import Option, Wrong, choice, flag, host, port, secret, text, whole
from luftpegel_gateway.transport import tls
from luftpegel_gateway.transport.hosts import is_here
from luftpegel_gateway.transport.mqtt_client import Client, Received, works
from luftpegel_gateway.transport.mqtt_link import on_loop

__all__ = ["BROKER_OPTIONS", "LARGEST_EVENT", "new_client", "on_loop", "topic", "warnings", "wrong"]

BROKER_OPTIONS = {
    "host": Option(host),
    "port": Option(port, 1883),
    "client_id": Option(text, ""),
    "username": Option(text, None),
    "password_file": Option(secret, None),
    "tls": Option(flag, False),
    **tls.TLS_FILES,
    "protocol": Option(choice("5", "3.1.1"), "5"),
    "keepalive_s": Option(whole(5, 3600), 30),
}
_TOPIC = re.compile(r"/*[^+#/\0][^+#\0]*")
SESSION_S = 30 * 86400  # how long the broker keeps our messages while we are away (MQTT 5)
FIRST_WAIT_S, LONGEST_WAIT_S = 1, 30  # between attempts to connect
LARGEST_EVENT = 64 * 1024  # bytes; events of network servers have 1 to 4 KB
MOST_COMMANDS = 1000  # that wait for their PUBACK


def topic(value: Any, folder: Path) -> str:
    """The reader of an option: what topics may begin with. No wildcards: a broker ends the connection."""
    if not _TOPIC.fullmatch(text(value, folder)):
        raise Wrong("LP-311", example="town/luftpegel", got=value)
    return str(value)


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    yield from tls.wrong(options, encrypted=options["tls"])
    if options["password_file"] is not None and options["username"] is None:
        yield "username", Wrong("LP-305")


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    if options["password_file"] is not None and not options["tls"] and not is_here(options["host"]):
        yield "password_file", "LP-407"


def new_client(
    options: Mapping[str, Any],
    *,
    name: str,
    keep_session: bool,
    receive_maximum: int = 100,
    largest: int = LARGEST_EVENT,
    received: Received | None = None,
) -> Client:
    """A client for one broker, not connected yet. Raises CannotStart.

    The client id names the session that the broker keeps for us, so it must be the same after every start:
    without one in the options it is made from `name`. Two gateways on one broker need different ones.
    `received` is for those who subscribe; see `Client`.
    """
    version = paho.MQTTv5 if options["protocol"] == "5" else paho.MQTTv311
    client = Client(
        received=received or (lambda _client, _connection, _messages: None),
        receive_maximum=receive_maximum,
        largest=largest,
        fast=works(),
        client_id=options["client_id"] or f"luftpegel-{name}",
        protocol=version,
        clean_session=None if version == paho.MQTTv5 else not keep_session,
        tls=tls.context(options, name) if options["tls"] else None,
    )
    client.max_inflight_messages_set(receive_maximum)
    client.max_queued_messages_set(MOST_COMMANDS)
    client.reconnect_delay_set(FIRST_WAIT_S, LONGEST_WAIT_S)
    if options["username"] is not None:
        client.username_pw_set(options["username"], options["password_file"])
    _prepare_connect(client, options, keep_session, receive_maximum)
    return client


def _prepare_connect(
    client: paho.Client, options: Mapping[str, Any], keep_session: bool, receive_maximum: int
) -> None:
    """Where to connect, and in MQTT 5 how: the session outlives us, no more in flight than we hold.

    No maximum packet size is told: a broker would then drop a larger message in silence and count it as
    delivered (MQTT 5, 3.1.2.11.4). Ours is cut while it comes in, and is told.
    """
    if options["protocol"] != "5":
        client.connect_async(options["host"], options["port"], options["keepalive_s"])
        return
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = receive_maximum
    properties.SessionExpiryInterval = SESSION_S if keep_session else 0
    client.connect_async(
        options["host"],
        options["port"],
        options["keepalive_s"],
        clean_start=not keep_session,
        properties=properties,
    )
