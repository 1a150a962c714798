"""What may stand in a source or sink that speaks HTTP to a server: address, login, TLS.

Three ways to log in, one of them at a time: user name and password (RFC 7617), a fixed token (RFC 6750), or a
token that is fetched with a client's own secret (OAuth 2.0, RFC 6749, section 4.4) and renewed in time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yarl import URL

from luftpegel_gateway.config.options import Option, Wrong, secret, table, text, whole
from luftpegel_gateway.transport import tls
from luftpegel_gateway.transport.hosts import is_here

_EXAMPLE = "https://platform.example/v1.1"
_OAUTH = ("oauth_url", "oauth_client", "oauth_secret_file")


def url(value: Any, folder: Path) -> str:
    """An address: http or https, a host, no login, no query; without a slash at the end."""
    given = text(value, folder)
    try:
        found = URL(given)
        good = found.scheme in ("http", "https") and bool(found.host) and found.port is not None
    except ValueError:
        good = False
    if not good or found.user or found.password or found.query_string or found.fragment:
        raise Wrong("LP-311", example=_EXAMPLE, got=given.split("@")[-1])  # a login never shows
    return str(found).rstrip("/")


def headers(value: Any, folder: Path) -> Mapping[str, str]:
    """A table of header fields, as `{ Fiware-Service = "town" }` (RFC 9110, 5.1: token = visible text)."""
    for name, content in table(value, folder).items():
        text(content, folder)
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise Wrong("LP-311", example="Fiware-Service", got=name)
        if not content.isascii() or not content.isprintable():
            raise Wrong("LP-311", example="town", got=name)
    return dict(value)


HTTP_OPTIONS = {
    "url": Option(url),
    "username": Option(text, None),
    "password_file": Option(secret, None),
    "token_file": Option(secret, None),
    "oauth_url": Option(url, None),
    "oauth_client": Option(text, None),
    "oauth_secret_file": Option(secret, None),
    "oauth_scope": Option(text, None),
    "headers": Option(headers, {}),
    "proxy": Option(url, None),
    "timeout_s": Option(whole(1, 600), 30),
    **tls.TLS_FILES,
}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    yield from tls.wrong(options, encrypted=encrypted(options))
    for one, other in (("username", "password_file"), ("password_file", "username")):
        if options[one] is not None and options[other] is None:
            yield other, Wrong("LP-305")
    given = [key for key in _OAUTH if options[key] is not None]
    if given:
        yield from ((key, Wrong("LP-305")) for key in _OAUTH if options[key] is None)
    ways = [key for key in ("username", "token_file", "oauth_url") if options[key] is not None]
    if len(ways) > 1:
        yield ways[1], Wrong("LP-323", other=ways[0])


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    for key, address in (
        ("password_file", options["url"]),
        ("token_file", options["url"]),
        ("oauth_secret_file", options["oauth_url"]),
    ):
        if options[key] is None or address is None or _encrypted(address):
            continue
        if not is_here(URL(address).host or ""):
            yield key, "LP-480"


def encrypted(options: Mapping[str, Any]) -> bool:
    """Whether any of the connections speaks TLS."""
    return any(_encrypted(options[key] or "") for key in ("url", "oauth_url", "proxy"))


def _encrypted(address: str) -> bool:
    return address.startswith("https:")
