"""A small HTTP/1.1 server for the page: GET and HEAD, one request a connection, no bodies.

Why our own: it is read-only, on the loopback interface by default, and needs forty lines; `http.server` would
need a thread a request, a framework would be the gateway's largest dependency. Since every connection is
closed after one answer and a request with a body is refused, there is no framing to get wrong between us and
a proxy.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

log = logging.getLogger("luftpegel.gateway")

LARGEST_HEAD = 8192
PATIENCE_S = 10.0
MOST_CONNECTIONS = 64
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler may look at. Header names are lower case; of repeated query keys the last counts."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers."""

    body: str
    content_type: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class BadRequest(Exception):  # noqa: N818 - the other side's mistake
    """A request that gets only a status."""

    def __init__(self, status: int) -> None:
        super().__init__(REASONS[status])
        self.status = status


Handler = Callable[[Request], Awaitable[Response]]


@contextlib.asynccontextmanager
async def serving(host: str, port: int, handler: Handler) -> AsyncIterator[asyncio.Server]:
    """Listen and answer inside the context; at its end nobody is waited for. OSError: the port is taken."""
    connections = asyncio.Semaphore(MOST_CONNECTIONS)
    writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with connections:
                    await asyncio.wait_for(_answer(reader, writer, handler), PATIENCE_S)
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(connected, host, port, limit=LARGEST_HEAD)
    try:
        yield server
    finally:
        server.close()
        for writer in writers:  # browsers open connections ahead of need, and say nothing on them
            writer.transport.abort()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    """Read one request, write one answer."""
    method = "GET"
    try:
        method, request = _parse(await _head(reader))
        response = await handler(request)
    except BadRequest as bad:
        response = Response(f"{REASONS[bad.status]}\n", "text/plain", bad.status)
    except Exception:  # one page's mistake must not take the gateway down
        log.exception("the page failed")
        response = Response(f"{REASONS[500]}\n", "text/plain", 500)
    writer.write(_bytes(response, with_body=method != "HEAD"))
    await writer.drain()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise BadRequest(431) from error
    except asyncio.IncompleteReadError as error:
        raise BadRequest(400) from error


def _parse(head: str) -> tuple[str, Request]:
    """Method and request. Raises BadRequest."""
    first, *lines = head.rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    if len(words) != 3 or not words[1].startswith("/") or not words[2].startswith("HTTP/1."):
        raise BadRequest(400)
    if words[0] not in {"GET", "HEAD"}:
        raise BadRequest(405)
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadRequest(400)
    try:
        target = urlsplit(words[1])
        query = {key: values[-1] for key, values in parse_qs(target.query, max_num_fields=20).items()}
    except ValueError as error:
        raise BadRequest(400) from error
    return words[0], Request(unquote(target.path, errors="replace"), query, headers)


def _bytes(response: Response, *, with_body: bool) -> bytes:
    body = response.body.encode()
    headers = {
        "Content-Type": f"{response.content_type}; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **SECURITY_HEADERS,
        **({"Allow": "GET, HEAD"} if response.status == 405 else {}),
        **response.headers,
    }
    lines = [
        f"HTTP/1.1 {response.status} {REASONS[response.status]}",
        *(f"{key}: {headers[key]}" for key in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body if with_body else b"")
