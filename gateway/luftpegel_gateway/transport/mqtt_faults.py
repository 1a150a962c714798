"""What stands between us and a broker: from exceptions and reason codes to one cause each.

Pure. What a broker or TLS says is said in many ways; each of them was seen on a real mosquitto, or stands in
OpenSSL's table of alerts (RFC 8446, section 6.2) or in MQTT's of reason codes (v5.0, section 2.4; v3.1.1,
table 3.1, whose codes paho translates).
"""

import socket
import ssl

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.transport.mqtt_packets import ProtocolError
from luftpegel_gateway.transport.mqtt_socket import NoHandshakeError

LOST = "LP-401"  # closed without a word: explains nothing
REFUSED = "LP-402"
BUSY = "LP-408"
NO_MQTT = "LP-409"
UNKNOWN_HOST = "LP-440"
UNREACHABLE = "LP-441"
UNTRUSTED = "LP-442"
OTHER_NAME = "LP-443"
OUT_OF_DATE = "LP-444"
NO_TLS = "LP-445"
WANTS_TLS = "LP-446"
OUR_CERTIFICATE = "LP-447"
TOO_OLD = "LP-448"
TWICE = "LP-449"
# All that a connection can suffer from: none of them is true any more when it stands.
OF_CONNECTION = (
    LOST, REFUSED, BUSY, NO_MQTT, UNKNOWN_HOST, UNREACHABLE, UNTRUSTED, OTHER_NAME, OUT_OF_DATE, NO_TLS,
    WANTS_TLS, OUR_CERTIFICATE, TOO_OLD, TWICE,
)  # fmt: skip

# Why OpenSSL does not accept the broker's certificate (X509_V_ERR_*); every other: not trusted.
_CERTIFICATE = {
    9: OUT_OF_DATE,  # not yet valid
    10: OUT_OF_DATE,  # expired
    62: OTHER_NAME,  # host name
    64: OTHER_NAME,  # IP address
}
# What is no TLS, the special before the general.
_EXCEPTIONS: tuple[tuple[type[Exception], str], ...] = (
    (ProtocolError, NO_MQTT),
    (socket.gaierror, UNKNOWN_HOST),
    (UnicodeError, UNKNOWN_HOST),  # no host has such a name
    (NoHandshakeError, NO_TLS),
    (ConnectionResetError, LOST),
    (BrokenPipeError, LOST),
    (OSError, UNREACHABLE),
)
# Alerts by which a broker refuses our certificate, or its absence, as parts of OpenSSL's names of them.
_ALERTS = (
    "ALERT_CERTIFICATE_REQUIRED", "ALERT_UNKNOWN_CA", "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_REVOKED", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE", "ALERT_HANDSHAKE_FAILURE", "ALERT_ACCESS_DENIED", "ALERT_DECRYPT_ERROR",
)  # fmt: skip
# Reason codes of CONNACK and DISCONNECT; every other is LOST, with its own words.
_REASONS = {
    129: NO_MQTT,  # malformed packet
    130: NO_MQTT,  # protocol error
    132: TOO_OLD,  # unsupported protocol version
    133: REFUSED,  # client identifier not valid
    134: REFUSED,  # bad user name or password
    135: REFUSED,  # not authorized
    136: BUSY,  # server unavailable
    137: BUSY,  # server busy
    138: REFUSED,  # banned
    140: REFUSED,  # bad authentication method
    142: TWICE,  # session taken over
    151: BUSY,  # quota exceeded
    152: REFUSED,  # administrative action
    156: BUSY,  # use another server
    157: BUSY,  # server moved
    159: BUSY,  # connection rate exceeded
}


def of_exception(error: Exception, *, port: str) -> Fault:
    """The cause behind a failed connection: what was raised while connecting, in the handshake or later.

    `port`: "host:port", for the detail.
    """
    return Fault(_code(error), f"{port}: {_text(error)}")


def _code(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, UNTRUSTED)
    if isinstance(error, ssl.SSLError):
        return OUR_CERTIFICATE if any(alert in (error.reason or "") for alert in _ALERTS) else NO_TLS
    for kind, code in _EXCEPTIONS:
        if isinstance(error, kind):
            return code
    return LOST  # a mistake, ours or paho's; the log has it whole


def _text(error: Exception) -> str:
    """Words without OpenSSL's places in its source: those differ from system to system."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def is_protocol_error(value: int) -> bool:
    """Whether a reason code says that what came was no MQTT; paho gives it for what it has found itself."""
    return _REASONS.get(value) == NO_MQTT


def of_reason(value: int, text: str, *, port: str) -> Fault:
    """The cause that the broker itself gives, as an MQTT 5 reason code."""
    return Fault(_REASONS.get(value, LOST), f"{port}: {text}")
