"""The page over HTTP: GET and HEAD, no bodies, and headers that keep browsers from doing anything else."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from luftpegel_gateway.transport import http_server

MOST_KEYS = 20  # of a query
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


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


Handler = Callable[[Request], Awaitable[Response]]
_REFUSALS = {400: "Bad Request", 405: "Method Not Allowed"}


@contextlib.asynccontextmanager
async def serving(host: str, port: int, handler: Handler) -> AsyncIterator[int]:
    """Answer inside the context; gives the port. OSError: it is taken."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        status = _refusal(request)
        if status:
            return _response(Response(f"{_REFUSALS[status]}\n", "text/plain", status))
        headers = {name.lower(): value for name, value in request.headers.items()}
        return _response(await handler(Request(request.path, dict(request.query), headers)))

    async with http_server.serving(host, port, answer) as listening:
        yield listening


def _refusal(request: web.BaseRequest) -> int:
    """The status with which a request is refused; 0: it is none."""
    if request.method not in {"GET", "HEAD"}:
        return 405
    good = request.raw_path.startswith("/") and not request.can_read_body
    return 0 if good and len(request.query) <= MOST_KEYS else 400


def _response(response: Response) -> web.Response:
    return web.Response(
        text=response.body,
        status=response.status,
        content_type=response.content_type,
        charset="utf-8",
        headers={
            **SECURITY_HEADERS,
            **({"Allow": "GET, HEAD"} if response.status == 405 else {}),
            **response.headers,
        },
    )
