"""Each state of TLS with a broker: certificates that make it, one cause, and a broker that clears it."""

import socket
import ssl
import struct

import pytest
from cryptography.hazmat.primitives import serialization
from mqtt_world import options, until

from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.transport import mqtt_socket, tls

BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@pytest.fixture
def old_tls(monkeypatch):
    """Our side speaks TLS 1.2: refusals come within the handshake, not after it."""
    usual = tls.context

    def old(*arguments):
        context = usual(*arguments)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    return lambda: monkeypatch.setattr(tls, "context", old)


@BOTH
@pytest.mark.parametrize(
    ("code", "wrong"),
    {
        "of an authority that we do not trust": ("LP-442", lambda _own, other: other.issue("b")),
        "self-signed": ("LP-442", lambda own, _other: own.issue("b", self_signed=True)),
        "for another name": ("LP-443", lambda own, _other: own.issue("b", host="elsewhere.example")),
        "expired": ("LP-444", lambda own, _other: own.issue("b", days=(-30, -2))),
        "not valid yet": ("LP-444", lambda own, _other: own.issue("b", days=(2, 30))),
    }.values(),
)
def test_a_brokers_certificate(*, inn, gateway, authority, stranger, good_pair, code, wrong, protocol):
    inn.open_tls(wrong(authority, stranger), authority)
    one = gateway(inn.port, tls=True, ca_file=authority.file, protocol=protocol)
    one.shows(code)
    inn.open_tls(good_pair, authority)
    one.works()


def test_a_certificate_for_a_name_when_the_host_is_an_address(inn, gateway, authority, good_pair):
    inn.open_tls(authority.issue("b", host="elsewhere.example"), authority)
    one = gateway(inn.port, tls=True, ca_file=authority.file)
    one.shows("LP-443")
    inn.open_tls(good_pair, authority)
    one.works()


@BOTH
def test_tls_to_a_port_without(inn, gateway, authority, good_pair, protocol):
    one = gateway(inn.port, tls=True, ca_file=authority.file, protocol=protocol)
    one.shows("LP-445")
    inn.open_tls(good_pair, authority)
    one.works()


@BOTH
def test_no_tls_to_a_port_that_wants_it(inn, gateway, authority, good_pair, protocol):
    inn.open_tls(good_pair, authority)
    one = gateway(inn.port, protocol=protocol)
    one.shows("LP-446")
    inn.open()
    one.works()


@BOTH
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("ours", ["none", "of a stranger", "expired"])
def test_our_certificate(*, inn, gateway, authority, stranger, good_pair, old_tls, ours, version, protocol):
    inn.open_tls(good_pair, authority, "require_certificate true")
    if version == "1.2":
        old_tls()
    certificate, key = {
        "none": lambda: (None, None),
        "of a stranger": lambda: stranger.issue("us", host="us"),
        "expired": lambda: authority.issue("us", host="us", days=(-9, -2)),
    }[ours]()
    one = gateway(
        inn.port, tls=True, ca_file=authority.file, cert_file=certificate, key_file=key, protocol=protocol
    )
    one.shows("LP-447")
    inn.open_tls(good_pair, authority)
    one.works()


def test_our_certificate_is_accepted(inn, gateway, authority, good_pair):
    inn.open_tls(good_pair, authority, "require_certificate true")
    certificate, key = authority.issue("us", host="us")
    gateway(inn.port, tls=True, ca_file=authority.file, cert_file=certificate, key_file=key).works()


@pytest.mark.parametrize("self_signed", [True, False])
def test_trust_in_this_very_certificate(inn, gateway, authority, self_signed):
    """What LP-442 advises for a certificate that signed itself; and for one whose authority is far away."""
    pair = authority.issue("pinned", self_signed=self_signed)
    inn.open_tls(pair, authority)
    gateway(inn.port, tls=True, ca_file=pair[0]).works()


def test_an_encrypted_key_does_not_wait_for_a_person(authority, tmp_path):
    certificate, _ = authority.issue("us", host="us")
    key = tmp_path / "encrypted.key"
    key.write_bytes(
        authority.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CannotStart, match="passphrase") as refused:
        tls.context(options(tls=True, cert_file=certificate, key_file=key), "source")
    assert refused.value.code == "LP-405"


def test_two_that_share_no_version_of_tls(inn, gateway, authority, good_pair, old_tls):
    """TLS that cannot be agreed, and not a broker that is away."""
    inn.open_tls(good_pair, authority, "tls_version tlsv1.3")
    old_tls()
    one = gateway(inn.port, tls=True, ca_file=authority.file)
    one.shows("LP-445")
    inn.open_tls(good_pair, authority)
    one.works()


def test_a_socket_that_is_reset_before_the_handshake_is_closed():
    """CPython loses one that is reset while it is wrapped."""
    wrapped = []

    class Watched(mqtt_socket._TlsSocket):
        def __new__(cls, *arguments, **values):
            wrapped.append(super().__new__(cls, *arguments, **values))
            return wrapped[-1]

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with socket.create_server(("127.0.0.1", 0)) as server:
        real = socket.create_connection

        def reset_at_once(*arguments):
            made = real(*arguments)
            accepted, _ = server.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            until(lambda: _is_gone(made))
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "create_connection", reset_at_once)
            patch.setattr(mqtt_socket, "_TlsSocket", Watched)
            with pytest.raises(mqtt_socket.NoHandshakeError):
                mqtt_socket.connect("127.0.0.1", server.getsockname()[1], context)
    assert [one.fileno() for one in wrapped] == [-1]


def _is_gone(sock):
    try:
        sock.getpeername()
    except OSError:
        return True
    return False
