"""A token fetched with a client's own secret, renewed before it ends (OAuth 2.0, RFC 6749, section 4.4)."""

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport import http_faults

EARLY_S = 30.0  # renewed so long before its end: clocks differ, and a request takes its time
USUAL_S = 300.0  # how long one is used that does not say how long it holds


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    token_type: str = "Bearer"  # noqa: S105 - not a secret


def basic(user: str, password: str) -> str:
    """The header field Authorization for a user name and password, in UTF-8 (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Token:
    """One client's token."""

    def __init__(self, options: Mapping[str, Any], clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that never jump."""
        self._url = options["oauth_url"]
        self._client, self._secret = options["oauth_client"], options["oauth_secret_file"]
        self._scope = options["oauth_scope"]
        self._clock = clock
        self._token = ""
        self._until = 0.0

    async def get(self, session: aiohttp.ClientSession, **how: Any) -> str:
        """The token, fetched if there is none that holds. `how`: of each request. Raises OtherEndDown."""
        if not self._token or self._clock() >= self._until:
            answer = await self._fetch(session, how)
            life = USUAL_S if answer.expires_in is None else answer.expires_in
            self._token = answer.access_token
            self._until = self._clock() + max(life - EARLY_S, life / 2)
        return self._token

    def forget(self) -> None:
        """It was refused: fetch another."""
        self._token = ""

    async def _fetch(self, session: aiohttp.ClientSession, how: Mapping[str, Any]) -> _Answer:
        form = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        try:
            login = basic(quote(self._client, safe=""), quote(self._secret, safe=""))  # RFC 6749, 2.3.1
            async with session.post(
                self._url, data=form, headers={"Authorization": login}, **how
            ) as response:
                body = await response.content.read(65536)
                status, said = response.status, response.headers
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
            raise http_faults.of_exception(error, self._url) from error
        if status in (400, 401, 403):  # RFC 6749, 5.2
            raise OtherEndDown(http_faults.NO_TOKEN, f"{self._url}: {status} {http_faults.excerpt(body)}")
        if trouble := http_faults.of_status(status, said, body, self._url):
            raise trouble
        try:
            return msgspec.json.decode(body, type=_Answer)
        except msgspec.DecodeError as error:
            raise OtherEndDown(http_faults.NOT_UNDERSTOOD, f"{self._url}: {status} {error}") from error
