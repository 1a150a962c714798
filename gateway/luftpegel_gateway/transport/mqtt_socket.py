"""A socket to a broker, with or without TLS: either all of it is there, or nothing is left open."""

import socket
import ssl

PATIENCE_S = 5.0  # for the connection, and again for the handshake


class NoHandshakeError(OSError):
    """The connection was made, and the other end does not answer in TLS."""


def connect(host: str, port: int, tls: ssl.SSLContext | None) -> socket.socket:
    """A connected socket. Raises OSError: what the system, the certificate or the handshake says.

    ValueError: the host's name is none.
    """
    plain = socket.create_connection((host, port), PATIENCE_S)
    if tls is None:
        return plain
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
