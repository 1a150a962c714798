"""A socket to a broker, with or without TLS: either all of it is there, or nothing is left open."""

import socket
import ssl
from typing import Any

PATIENCE_S = 5.0  # for the connection, and again for the handshake


class NoHandshakeError(OSError):
    """The connection was made, and the other end does not answer in TLS."""


class _TlsSocket(ssl.SSLSocket):
    """One that was reset already fails in the handshake, where it is closed, and not while it is made."""

    def getpeername(self) -> Any:
        """The other end, or "" when it is gone."""
        try:
            return super().getpeername()
        except OSError:
            return ""


def connect(
    host: str, port: int, tls: ssl.SSLContext | None, patience_s: float = PATIENCE_S
) -> socket.socket:
    """A connected socket. Raises OSError: what the system, the certificate or the handshake says.

    ValueError: the host's name is none.
    """
    plain = socket.create_connection((host, port), patience_s)
    if tls is None:
        return plain
    tls.sslsocket_class = _TlsSocket
    try:
        # The handshake after wrapping: else nobody could close a socket whose handshake fails.
        wrapped = tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except (OSError, ValueError):
        plain.close()
        raise
    try:
        wrapped.do_handshake()
    except (ConnectionError, TimeoutError) as error:
        wrapped.close()
        raise NoHandshakeError(error.errno, error.strerror or str(error)) from error
    except OSError:
        wrapped.close()
        raise
    return wrapped
