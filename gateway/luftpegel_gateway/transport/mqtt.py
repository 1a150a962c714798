"""The MQTT connection that sources and sinks share: options, TLS, and a client that reconnects for ever.

paho owns one network thread per client. Its callbacks do nothing but hand over to the event loop: a blocked
network thread would miss the keep-alive, and with it the session.
"""

import ipaddress
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from luftpegel_gateway.config.options import Option, Wrong, choice, file, flag, port, secret, text, whole
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.transport.mqtt_client import Client, Received, works
from luftpegel_gateway.transport.mqtt_link import on_loop

__all__ = ["BROKER_OPTIONS", "LARGEST_EVENT", "new_client", "on_loop", "warnings", "wrong"]

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
FIRST_WAIT_S, LONGEST_WAIT_S = 1, 30  # between attempts to connect
LARGEST_EVENT = 64 * 1024  # bytes; events of network servers have 1 to 4 KB
MOST_COMMANDS = 1000  # that wait for their PUBACK


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    if not options["tls"]:
        for key in ("ca_file", "cert_file", "key_file"):
            if options[key] is not None:
                yield key, Wrong("LP-406")
    elif options["key_file"] is not None and options["cert_file"] is None:  # one file may hold both
        yield "cert_file", Wrong("LP-305")


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    if options["password_file"] is not None and not options["tls"] and not _is_here(options["host"]):
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
        tls=_tls(options, name) if options["tls"] else None,
    )
    client.max_inflight_messages_set(receive_maximum)
    client.max_queued_messages_set(MOST_COMMANDS)
    client.reconnect_delay_set(FIRST_WAIT_S, LONGEST_WAIT_S)
    if options["username"] is not None:
        client.username_pw_set(options["username"], options["password_file"])
    _prepare_connect(client, options, keep_session, receive_maximum)
    return client


def _tls(options: Mapping[str, Any], name: str) -> ssl.SSLContext:
    """Check the broker's certificate, and show ours where there is one. Raises CannotStart.

    Not `ssl.create_default_context`: from Python 3.13 on it refuses what many a town's own authority issues
    (VERIFY_X509_STRICT). `ca_file` may also be the broker's own certificate, or that of an authority between.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if options["ca_file"] is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(options["ca_file"])
        if options["cert_file"] is not None:
            context.load_cert_chain(options["cert_file"], options["key_file"], _no_passphrase)
    except (OSError, ValueError) as error:
        raise CannotStart("LP-405", f"{name}: {error}") from error
    return context


def _no_passphrase() -> str:
    """An encrypted key would make OpenSSL ask on the terminal, and wait for ever."""
    raise ValueError("the key is encrypted; a service cannot ask for its passphrase")


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


def _is_here(host: str) -> bool:
    """Whether a host is this very machine, so that nothing goes over a network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
