"""The Things Stack v3 by webhook: it posts each message, and posts again what we could not take.

Commands go back to the address that it names in `X-Downlink-Replace`, if that is on the server of `url`: a
message cannot send us, and our key, elsewhere.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web
from yarl import URL

from luftpegel_gateway.config.options import Option, Wrong, secret
from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources.http_events import LISTENING, HttpEvents, Manner, listens
from luftpegel_gateway.sources.http_login import Token
from luftpegel_gateway.sources.tts_events import command, parse
from luftpegel_gateway.transport import http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS, url

__all__ = ["KIND", "OPTIONS", "create", "listens", "parse", "warnings", "wrong"]

KIND = "tts-webhook"
OPTIONS = {**LISTENING, "url": Option(url, None), "downlink_key_file": Option(secret, None)}
_DEFAULTS = {key: option.default for key, option in HTTP_OPTIONS.items()}
ADDRESS = "X-Downlink-Replace"
REFUSED = "LP-434"


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    for one, other in (("url", "downlink_key_file"), ("downlink_key_file", "url")):
        if options[one] is not None and options[other] is None:
            yield other, Wrong("LP-305")


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code). The key for commands goes to `url`."""
    told = http_options.warnings(_DEFAULTS | _how(options))
    yield from (("downlink_key_file", code) for _, code in told)


def _how(options: Mapping[str, Any]) -> dict[str, Any]:
    """How its server is spoken to, in the words of `HTTP_OPTIONS`."""
    return {"url": options["url"], "token_file": options["downlink_key_file"]}


class _Commands:
    """Commands to the network server; one that fails is asked for again with a later uplink."""

    def __init__(self, context: Context) -> None:
        name, options = context.name, context.options
        self._name, self._conditions = name, context.conditions
        self._server = URL(options["url"]).origin()
        self._client = HttpClient(_DEFAULTS | _how(options), name)
        self._tasks: set[asyncio.Task[None]] = set()

    def topic(self, request: web.BaseRequest) -> str:
        """The address that takes commands for this message's device; "" where there is none of ours."""
        address = request.headers.get(ADDRESS, "")
        try:
            return address if URL(address).origin() == self._server else ""
        except ValueError:
            return ""

    def send(self, downlink: Downlink) -> None:
        """Post it, some time."""
        task = asyncio.get_running_loop().create_task(self._post(downlink))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, downlink: Downlink) -> None:
        try:
            answer = await self._client.request("POST", downlink.topic, body=command(downlink))
        except OtherEndDown as down:
            self._conditions.report(self._name, REFUSED, f"{down.code} {down.detail}")
            return
        if answer.well:
            self._conditions.clear(self._name, REFUSED)
        else:
            self._conditions.report(self._name, REFUSED, answer.words())

    async def close(self) -> None:
        """Send nothing more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()


def create(context: Context) -> HttpEvents:
    """The source of one [[source]] with kind "tts-webhook". Raises CannotStart."""
    login = Token(context.options["token_file"])
    if context.options["url"] is None:
        manner = Manner(KIND, login, lambda _request: "", lambda _downlink: None)
    else:
        commands = _Commands(context)
        manner = Manner(KIND, login, commands.topic, commands.send, commands.close)
    return HttpEvents(context, manner)
