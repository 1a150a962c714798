"""Uplinks that any program posts to us: a network server's HTTP integration, a script, a bridge.

Nothing goes back: requests for missing readings and commands need a network server's own source.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from luftpegel_gateway.config.options import Option, Wrong, secret, whole
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.http_events import LISTENING, HttpEvents, Manner, listens
from luftpegel_gateway.sources.http_login import Login, Signed, Token
from luftpegel_gateway.sources.push_events import parse, topic_of
from luftpegel_gateway.transport import signature

__all__ = ["KIND", "OPTIONS", "create", "listens", "parse", "wrong"]

KIND = "http-push"
PATIENCE_S = 4.0  # ChirpStack waits for five, and meanwhile does nothing else for the device
OPTIONS = {
    **LISTENING,
    "token_file": Option(secret, None),
    "secret_file": Option(secret, None),
    "window_s": Option(whole(10, 3600), 300),
}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    if options["token_file"] is None and options["secret_file"] is None:
        yield "token_file", Wrong("LP-305")
    if options["token_file"] is not None and options["secret_file"] is not None:
        yield "secret_file", Wrong("LP-323", other="token_file")
    yield from signature.wrong(options)


def create(context: Context) -> HttpEvents:
    """The source of one [[source]] with kind "http-push"."""
    manner = Manner(KIND, _login(context), _topic, lambda _downlink: None, patience_s=PATIENCE_S)
    return HttpEvents(context, manner)


def _login(context: Context) -> Login:
    options = context.options
    if options["secret_file"] is None:
        return Token(options["token_file"])
    return Signed(options["secret_file"], options["window_s"], context.name, context.conditions)


def _topic(request: web.BaseRequest) -> str:
    return topic_of(request.query.get("event"))
