"""The MQTT connection that sources and sinks share: options, TLS, and a paho client that reconnects for ever.

paho owns one network thread per client. Its callbacks do nothing but hand over to the event loop: a blocked
network thread would miss the keep-alive, and with it the session.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from luftpegel_gateway.conditions.health import CannotStart
from luftpegel_gateway.config.options import Option, choice, file, flag, port, secret, text, whole

BROKER_OPTIONS = {
    "host": Option(text),
    "port": Option(port, 1883),
    "client_id": Option(text, ""),
    "username": Option(text, None),
    "password_file": Option(secret, None),
    "tls": Option(flag, False),
    "ca_file": Option(file, None),
    "cert_file": Option(file, None),
    "key_file": Option(file, None),
    "protocol": Option(choice("5", "3.1.1"), "5"),
    "keepalive_s": Option(whole(5, 3600), 30),
}
SESSION_S = 30 * 86400  # how long the broker keeps our messages while we are away (MQTT 5)
LONGEST_WAIT_S = 30


def new_client(
    options: Mapping[str, Any], *, name: str, keep_session: bool, receive_maximum: int = 100
) -> paho.Client:
    """A client for one broker, not connected yet. Raises CannotStart.

    The client id names the session that the broker keeps for us, so it must be the same after every start:
    without one in the options it is made from `name`. Two gateways on one broker need different ones.
    """
    version = paho.MQTTv5 if options["protocol"] == "5" else paho.MQTTv311
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=options["client_id"] or f"luftpegel-{name}",
        protocol=version,
        clean_session=None if version == paho.MQTTv5 else not keep_session,
        manual_ack=True,
    )
    client.max_inflight_messages_set(receive_maximum)
    client.reconnect_delay_set(1, LONGEST_WAIT_S)
    if options["username"] is not None:
        client.username_pw_set(options["username"], options["password_file"])
    if options["tls"]:
        _use_tls(client, options, name)
    _prepare_connect(client, options, keep_session, receive_maximum)
    return client


def _use_tls(client: paho.Client, options: Mapping[str, Any], name: str) -> None:
    """Check the broker's certificate and show ours. Raises CannotStart."""
    try:
        client.tls_set(
            ca_certs=_path(options["ca_file"]),
            certfile=_path(options["cert_file"]),
            keyfile=_path(options["key_file"]),
            tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
    except (OSError, ValueError) as error:
        raise CannotStart("LP-405", f"{name}: {error}") from error


def _prepare_connect(
    client: paho.Client, options: Mapping[str, Any], keep_session: bool, receive_maximum: int
) -> None:
    """Where to connect, and in MQTT 5 how: the session outlives us, no more in flight than we hold."""
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


def _path(value: Any) -> str | None:
    return None if value is None else str(value)


def on_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: Any) -> None:
    """Run `call(*values)` on the event loop; from any thread, harmless when the loop has ended."""
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        if not loop.is_closed():
            raise
