"""Passwords and tokens: read from a file, the environment or systemd's credentials, and never shown.

What stands in gateway.toml is where a secret is, not the secret: a path, `env:NAME` or `credential:NAME`
(systemd.exec(5): LoadCredential=, found in $CREDENTIALS_DIRECTORY). No message repeats what stands there: an
operator may have written the password itself.
"""

import contextlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path

from luftpegel_gateway.config.wrong import Wrong

READ, HERE, LEFT = "read", "here", "left"  # which secrets are read: all; those in files; none
LONGEST = 64 * 1024  # bytes; a token has some thousand
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CREDENTIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


_READS: ContextVar[str] = ContextVar("secrets", default=READ)


@contextlib.contextmanager
def reading(which: str) -> Iterator[None]:
    """READ, HERE or LEFT while files of settings are judged: a verb that goes nowhere needs no secret, and
    may be called by who cannot have one. A secret that is not read is an `Unread`."""
    token = _READS.set(which)
    try:
        yield
    finally:
        _READS.reset(token)


class Secret(str):
    """Text that shows itself to nobody who prints what it lies in."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Unread(Secret):
    """A secret that nobody needs now. What was made of it goes nowhere."""

    __slots__ = ()


def read_secret(value: str, folder: Path, environment: Mapping[str, str] = os.environ) -> Secret:
    """The secret that `value` tells of; its first line. Raises Wrong, which does not repeat it.

    A file may be read by its owner alone (mode 0600). A credential's mode is systemd's affair: where the
    service is not root's, it shows rights of a group although only the service may read it.
    """
    if _left(value):
        return Unread("left unread")
    content, code = _content(value, folder, environment)
    return Secret(_first_line(content, code))


def read_secret_text(value: str, folder: Path, environment: Mapping[str, str] = os.environ) -> Secret:
    """The same for a secret of many lines."""
    if _left(value):
        return Unread("left unread")
    return Secret(_content(value, folder, environment)[0])


def _left(value: str) -> bool:
    """Whether this secret is not to be read now."""
    kind, colon, _ = value.partition(":")
    return _READS.get() == LEFT or (_READS.get() == HERE and bool(colon) and kind in _KINDS)


def _content(value: str, folder: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """All of it, and the code of what may be wrong with it."""
    kind, colon, rest = value.partition(":")
    if colon and kind in _KINDS:
        read, code = _KINDS[kind]
        return read(rest, environment), code
    return _of_file(folder / value), "LP-326"


def _of_environment(name: str, environment: Mapping[str, str]) -> str:
    if not _NAME.fullmatch(name):
        raise Wrong("LP-324", reason="no name of a variable")
    if name not in environment:
        raise Wrong("LP-324", reason=f"{name} is not set")
    return environment[name]


def _of_credential(name: str, environment: Mapping[str, str]) -> str:
    if not _CREDENTIAL.fullmatch(name):
        raise Wrong("LP-325", reason="no name of a credential")
    if not environment.get("CREDENTIALS_DIRECTORY"):
        raise Wrong("LP-553", name=name)
    return _text(Path(environment["CREDENTIALS_DIRECTORY"]) / name, "LP-325")


def _of_file(file: Path) -> str:
    content = _text(file, "LP-326")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Wrong("LP-309", path=file, mode=f"{mode:04o}")
    return content


def _text(file: Path, code: str) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise Wrong(code, reason="too large")
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, Wrong):
            raise
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Wrong(code, reason=reason) from None  # the cause would repeat the path


def _first_line(text: str, code: str) -> str:
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise Wrong(code, reason="empty")
    return lines[0]


_KINDS: Mapping[str, tuple[Callable[[str, Mapping[str, str]], str], str]] = {
    "env": (_of_environment, "LP-324"),
    "credential": (_of_credential, "LP-325"),
}
