"""A command's side of the socket, blocking: sends a request to the running gateway, waits for its answer."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from luftpegel_gateway.control.address import NAME, short_path
from luftpegel_gateway.control.protocol import ANSWER_LINE, Answer, BadLine, Request, line_of, parse_answer
from luftpegel_gateway.model.faults import CannotStart

PATIENCE_S = 60.0  # for one answer: a full disk makes the gateway wait, too


class NobodyListens(Exception):  # noqa: N818 - a state, not a mistake
    """No gateway listens in this folder."""


class Client:
    """A connection to the running gateway."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def ask(self, request: Request) -> Answer:
        """Its answer. CannotStart: LP-332 when it gives none, or the code with which it refuses."""
        try:
            self._connection.sendall(line_of(request))
            line = self._file.readline(ANSWER_LINE)
            answer = parse_answer(line)
            if not line.endswith(b"\n"):
                raise BadLine("it ended within its answer")
        except TimeoutError as error:
            raise CannotStart("LP-332", f"no answer in {self._connection.gettimeout():.0f} s") from error
        except OSError as error:
            raise CannotStart("LP-332", str(error.strerror or error)) from error
        except BadLine as error:
            raise CannotStart("LP-332", "it ended" if not line else str(error)) from error
        if answer.error is not None:
            raise CannotStart(answer.error.code, answer.error.detail)
        return answer

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._connection.close()


@contextlib.contextmanager
def connected(folder: Path, patience_s: float = PATIENCE_S) -> Iterator[Client]:
    """A client. NobodyListens: there is no socket, or a dead one; CannotStart LP-332: it is not for us."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patience_s)
    try:
        with short_path(folder / NAME) as path:
            connection.connect(path)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        connection.close()
        raise NobodyListens(str(error)) from error
    except OSError as error:
        connection.close()
        raise CannotStart("LP-332", f"{folder / NAME}: {error.strerror or error}") from error
    client = Client(connection)
    try:
        yield client
    finally:
        client.close()
