"""The ways break as they are told to: else nothing that passes over them would prove anything."""

import contextlib
import gc
import http.client
import socket
import threading

import pytest
from tests.faults.http_way import HttpWay
from tests.faults.tcp_way import DOWN, UP, Manner, Way
from tests.faults.town import until
from tests.servers.webhook_receiver import WebhookReceiver

PATIENCE_S = 20
ROUNDS = 40


class Echo:
    """Answers what it hears, and remembers it."""

    def __init__(self):
        self.heard = b""
        self.ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client, contextlib.suppress(OSError):
                    while data := client.recv(65536):
                        self.heard += data
                        client.sendall(data)
                self.ended.set()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def way():
    with contextlib.closing(Echo()) as echo, contextlib.closing(Way(echo.port)) as way:
        way.echo = echo
        yield way


def exchange(way, data):
    """What came back before the end; None in place of a reset."""
    with socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE_S) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(data)
        got = b""
        with contextlib.suppress(OSError):
            while len(got) < len(data) and (more := connection.recv(65536)):
                got += more
        return got


def test_it_leads_through_and_can_be_away(way):
    assert exchange(way, b"hello") == b"hello"
    way.away()
    with pytest.raises(ConnectionRefusedError):
        exchange(way, b"hello")
    way.back()
    assert exchange(way, b"again") == b"again"


def test_it_cuts_what_is_asked_in_the_middle(way):
    way.manner = lambda: Manner(UP, 4)
    assert len(exchange(way, b"0123456789")) <= 4
    assert way.echo.ended.wait(PATIENCE_S)
    assert (way.echo.heard, way.ended) == (b"0123", 1)


@pytest.mark.parametrize("after", [0, 3])
def test_it_loses_the_answer_of_what_was_done(way, after):
    way.manner = lambda: Manner(DOWN, after)
    assert len(exchange(way, b"0123456789")) <= after
    assert way.echo.ended.wait(PATIENCE_S)
    assert way.echo.heard == b"0123456789"


def test_it_half_closes(way):
    way.manner = lambda: Manner(DOWN, 3, "half")
    with socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"0123")
        assert (connection.recv(9), connection.recv(9)) == (b"012", b"")
        connection.sendall(b"45")  # this direction is open
        connection.shutdown(socket.SHUT_WR)
        assert way.echo.ended.wait(PATIENCE_S)
    assert way.echo.heard == b"012345"


def test_an_answer_that_is_lost_or_torn_is_of_what_was_done():
    with WebhookReceiver() as receiver, HttpWay(receiver.port) as way:
        for number, word in enumerate(["cut", "lost", "torn", "503", "portal", ""]):
            way.plan = [word] if word else []
            connection = http.client.HTTPConnection("127.0.0.1", way.port, timeout=PATIENCE_S)
            with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
                headers = {"Idempotency-Key": str(number)}
                connection.request("POST", "/", b'{"items": [{"key": "%d"}]}' % number, headers)
                answer = connection.getresponse()
                answer.read()
                assert (word, answer.status) in {("503", 503), ("portal", 200), ("", 204)}
        assert set(receiver.items) == {"1", "2", "5"}
        assert way.done == ["cut", "lost", "torn", "503", "portal"]


@pytest.mark.filterwarnings("error")
def test_a_way_that_goes_while_many_knock_leaves_nothing_open(way):
    """A client that dials again and again meets the moment at which nobody listens any more."""
    ended = threading.Event()

    def knock():
        while not ended.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE_S) as connection,
            ):
                connection.sendall(b"x")
                connection.recv(1)

    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROUNDS):
            before = way.connections
            until(lambda before=before: way.connections > before, "nobody knocks")
            way.away()
            way.back()
        way.away()
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    gc.collect()  # what was left open is told by its end
