"""What the MQTT tests share: brokers with certificates, logins and manners of their own, a source on a loop.

`Front` stands before a real broker and answers the first packet of a connection itself: an old broker, an
overloaded one.
"""

import asyncio
import base64
import contextlib
import datetime
import hashlib
import ipaddress
import json
import os
import socket
import socketserver
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from luftpegel_gateway.conditions.conditions import Conditions
from luftpegel_gateway.config.options import REQUIRED
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.chirpstack_mqtt import OPTIONS, create
from luftpegel_gateway.transport import mqtt
from luftpegel_tools.programs.broker import Broker, free_port
from luftpegel_tools.programs.debian import find_program

PATIENCE_S = 30


def until(true, what="it does not come"):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.005)
    return found


class Authority:
    """A certificate authority of its own; certificates as PEM files in `folder`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.certificate, self.key = self._make(name, None, (-1, 30), None)
        self.file = self._write(name, self.certificate)

    def _make(self, name, issuer, days, host):
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host:
            names = [x509.DNSName(host)]
            if host == "localhost":
                names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(issuer.key if issuer else key, hashes.SHA256()), key

    def _write(self, name, certificate):
        file = self.folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def issue(self, name, *, days=(-1, 30), host="localhost", self_signed=False):
        """(certificate file, key file)"""
        certificate, key = self._make(name, None if self_signed else self, days, host)
        key_file = self.folder / f"{name}.key"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        return self._write(name, certificate), key_file


class Inn:
    """One port, on which one broker after the other opens: each with other manners."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Broker(folder / "broker")
        self.port = self.broker.port
        self._config = folder / "broker" / "mosquitto.conf"
        self._plain = self._config.read_text()

    def close(self):
        self.broker.stop()

    def open(self, *lines, anonymous=True, inflight=20):
        """A broker with these lines for its listener."""
        self.close()
        text = self._plain.replace("max_inflight_messages 20", f"max_inflight_messages {inflight}")
        text = text if anonymous else text.replace("allow_anonymous true\n", "")
        head, tail = text.split("127.0.0.1\n", 1)
        self._config.write_text("\n".join([f"{head}127.0.0.1", *(str(line) for line in lines), tail]))
        self.broker.start()

    def open_tls(self, pair, authority, *lines):
        certificate, key = pair
        self.open(f"cafile {authority.file}", f"certfile {certificate}", f"keyfile {key}", *lines)

    def open_with_login(self, user, password):
        salt = os.urandom(12)
        told = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
        file = self.secret("users", f"{user}:$7$101${_base64(salt)}${_base64(told)}\n")
        self.open("allow_anonymous false", f"password_file {file}", anonymous=False)

    def open_without_subscribing(self):
        """A broker whose access list allows nobody to subscribe."""
        rights = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False,
                  "unsubscribe": True}  # fmt: skip
        rules = {"defaultACLAccess": rights, "clients": [], "groups": [], "roles": []}
        file = self.secret("rules.json", json.dumps(rules))
        self.open(f"plugin {_plugin()}", f"plugin_opt_config_file {file}")

    def secret(self, name, text):
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o600)
        return file


def _base64(data):
    return base64.b64encode(data).decode()


def _plugin():
    libraries = find_program("mosquitto").env.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    folders = [Path(folder) for folder in libraries if folder] + [Path("/usr/lib")]
    return next(
        file for folder in folders for file in folder.rglob("mosquitto_dynamic_security.so")
    )


class Front:
    """A port that answers a connection's first packet by `answer(packet)`; None: the broker behind does."""

    def __init__(self, answer, behind=None):
        front = self
        self.answer, self.behind = answer, behind

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                packet = self.request.recv(4096)
                said = front.answer(packet)
                if said is not None:
                    self.request.sendall(said)
                    return
                with socket.create_connection(("127.0.0.1", front.behind)) as broker:
                    broker.sendall(packet)
                    back = threading.Thread(target=_pipe, args=(broker, self.request))
                    back.start()
                    _pipe(self.request, broker)
                    back.join()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.port = free_port()
        self._server = Server(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def pass_on(self):
        """From now on the broker behind answers everybody."""
        self.answer = lambda _packet: None

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _pipe(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def level_of(packet):
    """The protocol level in a CONNECT: 4 is MQTT 3.1.1, 5 is MQTT 5."""
    return packet[packet.index(b"MQTT") + 4] if b"MQTT" in packet else None


def options(**values):
    """A broker's options, defaults filled in."""
    return {
        name: None if option.default is REQUIRED else option.default
        for name, option in mqtt.BROKER_OPTIONS.items()
    } | values


class Gateway:
    """A source on an event loop of its own, in a thread; acknowledges at once unless told to hold."""

    def __init__(self, port, *, host="127.0.0.1", name="source", hold=False, conditions=None, **options):
        self.name = name
        self.hold = hold
        self.arrivals = []
        self.batches = []
        self.conditions = conditions or Conditions()
        self._options = {
            key: None if option.default is REQUIRED else option.default for key, option in OPTIONS.items()
        } | {"host": host, "port": port, **options}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.source = self.call(self._create)
        self.call(self.source.start)

    def _create(self):
        return create(Context(self.name, self._options, self._deliver, self.conditions, Path()))

    def _deliver(self, arrivals):
        self.batches.append(len(arrivals))
        self.arrivals += arrivals
        if not self.hold:
            self.source.acknowledge([arrival.token for arrival in arrivals])

    def release(self):
        """Acknowledge everything that came so far, and what comes."""

        def go():
            self.hold = False
            self.source.acknowledge([arrival.token for arrival in self.arrivals])

        self.call(go)

    def call(self, do):
        async def run():
            return do()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)

    @property
    def payloads(self):
        return [arrival.delivery.payload for arrival in self.arrivals]

    def condition(self):
        return self.call(lambda: self.conditions.of(self.name))

    def code(self):
        found = self.condition()
        return found and found.code

    def shows(self, code):
        until(lambda: self.code() == code, lambda: f"{self.condition()} instead of {code}")

    def works(self):
        self.shows(None)
        return self

    def stop(self):
        if self._loop.is_closed():
            return
        self.call(self.source.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def inn(tmp_path):
    """A broker's port that can change its manners."""
    place = Inn(tmp_path)
    yield place
    place.close()


@pytest.fixture
def gateway(monkeypatch):
    """Makes a source that reconnects without waiting long; stopped at the end."""
    monkeypatch.setattr(mqtt, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(mqtt, "LONGEST_WAIT_S", 0.05)
    made = []

    def make(*arguments, **options):
        made.append(Gateway(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def front():
    """Makes a Front; closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(answer, behind=None):
            return stack.enter_context(contextlib.closing(Front(answer, behind)))

        yield make


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that nobody here trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def good_pair(authority):
    """A broker's certificate and key as they should be."""
    return authority.issue("good")


@pytest.fixture
def publisher():
    """Makes a client that publishes; stopped at the end."""
    made = []

    def make(port, *, version=paho.MQTTv5, in_flight=1000, **settings):
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=version, **settings)
        client.max_inflight_messages_set(in_flight)
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", port)
        client.loop_start()
        until(client.is_connected)
        made.append(client)
        return client

    yield make
    for client in made:
        client.disconnect()
        client.loop_stop()
