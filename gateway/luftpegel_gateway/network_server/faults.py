"""What stands between us and the network server's API: from gRPC's status to one cause each.

ChirpStack looks whose a thing is before it looks for the thing, so a key that may not do something hears
UNAUTHENTICATED without a word, and so does a tenant's key that asks for what does not exist. A token that is
none is told with words. What a web server in front of it says comes as the HTTP status that gRPC has made a
status of its own from. Why a connection does not come about, gRPC tells in OpenSSL's words or not at all: so
we look ourselves, once.
"""

import re
import socket
import ssl
from collections.abc import Mapping
from typing import Any

import grpc  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.network_server.options import place, tls_files
from luftpegel_gateway.transport import tls
from luftpegel_gateway.transport.mqtt_probe import speaks_tls
from luftpegel_gateway.transport.mqtt_socket import NoHandshakeError, connect

UNREACHABLE, UNKNOWN_HOST = "LP-502", "LP-503"
UNTRUSTED, OTHER_NAME, OUT_OF_DATE = "LP-504", "LP-505", "LP-506"
TLS_OR_NOT, NO_API, BAD_KEY, NO_RIGHT, NOT_THERE = "LP-507", "LP-508", "LP-509", "LP-510", "LP-511"
SLOW, FAILED = "LP-513", "LP-514"
LONGEST = 200  # characters of what the other end said

_Code = grpc.StatusCode
_STATUS = {
    _Code.PERMISSION_DENIED: NO_RIGHT,
    _Code.NOT_FOUND: NOT_THERE,
    _Code.UNIMPLEMENTED: NO_API,
    _Code.DEADLINE_EXCEEDED: SLOW,
    _Code.UNAVAILABLE: UNREACHABLE,
}
# What gRPC says of an answer that is none of gRPC's: a web server's own page, or one without HTTP/2.
_FOREIGN = re.compile(r"http2 header with status|http1\.|parsing HTTP/2|ALPN|content-type", re.IGNORECASE)
_CERTIFICATE = {9: OUT_OF_DATE, 10: OUT_OF_DATE, 62: OTHER_NAME, 64: OTHER_NAME}  # X509_V_ERR_*


def of_error(error: Any, options: Mapping[str, Any], what: str) -> Fault:
    """The one cause behind a grpc.RpcError. `what`: the call, for the detail. May take seconds."""
    code, said = error.code(), _short(error.details())
    where = f"{place(options)}, {what}"
    if code is _Code.UNAVAILABLE and (fault := _why(options)) is not None:
        return fault
    if _FOREIGN.search(said):
        return Fault(NO_API, f"{where}: {said}")
    if code is _Code.UNAUTHENTICATED:
        return Fault(BAD_KEY if said else NO_RIGHT, f"{where}: {said}" if said else where)
    return Fault(_STATUS.get(code, FAILED), f"{where}: {said or code.name}")


def _short(details: str | None) -> str:
    """What the other end said: one line, and no more than a bit of it."""
    return " ".join((details or "").split())[:LONGEST]


def _why(options: Mapping[str, Any]) -> Fault | None:
    """Why there is no connection, as the system tells it; None: there would be one now."""
    host, port, where = options["api_host"], options["api_port"], place(options)
    secured = tls.context(tls_files(options), "api") if options["api_tls"] else None
    try:
        connect(host, port, secured).close()
    except ssl.SSLCertVerificationError as error:
        return Fault(_CERTIFICATE.get(error.verify_code, UNTRUSTED), f"{where}: {error.verify_message}")
    except (NoHandshakeError, ssl.SSLError) as error:
        return Fault(TLS_OR_NOT, f"{where}: {getattr(error, 'reason', '') or 'no TLS'}")
    except (socket.gaierror, UnicodeError):
        return Fault(UNKNOWN_HOST, where)
    except OSError as error:
        return Fault(UNREACHABLE, f"{where}: {error.strerror or error}")
    if secured is None and speaks_tls(host, port):
        return Fault(TLS_OR_NOT, f"{where}: TLS")
    return None
