"""The HTTP server that page and sources share: aiohttp's, within bounds that half-open peers cannot break.

A connection carries one request and is closed after its answer. It lives so long at most, whether or not its
request ever becomes whole; and when there are as many as may be, a new one takes the place of the oldest that
waits for its request still. So nobody who says nothing keeps out somebody who does.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

log = logging.getLogger("luftpegel.gateway")
_quiet = logging.getLogger("luftpegel.http")  # what is no HTTP is the other side's mistake, answered with 400
_quiet.setLevel(logging.CRITICAL)

MOST_CONNECTIONS = 256
PATIENCE_S = 10.0  # from connecting to the end of the answer
LARGEST_LINE = 8190  # bytes of the first line, and of each header field
BACKLOG = 1024  # that the system holds until the loop comes to them; beyond it a peer waits for a second
DRAINED, DRAIN_S, DRAIN_IDLE_S = 4 << 20, 5.0, 2.0  # of a body that nobody wants: bytes, seconds, of silence
GOODBYE_S = 0.2  # for answers at work when the server ends

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def serving(
    host: str,
    port: int,
    answer: Answer,
    *,
    patience_s: float = PATIENCE_S,
    most: int = MOST_CONNECTIONS,
) -> AsyncIterator[int]:
    """Listen and answer inside the context; gives the port (of 0: which one the system chose).

    OSError: the port is taken. At the end nobody who has not sent a request is waited for.
    """
    server = _Bounded(answer, patience_s, most)
    runner = web.ServerRunner(server, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=BACKLOG)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        server.abort_waiting()
        await runner.cleanup()


class _Bounded(web.Server):
    """aiohttp's server with a bound on connections and on how long each lives; one answer a connection, so
    there is no framing to get wrong between us and a proxy."""

    def __init__(self, answer: Answer, patience_s: float, most: int) -> None:
        super().__init__(
            self._one,
            access_log=None,
            logger=_quiet,
            keepalive_timeout=patience_s,
            lingering_time=0.0,
            max_line_size=LARGEST_LINE,
            max_field_size=LARGEST_LINE,
        )
        self._answer, self._patience_s, self._most = answer, patience_s, most
        self._transports: dict[web.RequestHandler, asyncio.Transport] = {}
        self._ends: dict[web.RequestHandler, asyncio.TimerHandle] = {}
        self._waiting: dict[web.RequestHandler, None] = {}  # no whole request yet; the oldest first

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take a connection, in place of an older one where there are too many."""
        super().connection_made(handler, transport)
        loop = asyncio.get_running_loop()
        self._transports[handler] = transport
        self._ends[handler] = loop.call_later(self._patience_s, transport.abort)
        self._waiting[handler] = None
        if len(self._transports) > self._most:
            self._abort(next(iter(self._waiting)))

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Forget a connection."""
        super().connection_lost(handler, exc)
        self._waiting.pop(handler, None)
        self._transports.pop(handler, None)
        if (end := self._ends.pop(handler, None)) is not None:
            end.cancel()

    async def _one(self, request: web.BaseRequest) -> web.StreamResponse:
        """The request is whole: it is answered, and its connection gives way to nobody."""
        self._waiting.pop(request.protocol, None)
        try:
            response = await self._answer(request)
        except ConnectionError:  # whoever asked has left
            response = web.Response(status=400)
        except web.RequestPayloadError:  # a body that is not what its headers say
            response = web.Response(text="Bad Request\n", status=400)
        except Exception:  # one page's mistake must not take the gateway down
            log.exception("an HTTP request failed")
            response = web.Response(text="Internal Server Error\n", status=500)
        if response.status >= 400:
            await self._drain(request)
        response.force_close()
        response.headers.setdefault("Server", "luftpegel")
        return response

    async def _drain(self, request: web.BaseRequest) -> None:
        """Read on for a while before a refusal: who writes all before reading would find a reset, and no
        answer. Meanwhile the connection gives way to others, as one that has not said all.

        Who waits with the body for a word (RFC 9110, 10.1.1) sends none after a refusal.
        """
        if request.content.at_eof() or request.headers.get("Expect"):
            return
        if request.protocol in self._transports:
            self._waiting[request.protocol] = None
        left = DRAINED
        try:
            async with asyncio.timeout(DRAIN_S):
                while left > 0 and not request.content.at_eof():
                    left -= len(await asyncio.wait_for(request.content.readany(), DRAIN_IDLE_S))
        except (TimeoutError, ConnectionError, web.RequestPayloadError):
            pass
        finally:
            self._waiting.pop(request.protocol, None)

    def abort_waiting(self) -> None:
        """End the connections that have said nothing."""
        for handler in list(self._waiting):
            self._abort(handler)

    def _abort(self, handler: web.RequestHandler) -> None:
        """End it; it counts no more, although aiohttp hears of it a moment later."""
        del self._waiting[handler]
        self._transports.pop(handler).abort()
