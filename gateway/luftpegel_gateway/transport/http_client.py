"""The HTTP client that sources and sinks share: one server, its login, and one cause for each trouble.

aiohttp does the work. What is ours is what an answer means: a trouble of the connection, the login or the
server is raised (`OtherEndDown`: try all of it again later), and an answer about what was sent is returned.
Redirects are not followed: a POST would become a GET, and the login would go to whoever is named.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport import http_faults, tls
from luftpegel_gateway.transport.http_options import encrypted
from luftpegel_gateway.transport.http_token import Token, basic

LARGEST_ANSWER = 16 * 1024 * 1024  # bytes
AGENT = "luftpegel-gateway"
CONNECTIONS = 4
_BLANK = b"\xef\xbb\xbf \t\r\n"  # a byte order mark among them


class Answer(msgspec.Struct, frozen=True):
    """What a server said. `headers`: names in any case (`aiohttp`'s). `secrets`: what `words` never tells."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    where: str
    secrets: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people (a login's, a proxy's, a parked domain's), whatever its status."""
        return self.body.lstrip(_BLANK)[:1] == b"<"

    def json(self) -> Any:
        """The body as JSON. OtherEndDown LP-476: it is none (a login page, a proxy's error page)."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError as error:
            raise OtherEndDown(http_faults.NOT_UNDERSTOOD, self.words()) from error

    def words(self) -> str:
        """Where, status and the beginning of the body, for people."""
        return hidden(f"{self.where}: {self.status} {http_faults.excerpt(self.body)}".rstrip(), self.secrets)


class HttpClient:
    """Requests to one server (`HTTP_OPTIONS`). Used on one event loop; `close` at the end."""

    def __init__(self, options: Mapping[str, Any], name: str) -> None:
        """Nothing is opened yet; files for TLS are read. `name`: of the part. Raises CannotStart."""
        self._options = options
        self._base = URL(options["url"])
        self._tls = tls.context(options, name) if encrypted(options) else None
        self._token = Token(options) if options["oauth_url"] else None
        self._secrets = tuple(
            value
            for key in ("password_file", "token_file", "oauth_secret_file")
            if (value := options[key]) is not None
        )
        self._session: aiohttp.ClientSession | None = None

    @property
    def address(self) -> str:
        """The server's address, without a login, for messages."""
        return str(self._base)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        judges: Collection[int] = (),
    ) -> Answer:
        """One request; `path` follows the url of the options, or is a whole address on the same server.

        `json` is encoded (`application/json` unless `headers` say otherwise), `body` is sent as it is.
        Statuses below 500 that are about what was sent come back, and those in `judges`, too. Raises
        OtherEndDown for everything that says nothing of what was sent.
        """
        asked = dict(headers or {})
        if json is not None:
            body = msgspec.json.encode(json)
            asked.setdefault("Content-Type", "application/json")
        address = self._address(path)
        answer = await self._ask(method, address, body, params, asked)
        if answer.status == 401 and self._token is not None:
            self._token.forget()  # it was withdrawn before its end
            answer = await self._ask(method, address, body, params, asked)
        if answer.status not in judges:
            trouble = http_faults.of_status(answer.status, answer.headers, answer.body, answer.where)
            if trouble is not None:
                raise OtherEndDown(trouble.code, hidden(trouble.detail, self._secrets), trouble.wait_s)
        return answer

    async def close(self) -> None:
        """End all connections; a later request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _address(self, path: str) -> URL:
        """Where a path leads. A whole address (a server's link to the next page) keeps to the one server."""
        if not path.startswith(("http://", "https://")):
            return URL(f"{self._base}/{path.lstrip('/')}" if path else str(self._base), encoded=False)
        found = URL(path, encoded=True)
        if found.host != self._base.host:
            raise OtherEndDown(http_faults.MOVED, f"{self._base}: {found.host}")
        return found

    async def _ask(
        self,
        method: str,
        address: URL,
        body: bytes | None,
        params: Mapping[str, str] | None,
        headers: dict[str, str],
    ) -> Answer:
        where = f"{method} {address.with_query(None)}"
        session = self._open()
        how: dict[str, Any] = {"proxy": self._options["proxy"], "allow_redirects": False}
        try:
            if self._token is not None:
                headers = {**headers, "Authorization": f"Bearer {await self._token.get(session, **how)}"}
            async with session.request(
                method, address, data=body, params=params, headers=headers, **how
            ) as response:
                content = await _read(response)
                return Answer(response.status, response.headers, content, where, self._secrets)
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeError) as error:
            raise http_faults.of_exception(error, where) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            options = self._options
            fixed = {"User-Agent": AGENT, **options["headers"]}
            if options["token_file"] is not None:
                fixed["Authorization"] = f"Bearer {options['token_file']}"
            elif options["username"] is not None:
                fixed["Authorization"] = basic(options["username"], options["password_file"])
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self._tls or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=fixed,
                timeout=aiohttp.ClientTimeout(total=options["timeout_s"], connect=options["timeout_s"] / 2),
            )
        return self._session


def hidden(words: str, secrets: Iterable[str]) -> str:
    """A server's words with our secrets taken out: some repeat what they refuse."""
    for secret in secrets:
        words = words.replace(secret, "***")
    return words


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. OtherEndDown LP-476: it is larger than anything that was asked for."""
    parts, size = [], 0
    async for part in response.content.iter_chunked(65536):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise OtherEndDown(http_faults.NOT_UNDERSTOOD, f"{response.url.host}: more than {size} bytes")
    return b"".join(parts)
