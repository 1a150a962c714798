"""The shared HTTP server with real sockets: who says nothing, half of it, too much or nonsense."""

import asyncio
import contextlib
import os
import random
import resource
import socket
import threading
import time

import pytest
from aiohttp import web

from luftpegel_gateway.transport.http_server import MOST_CONNECTIONS, serving

ASK = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"


class Running:
    """A server in a thread of its own."""

    def __init__(self, answer, **bounds):
        self.answer, self.bounds, self.ready = answer, bounds, threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run)

    async def serve(self):
        self.end = asyncio.Event()
        async with serving("127.0.0.1", 0, self.answer, **self.bounds) as self.port:
            self.ready.set()
            await self.end.wait()

    def run(self):
        self.loop.run_until_complete(self.serve())
        self.loop.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, request=ASK):
        with self.connect() as connection:
            connection.sendall(request)
            return everything(connection)

    def stop(self):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(30)
        assert not self.thread.is_alive()


def everything(connection):
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def closed(connection):
    """Whether the other side has ended it; says one byte more."""
    try:
        connection.sendall(b"x")
        return not connection.recv(1)
    except TimeoutError:
        return False
    except OSError:
        return True


async def ready(request):
    return web.Response(text=f"{request.method} {request.path}\n")


@pytest.fixture
def run():
    servers = []

    def start(answer=ready, **bounds):
        servers.append(Running(answer, **bounds))
        servers[-1].thread.start()
        assert servers[-1].ready.wait(30)
        return servers[-1]

    yield start
    for server in servers:
        if server.thread.is_alive():
            server.stop()


def descriptors():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder of this very process


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: "])
def test_1300_half_open_connections_keep_nobody_out(run, said):
    server = run()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    before = descriptors()
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1300):
            connection = stack.enter_context(server.connect())
            with contextlib.suppress(OSError):  # it may have given way already
                connection.sendall(said)
        began = time.monotonic()
        answer = server.ask()
        took = time.monotonic() - began
        assert answer.startswith(b"HTTP/1.1 200")
        assert took < 5  # of which none is waiting; the machine may be busy
        assert descriptors() - before < 1300 + MOST_CONNECTIONS + 20


def test_a_request_that_comes_a_byte_at_a_time_ends_with_the_servers_patience(run):
    server = run(patience_s=0.3)
    with server.connect() as slow:
        slow.sendall(ASK[:20])
        slow.settimeout(0.01)
        ended = time.monotonic() + 30
        while not closed(slow):
            assert time.monotonic() < ended
    assert server.ask().startswith(b"HTTP/1.1 200")


def test_an_answer_at_work_gives_way_to_nobody(run):
    begun, may_end = threading.Event(), threading.Event()

    async def slow(_request):
        begun.set()
        await asyncio.to_thread(may_end.wait, 30)
        return web.Response(text="done\n")

    server = run(slow, most=4)
    with server.connect() as one, contextlib.ExitStack() as stack:
        one.sendall(ASK)
        assert begun.wait(30)
        for _ in range(40):
            stack.enter_context(server.connect())
        may_end.set()
        assert everything(one).endswith(b"done\n")


def test_one_answer_a_connection(run):
    server = run()
    answer = server.ask(ASK + ASK.replace(b"readyz", b"second"))
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in answer


def test_a_mistake_in_an_answer_is_a_500_and_the_next_is_served(run, caplog):
    async def wrong(request):
        return web.Response(text=str(1 / int(request.query.get("by", "0"))))

    server = run(wrong)
    assert b" 500 " in server.ask()
    assert b" 200 " in server.ask(ASK.replace(b"/readyz", b"/?by=1"))
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n bad: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_said_little_of(run, request_bytes, caplog):
    server = run()
    answer = server.ask(request_bytes)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert caplog.records == []  # nobody outside may fill the log
    assert server.ask().startswith(b"HTTP/1.1 200")


def test_any_bytes_leave_the_server_as_it_was(run):
    server, luck = run(), random.Random(1)
    pieces = [b"GET ", b"/", b" HTTP/1.1", b"\r\n", b"Host: x", b":", b"\x00", b"%", b"\xff", b"POST "]
    for _ in range(300):
        said = b"".join(luck.choice(pieces) for _ in range(luck.randrange(1, 12)))
        with server.connect() as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            everything(connection)
    assert server.ask().startswith(b"HTTP/1.1 200")


def test_a_taken_port_is_told():
    async def main():
        async with serving("127.0.0.1", 0, ready) as port:
            with pytest.raises(OSError, match="address"):
                async with serving("127.0.0.1", port, ready):
                    raise AssertionError("two on one port")

    asyncio.run(main())


def test_the_end_waits_for_nobody_who_has_said_nothing(run):
    server = run()
    with server.connect() as silent, server.connect() as half:
        half.sendall(ASK[:10])
        assert server.ask()
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 8
        assert everything(silent) == b""


def test_a_crowd_that_asks_at_once_is_answered(run):
    """200 that connect before any of them has asked."""
    server = run()
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(server.connect()) for _ in range(200)]
        for connection in crowd:
            connection.sendall(ASK)
        answers = [everything(connection) for connection in crowd]
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 200
