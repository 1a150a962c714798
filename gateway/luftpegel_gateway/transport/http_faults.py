"""What stands between us and an HTTP server: from exceptions and statuses to one cause each. Pure.

Statuses by RFC 9110, section 15, and RFC 6585 (429); `Retry-After` by RFC 9110, 10.2.3.
"""

import email.utils
import errno
import socket
import ssl
import time
from collections.abc import Mapping

import aiohttp

from luftpegel_gateway.model.faults import OtherEndDown

UNKNOWN_HOST, UNREACHABLE = "LP-460", "LP-461"
UNTRUSTED, OTHER_NAME, OUT_OF_DATE = "LP-462", "LP-463", "LP-464"
OUR_CERTIFICATE, NO_TLS = "LP-465", "LP-466"
LOST, SLOW = "LP-467", "LP-468"
LOGIN, FORBIDDEN = "LP-470", "LP-471"
BUSY, BROKEN, MOVED = "LP-472", "LP-473", "LP-474"
NO_SUCH_PATH, NOT_UNDERSTOOD, NO_TOKEN = "LP-475", "LP-476", "LP-477"

# Why OpenSSL does not accept a certificate (X509_V_ERR_*); every other: not trusted.
_CERTIFICATE = {9: OUT_OF_DATE, 10: OUT_OF_DATE, 62: OTHER_NAME, 64: OTHER_NAME}
_ALERTS = ("ALERT_CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_UNSUPPORTED_CERTIFICATE",
           "ALERT_HANDSHAKE_FAILURE", "ALERT_ACCESS_DENIED", "ALERT_DECRYPT_ERROR")  # fmt: skip
# Statuses that say nothing of what was sent; those that do are for the caller to judge.
_STATUSES = {
    401: LOGIN,
    403: FORBIDDEN,
    407: FORBIDDEN,  # the proxy
    408: SLOW,
    421: BUSY,
    423: BUSY,
    425: BUSY,
    429: BUSY,
    503: BUSY,
}
# What nginx answers with status 400 where TLS has let us in so far (ngx_http_special_response.c).
_PHRASES = (
    (b"No required SSL certificate was sent", OUR_CERTIFICATE),
    (b"The SSL certificate error", OUR_CERTIFICATE),
    (b"The plain HTTP request was sent to HTTPS port", NO_TLS),
)
_GONE = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
MOST_WORDS = 200  # characters of what a server says that are told on


def of_exception(error: BaseException, where: str) -> OtherEndDown:
    """The cause behind a request that got no answer. `where`: host and port, for the detail."""
    return OtherEndDown(_code(error), f"{where}: {_text(error)}")


def of_status(status: int, answer_headers: Mapping[str, str], body: bytes, where: str) -> OtherEndDown | None:
    """The trouble that a status tells, or None where the answer is about what was sent."""
    if 300 <= status < 400:
        code = MOVED
        words = answer_headers.get("Location", "")
    else:
        code = _STATUSES.get(status, BROKEN if status >= 500 else "")
        if status == 400:
            code = next((code for phrase, code in _PHRASES if phrase in body), "")
        words = excerpt(body)
    if not code:
        return None
    return OtherEndDown(
        code, f"{where}: {status} {words}".rstrip(), retry_after(answer_headers.get("Retry-After", ""))
    )


def excerpt(body: bytes) -> str:
    """The beginning of what a server says, on one line."""
    words = " ".join(body[: 4 * MOST_WORDS].decode("utf-8", "replace").split())
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1] + "…"


def retry_after(value: str, now: float | None = None) -> float:
    """Seconds to wait: a number, or a date; 0 for what is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 10**6))
    try:
        then = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, then - (time.time() if now is None else now)), 1e6)


def _code(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(cause.verify_code, UNTRUSTED)
    if isinstance(cause, ssl.SSLError):
        return OUR_CERTIFICATE if any(alert in (cause.reason or "") for alert in _ALERTS) else NO_TLS
    if isinstance(cause, OSError) and cause.errno in _GONE:
        return LOST
    return next((code for kinds, code in _EXCEPTIONS if isinstance(cause, kinds)), LOST)


def _cause(error: BaseException) -> BaseException:
    """What aiohttp has wrapped. An alert that comes after the handshake (TLS 1.3) is a cause of a lost
    connection."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error
    return error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error


# The special before the general. An answer that is no HTTP is what a TLS port says to plain text, too.
_EXCEPTIONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, UnicodeError, aiohttp.InvalidURL), UNKNOWN_HOST),
    (aiohttp.ConnectionTimeoutError, UNREACHABLE),
    (TimeoutError, SLOW),
    ((ConnectionResetError, BrokenPipeError, aiohttp.ServerDisconnectedError), LOST),
    (aiohttp.ClientResponseError, NO_TLS),
    (aiohttp.ClientPayloadError, LOST),
    (OSError, UNREACHABLE),
)


def _text(error: BaseException) -> str:
    """Words without OpenSSL's places in its source: those differ from system to system."""
    error = _cause(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
