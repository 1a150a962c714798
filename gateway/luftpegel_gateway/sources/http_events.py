"""Events that somebody posts to us over HTTP: answered with 200 only when they are on the disk.

Each event waits for the journal's commit. Where that does not come in time, or there is no room, the sender
hears 503 or 429 and posts it again; what is posted twice is stored once. Every sender proves who it is
(`http_login.py`).
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from luftpegel_gateway.config.options import Option, host, matching, port, secret
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.sources.http_login import Login
from luftpegel_gateway.transport import http_server
from luftpegel_gateway.transport.signature import Unsigned

LISTENING = {
    **source_filter.OPTIONS,
    "host": Option(host, "127.0.0.1"),
    "port": Option(port),
    "path": Option(matching(r"/[A-Za-z0-9._~/-]*", "/luftpegel"), "/"),
    "token_file": Option(secret),
}
TAKEN = "LP-433"
LARGEST_BODY = 256 * 1024
PATIENCE_S = 20.0  # for the commit
MOST_CONNECTIONS = 512
AGAIN_S = 30  # what Retry-After says


def listens(options: Mapping[str, Any]) -> tuple[str, int]:
    """Where a source listens: nobody else may. (host, port)"""
    return options["host"], options["port"]


async def _nothing() -> None:
    pass


class Manner(msgspec.Struct, frozen=True):
    """Whose parser; who may post; what stands in for an MQTT topic; how to answer; what to close; how long a
    sender waits for the commit (seconds)."""

    kind: str
    login: Login
    topic: Callable[[web.BaseRequest], str]
    answer: Callable[[Downlink], None]
    close: Callable[[], Coroutine[None, None, None]] = _nothing
    patience_s: float = PATIENCE_S


class HttpEvents:
    """One port that listens; the `Upstream` of its arrivals, whose token is the one who waits."""

    def __init__(self, context: Context, manner: Manner) -> None:
        name, options = context.name, context.options
        self._name, self._options, self._manner = name, options, manner
        self._deliver, self._conditions = context.deliver, context.conditions
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """See `Source`. A port that is taken is tried again: whoever has it may end."""
        self._task = self._loop.create_task(self._run())

    def stop(self) -> None:
        """See `Source`; called from another thread than the loop's."""
        if self._task is not None:
            asyncio.run_coroutine_threadsafe(self._end(self._task), self._loop).result()

    async def _end(self, task: asyncio.Task[None]) -> None:
        self._ended.set()
        await asyncio.gather(task, self._manner.close(), return_exceptions=True)

    async def _run(self) -> None:
        where = (self._options["host"], self._options["port"])
        while not self._ended.is_set():
            try:
                async with http_server.serving(
                    *where, self._answer, patience_s=PATIENCE_S + 10, most=MOST_CONNECTIONS
                ):
                    self._conditions.clear(self._name, TAKEN)
                    await self._ended.wait()
            except (OSError, UnicodeError) as error:  # the latter: a host name that no DNS can hold
                reason = error.strerror if isinstance(error, OSError) else error
                self._conditions.report(self._name, TAKEN, f"{where[0]}:{where[1]}: {reason}")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), 5)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if (status := self._refusal(request)) is not None:
            return web.Response(status=status)
        if request.headers.get("Expect", "").lower() == "100-continue":  # it waits with the body for a word
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await request.content.read(LARGEST_BODY + 1)
        while not request.content.at_eof() and len(body) <= LARGEST_BODY:
            body += await request.content.read(LARGEST_BODY + 1 - len(body))
        if len(body) > LARGEST_BODY:
            return web.Response(status=413)
        try:
            mark = self._manner.login.judged(request.headers, body)
        except Unsigned as unsigned:
            return web.Response(status=401, text=f"{unsigned}\n")
        if self._manner.login.knows(mark):
            return web.json_response({})
        return await self._take(self._manner.topic(request), body, mark)

    async def _take(self, topic: str, body: bytes, mark: bytes) -> web.Response:
        """Have it on the disk, and say so."""
        waiting: asyncio.Future[None] = self._loop.create_future()
        arrival = Arrival(Delivery(self._name, self._manner.kind, topic, body), self, waiting)
        if self._manner.login.full() or self._deliver([arrival]):
            return _later(429)
        try:
            await asyncio.wait_for(waiting, self._manner.patience_s)
        except TimeoutError:
            return _later(503)
        self._manner.login.taken(mark)
        return web.json_response({})

    def _refusal(self, request: web.BaseRequest) -> int | None:
        """The status of a request that is none of a sender's; who it is is looked at before anything else."""
        if not self._manner.login.may_post(request.headers):
            return 401
        if request.path.rstrip("/") != self._options["path"].rstrip("/"):
            return 404
        if request.method != "POST":
            return 405
        return 413 if (request.content_length or 0) > LARGEST_BODY else None

    def acknowledge(self, tokens: Sequence[asyncio.Future[None]]) -> None:
        """See `Upstream`: who waits hears 200."""
        for waiting in tokens:
            if not waiting.done():
                waiting.set_result(None)

    def answer(self, downlink: Downlink) -> None:
        """See `Upstream`."""
        self._manner.answer(downlink)


def _later(status: int) -> web.Response:
    return web.Response(status=status, headers={"Retry-After": str(AGAIN_S)})
