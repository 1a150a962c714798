"""What `check` tries on this machine: data folder, disk, clock, the page's port, and certificates."""

import contextlib
import errno
import os
import pwd
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from luftpegel_gateway.cli.tried import Tried
from luftpegel_gateway.config.files import Config, Part
from luftpegel_gateway.control.client import NobodyListens, connected
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.transport import certificates
from luftpegel_gateway.words.texts import moment, size_text, tell

MIB = 2**20
LEAST_ROOM = 64 * MIB  # below that not even a day of frames is sure of its place
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # this was written later
FILES_AHEAD_S = 86400  # a file of the future: another time zone's clock, or ours is behind
SOON_S = 30 * 86400  # a certificate that ends sooner


def tried_here(config: Config, files: Sequence[Path], language: str) -> Iterator[Tried]:
    """All of them. `files`: whose times show a clock that runs behind."""
    yield data_folder(config.data, language)
    yield disk(config, language)
    yield clock(time.time(), files, language)
    if config.page:
        yield page_port(*config.page, config.data, language)
    for part in (*config.sources, *config.sinks):
        yield from certificates_of(part, time.time(), language)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    for part in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # what we may not look into
            if part.exists():
                return part
    return Path()


def data_folder(folder: Path, language: str) -> Tried:
    """Whether this user can write there, and owns what lies there."""
    there = existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            strangers = sorted(_strangers(folder)) if there == folder else []
    except OSError as error:
        detail = f"{there}: {error.strerror}; this is {_name(os.geteuid())}"
        return Tried("fail", "data_ok", "", "LP-349", detail)
    if strangers:
        detail = f"{', '.join(strangers)}; this is {_name(os.geteuid())}"
        return Tried("warn" if os.geteuid() == 0 else "fail", "data_ok", "", "LP-349", detail)
    seen = str(folder) if there == folder else tell("will_be_made", language, folder)
    return Tried("ok", "data_ok", detail=seen)


def _strangers(folder: Path) -> Iterator[str]:
    """What in the folder belongs to another user: a gateway that once ran as root leaves such files."""
    for file in (folder, *folder.iterdir()):
        with contextlib.suppress(FileNotFoundError):
            owner = file.lstat().st_uid
            if owner != os.geteuid():
                yield f"{file.name} belongs to {_name(owner)}"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def disk(config: Config, language: str) -> Tried:
    """Whether what the journal may keep has room, beside what it holds already."""
    free = shutil.disk_usage(existing(config.data)).free
    journal = config.data / "journal.sqlite"
    held = journal.stat().st_size if journal.exists() else 0
    needed = max((config.keep_mib + config.quarantine_mib) * MIB - held, LEAST_ROOM)
    if free >= needed:
        return Tried("ok", "disk_ok", detail=tell("free", language, size_text(free, language)))
    detail = f"{size_text(free, language)} < {size_text(needed, language)}"
    return Tried("fail" if free < LEAST_ROOM else "warn", "disk_ok", "", "LP-348", detail)


def clock(now: float, files: Sequence[Path], language: str) -> Tried:
    """Whether the clock can be right: not before this program was written, and not far behind its files."""
    newest = max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
    if now < NOT_BEFORE or newest > now + FILES_AHEAD_S:
        since = max(NOT_BEFORE, newest)
        detail = f"{moment(int(now), language)} UTC < {moment(int(since), language)} UTC"
        return Tried("fail", "clock_ok", "", "LP-347", detail)
    return Tried("ok", "clock_ok", detail=f"{moment(int(now), language)} UTC")


def page_port(host: str, port: int, data: Path, language: str) -> Tried:
    """Whether the page's port is free, or the gateway itself has it."""
    place = f"{host}:{port}"
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and gateway_runs(data):
            return Tried("ok", "page_ok", detail=tell("gateway_has_it", language, place))
        return Tried("fail", "page_ok", "", "LP-430", f"{place}: {error.strerror}")
    return Tried("ok", "page_ok", detail=place)


def gateway_runs(data: Path) -> bool:
    """Whether a gateway listens in this folder."""
    try:
        with connected(data, patience_s=5.0):
            return True
    except NobodyListens:
        return False
    except CannotStart:
        return True  # it is another user's


def certificates_of(part: Part, now: float, language: str) -> Iterator[Tried]:
    """Whether the certificates of a source or sink are in date; one in a bundle of authorities may be old."""
    found = list(certificates.ends(part.options))
    wrong = []
    for key, file, *span in found:
        begin, end = (int(time.timestamp()) for time in span)
        if now < begin or now > end - SOON_S:
            over = key == "cert_file" and not begin <= now <= end
            told = f"{file}: {moment(begin, language)} - {moment(end, language)}"
            wrong.append(Tried("fail" if over else "warn", "certificates_ok", part.name, "LP-358", told))
    yield from wrong
    if found and not wrong:
        soonest = moment(min(int(end.timestamp()) for _, _, _, end in found), language)
        yield Tried("ok", "certificates_ok", part.name, detail=tell("until", language, soonest))
