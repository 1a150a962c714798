"""What may stand in a table of gateway.toml or stations.toml: name, reader that judges the value, default.

A reader takes the value and the folder of the file (paths are relative to it), and returns what the gateway
uses or raises `Wrong` with an LP code. Sources and sinks bring tables of their own.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.secrets import Secret, read_secret
from luftpegel_gateway.config.wrong import Wrong

__all__ = [
    "REQUIRED", "Option", "Reader", "Wrong", "choice", "file", "flag", "host", "listed", "matching", "number",
    "path", "port", "secret", "table", "text", "whole",
]  # fmt: skip
Reader = Callable[[Any, Path], Any]
REQUIRED = object()
_HOST = re.compile(r"[^\s/:@\[\]?#\\]{1,253}")  # also names with umlauts, which resolvers know


@dataclass(frozen=True, slots=True)
class Option:
    """One key: who reads it, and what it is when it is left out (REQUIRED: it must be there)."""

    read: Reader
    default: Any = REQUIRED


def text(value: Any, _folder: Path) -> str:
    """A string that is not empty."""
    if not isinstance(value, str):
        raise Wrong("LP-304", expected="text in quotes", got=_kind(value))
    if not value.strip():
        raise Wrong("LP-306", expected="text that is not empty", got='""')
    return value


def flag(value: Any, _folder: Path) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Wrong("LP-304", expected="true or false", got=_kind(value))
    return value


def whole(low: int, high: int) -> Reader:
    """A whole number from `low` to `high`."""

    def read(value: Any, _folder: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong("LP-304", expected="a whole number", got=_kind(value))
        if not low <= value <= high:
            raise Wrong("LP-306", expected=f"{low} .. {high}", got=value)
        return value

    return read


def number(low: float, high: float) -> Reader:
    """A number from `low` to `high`."""

    def read(value: Any, _folder: Path) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Wrong("LP-304", expected="a number", got=_kind(value))
        if not low <= value <= high:
            raise Wrong("LP-306", expected=f"{low} .. {high}", got=value)
        return float(value)

    return read


def choice(*allowed: str) -> Reader:
    """One of a few words."""

    def read(value: Any, folder: Path) -> str:
        if text(value, folder) not in allowed:
            raise Wrong("LP-306", expected=", ".join(f'"{word}"' for word in allowed), got=f'"{value}"')
        return str(value)

    return read


def matching(pattern: str, example: str) -> Reader:
    """Text of a certain form, told by an example."""

    def read(value: Any, folder: Path) -> str:
        if not re.fullmatch(pattern, text(value, folder)):
            raise Wrong("LP-311", example=example, got=value)
        return str(value)

    return read


def path(value: Any, folder: Path) -> Path:
    """A path; it need not exist yet."""
    if "\0" in text(value, folder):  # TOML can write one; no system has such a file
        raise Wrong("LP-306", expected="text without \\u0000", got=repr(value))
    return folder / str(value)


def file(value: Any, folder: Path) -> Path:
    """A file that is there and can be read."""
    found = path(value, folder)
    try:
        with found.open("rb"):
            return found
    except OSError as error:
        raise Wrong("LP-308", path=found, reason=error.strerror) from error


def secret(value: Any, folder: Path) -> Secret:
    """A secret, by where it is: a file of its owner's alone, `env:NAME` or `credential:NAME`."""
    return read_secret(text(value, folder), folder)


def table(value: Any, _folder: Path) -> Mapping[str, Any]:
    """A table; what may stand in it, another reader judges."""
    if not isinstance(value, dict):
        raise Wrong("LP-304", expected="a table", got=_kind(value))
    return value


def listed(each: Reader) -> Reader:
    """A list, all of whose elements `each` reads."""

    def read(value: Any, folder: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong("LP-304", expected="a list", got=_kind(value))
        return tuple(each(element, folder) for element in value)

    return read


port = whole(1, 65535)


def host(value: Any, folder: Path) -> str:
    """A host's name or address alone: no scheme, no port, no login. Brackets of an IPv6 address go."""
    given = text(value, folder).strip()
    if "://" in given:
        raise Wrong("LP-327", scheme=given.split("://", 1)[0])
    bare = given[1:-1] if given.startswith("[") and given.endswith("]") else given
    if not _HOST.fullmatch(bare) and not _is_ipv6(bare):
        raise Wrong("LP-328")
    return bare


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        str: "text",
        int: "a whole number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)
