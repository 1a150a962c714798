"""What each part of Luftpegel downloads on each platform: `python -m
luftpegel_tools.packaging.wheel_sizes` prints the table of docs/dependencies.md.

pip resolves for a platform that need not be this one, and builds nothing: a package without a wheel there is
an error. Few have none anywhere: they are Python in a source package; what they need is resolved.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

PACKAGE = "luftpegel"
MB = 1_000_000
PIP_S, HEAD_S = 120, 30
_PURE_SOURCES = ("chirpstack-api", "esptool")
# As old as the systems that are promised: Debian 12 has glibc 2.36; macOS 14 is the oldest with fixes.
_GLIBC = (36, 34, 28, 17)
_LINUX = {
    machine: (*(f"manylinux_2_{minor}_{machine}" for minor in _GLIBC), f"manylinux2014_{machine}")
    for machine in ("x86_64", "aarch64")
}
_MACOS = tuple(f"macosx_{major}_0_{kind}" for major in (14, 13, 12, 11) for kind in ("arm64", "universal2"))


@dataclass(frozen=True)
class Platform:
    """One kind of machine: its name for people, pip's tags for it, and how markers know it."""

    name: str
    tags: tuple[str, ...]
    python: str


X86_11, X86_13 = (Platform(f"x86-64, {py}", _LINUX["x86_64"], py) for py in ("3.11", "3.13"))
ARM_11, ARM_13 = (Platform(f"64-bit ARM, {py}", _LINUX["aarch64"], py) for py in ("3.11", "3.13"))
WINDOWS = Platform("Windows, 3.13", ("win_amd64",), "3.13")
MACOS = Platform("macOS on ARM, 3.13", _MACOS, "3.13")
_GATEWAYS = (X86_11, ARM_11, X86_13, ARM_13)
# Part ("" is what always comes) -> where it must install.
PROMISED = {
    "": _GATEWAYS,
    "chirpstack": _GATEWAYS,
    "parquet": _GATEWAYS,
    "postgresql": _GATEWAYS,
    "technician": (*_GATEWAYS, WINDOWS, MACOS),
    "town": (X86_11, X86_13),
    "usb": _GATEWAYS,
}


@dataclass(frozen=True)
class _Wheel:
    """Where it lies, and the names of what it needs."""

    url: str
    needs: frozenset[str]


class NoWheelError(Exception):
    """A package has no wheel for a platform; the message has pip's words."""


def sizes() -> dict[tuple[str, Platform], float]:
    """MB (10^6 bytes) that a part downloads on a platform, the gateway's own packages included.

    Raises NoWheelError, OSError when an index cannot be reached.
    """
    platforms = list(dict.fromkeys(platform for there in PROMISED.values() for platform in there))
    with ThreadPoolExecutor(2) as threads:
        resolved = dict(zip(platforms, threads.map(_resolved, platforms), strict=True))
    return {
        (part, platform): _megabytes(part, resolved[platform])
        for part, there in PROMISED.items()
        for platform in there
    }


def table(found: dict[tuple[str, Platform], float]) -> str:
    """In Markdown, a row a part."""
    platforms = list(dict.fromkeys(platform for _, platform in found))
    lines = [
        f"| MB to download | {' | '.join(one.name for one in platforms)} |",
        f"|---|{'---|' * len(platforms)}",
    ]
    for part in PROMISED:
        name = f"{PACKAGE}[{part}]" if part else PACKAGE
        cells = [f"{found[part, one]:.1f}" if (part, one) in found else "-" for one in platforms]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def requirements(part: str) -> Iterator[str]:
    """What the installed Luftpegel asks for with a part, parts within parts included, without markers."""
    for line in importlib.metadata.requires(PACKAGE) or ():
        requirement, _, marker = (word.strip() for word in line.partition(";"))
        wanted = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if (wanted.group(1) if wanted else "") not in {"", part}:
            continue
        inner = re.fullmatch(rf"{PACKAGE}\[([\w,-]+)\]", requirement)
        if inner is None:
            yield requirement
        else:
            for name in inner.group(1).split(","):
                yield from requirements(name)


def _without_source_packages(asked: Iterable[str]) -> Iterator[str]:
    for requirement in asked:
        name = _name(requirement)
        if name in _PURE_SOURCES:
            yield from _without_source_packages(_always(importlib.metadata.requires(name) or ()))
        else:
            yield requirement


def _resolved(platform: Platform) -> dict[str, _Wheel]:
    """Everything that is promised on a platform, resolved in one go: pip takes three seconds each time."""
    parts = [part for part, there in PROMISED.items() if platform in there]
    asked = {line for part in parts for line in _without_source_packages(requirements(part))}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        order = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        order += ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--implementation=cp"]
        order += [f"--target={folder}/none", f"--python-version={platform.python}", f"--report={report}"]
        order += [f"--platform={tag}" for tag in platform.tags]
        done = subprocess.run(
            [*order, *sorted(asked)], capture_output=True, text=True, check=False, timeout=PIP_S
        )
        if done.returncode:
            raise NoWheelError(f"{PACKAGE} on {platform.name}: {done.stderr.strip()[-1500:]}")
        wheels = json.loads(report.read_text())["install"]
    return {
        _name(one["metadata"]["name"]): _Wheel(
            one["download_info"]["url"],
            frozenset(map(_name, _always(one["metadata"].get("requires_dist", ())))),
        )
        for one in wheels
    }


def _megabytes(part: str, wheels: Mapping[str, _Wheel]) -> float:
    """Of a part: what it asks for, and what that needs, as far as it was resolved on the platform."""
    open_names = [_name(line) for line in _without_source_packages(requirements(part))]
    needed: set[str] = set()
    while open_names:
        name = open_names.pop()
        if name in wheels and name not in needed:
            needed.add(name)
            open_names += wheels[name].needs
    return sum(_bytes_at(wheels[name].url) for name in needed) / MB


def _name(requirement: str) -> str:
    """The package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement.strip())[0]).lower()


def _always(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if "extra ==" not in line)


@cache
def _bytes_at(url: str) -> int:
    """How large a file is, by asking for nothing but its head."""
    if urlsplit(url).scheme == "file":
        return Path(urllib.request.url2pathname(urlsplit(url).path)).stat().st_size
    with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=HEAD_S) as answer:  # noqa: S310 - pip chose it
        return int(answer.headers["Content-Length"])


if __name__ == "__main__":
    print(table(sizes()))
