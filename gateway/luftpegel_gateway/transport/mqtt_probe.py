"""What listens on a port whose broker closed the connection without a word? Asked only then, and seldom.

Two questions tell the causes apart that look alike: a port that wants TLS, and a broker that does not know
MQTT 5. No name, password or payload is sent; nothing of ours is confirmed by the answers but the protocol.
"""

import ssl

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.transport.mqtt_faults import TOO_OLD, WANTS_TLS
from luftpegel_gateway.transport.mqtt_socket import connect

PATIENCE_S = 3.0
# CONNECT of MQTT 3.1.1 (section 3.1): clean session, no will, no name, keep-alive 10 s, empty client id.
_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"
_CONNACK = 0x20


def why_silent(host: str, port: int, *, tls: bool, version5: bool) -> Fault | None:
    """The cause of a connection that was closed before CONNACK; None: not found. Takes seconds at most."""
    place = f"{host}:{port}"
    if not tls and speaks_tls(host, port):
        return Fault(WANTS_TLS, place)
    if version5 and not tls and speaks_older(host, port):
        return Fault(TOO_OLD, place)
    return None


def speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake begins there; whose certificate it shows is not looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        connect(host, port, context, PATIENCE_S).close()
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")  # it refuses us, but in TLS
    except (OSError, ValueError):
        return False
    return True


def speaks_older(host: str, port: int) -> bool:
    """Whether a broker answers MQTT 3.1.1 there; also a refusal is an answer."""
    try:
        with connect(host, port, None, PATIENCE_S) as plain:
            plain.sendall(_CONNECT)
            return plain.recv(1)[:1] == bytes([_CONNACK])
    except (OSError, ValueError):
        return False
