"""Programs from Debian's packages, without root and without touching the system.

Packages are downloaded with apt's own means (private lists and cache, signatures checked), unpacked with
`dpkg -x` into a cache folder and run from there with their own libraries. Two are wanted: the 32-bit
MicroPython, which is the measure of the firmware's memory, and mosquitto, the simulated town's broker. No
mirror is named here: it is taken from the machine's own apt sources, or from LUFTPEGEL_DEBIAN_MIRROR.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MIRROR_VARIABLE = "LUFTPEGEL_DEBIAN_MIRROR"
CACHE_VARIABLE = "LUFTPEGEL_CACHE"
SUITE = "trixie"  # holds MicroPython 1.25.0; stable, so the engine does not move under the tests
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_FOLDER = Path("/etc/apt")
MPY32_PACKAGES = ("micropython", "libc6", "libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7")
SYSTEM_PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin")
APT_TIMEOUT_S = 300


class MissingProgramError(Exception):
    """A program cannot be had: `code` LP-38x, the cause and the next step in the message."""

    def __init__(self, code: str, cause: str, next_step: str):
        super().__init__(f"{code}: {cause}. Next: {next_step}.")
        self.code = code


@dataclass(frozen=True)
class Program:
    """How to start a program: the words before its own arguments, and what to add to the environment."""

    argv_prefix: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


def cache_folder() -> Path:
    """Where fetched and compiled things are kept: $LUFTPEGEL_CACHE, the checkout's .cache, or the user's
    cache.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "luftpegel"


def mpy32() -> Program:
    """Debian's MicroPython for i386, run by its own loader; MissingProgramError when it cannot be fetched."""
    root = _cached(f"micropython-{SUITE}-i386", _fetch_mpy32)
    loader, libraries = root / "usr/lib/ld-linux.so.2", root / "usr/lib/i386-linux-gnu"
    return Program((str(loader), "--library-path", str(libraries), str(root / "usr/bin/micropython")))


def find_program(name: str, package: str | None = None) -> Program:
    """The system's program `name`, or else the one from a Debian or Ubuntu package, named so if not given."""
    installed = shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", ""), *SYSTEM_PROGRAM_FOLDERS))
    )
    if installed:
        return Program((installed,))
    package = package or name
    root = unpacked(package, package)
    for folder in ("usr/sbin", "usr/bin"):
        if (root / folder / name).is_file():
            return Program((str(root / folder / name),), libraries_of(root))
    raise MissingProgramError(
        "LP-384", f"the package {package} has no program {name}", f"install {name} by hand"
    )


def unpacked(name: str, *packages: str) -> Path:
    """The cache folder `name` with these packages unpacked, and with what else they need that this machine
    lacks. The packages themselves are in it, also where the machine has them installed.
    """
    return _cached(name, lambda work: _fetch_native(work, packages))


def libraries_of(root: Path) -> dict[str, str]:
    """The environment in which programs of an unpacked root find its libraries."""
    libraries = sorted({str(path.parent) for path in root.glob("**/*.so*")})
    return {"LD_LIBRARY_PATH": os.pathsep.join(libraries)}


def debian_mirror() -> str:
    """A Debian archive's URI: $LUFTPEGEL_DEBIAN_MIRROR, or the first in the machine's apt sources."""
    named = os.environ.get(MIRROR_VARIABLE)
    if named:
        return named
    for uri in configured_mirrors(APT_FOLDER):
        if re.search(r"/debian/?$", uri):
            return uri
    raise MissingProgramError(
        "LP-380",
        "no Debian archive is among this machine's apt sources, and 32-bit MicroPython comes from there",
        f"set {MIRROR_VARIABLE} to the URI of a Debian mirror, or use the engine 'pip'",
    )


def configured_mirrors(apt: Path) -> Iterator[str]:
    """URIs of the enabled binary sources of an apt folder, deb822 (.sources) and one-line (.list) style."""
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = {
                key.lower(): value
                for key, value in re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE)
            }
            if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
                yield from fields.get("uris", "").split()
    for path in (apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))):
        if path.is_file():
            yield from re.findall(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", path.read_text(), re.MULTILINE)


def _cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache, made by `fetch(folder)` under a lock and put in place at one stroke."""
    target = cache_folder() / "debian" / name
    if target.is_dir():
        return target
    with _locked(target.parent):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{name}-") as work:
                root = Path(work) / "root"
                root.mkdir()
                fetch(root)
                root.rename(target)
    return target


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_mpy32(root: Path) -> None:
    work = root.parent
    mirror = debian_mirror()
    if not KEYRING.is_file():
        raise MissingProgramError(
            "LP-381", f"{KEYRING} is missing, so packages cannot be checked", "install debian-archive-keyring"
        )
    sources = work / "sources.list"
    sources.write_text(f"deb [arch=i386 signed-by={KEYRING}] {mirror} {SUITE} main\n")
    status = work / "status"
    status.touch()  # the system's own packages play no part
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::status": status,
        "APT::Architecture": "i386",
        "APT::Architectures": "i386",
    }
    _apt(work, options, "update")
    _apt(work, options, "download", *MPY32_PACKAGES)
    _unpack(work, root)


def _fetch_native(root: Path, packages: Sequence[str]) -> None:
    work = root.parent
    _apt(work, {}, "update")
    only = ("--download-only", "--reinstall", "--yes", "--no-install-recommends")
    _apt(work, {}, "install", *only, *packages)
    _unpack(work, root)


def _apt(work: Path, options: dict[str, object], *command: str) -> None:
    """Run apt-get with lists, cache and locks inside `work`, as whichever user we are."""
    lists, archives = work / "lists", work / "archives"
    for folder in (lists / "partial", archives / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    private = {
        "Dir::State::lists": lists,
        "Dir::Cache": work,
        "Dir::Cache::archives": archives,
        "Dir::Log": work,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
    }
    words = [f"-o{name}={value}" for name, value in (private | options).items()]
    program = shutil.which("apt-get")
    if program is None:
        raise MissingProgramError(
            "LP-382", "this machine has no apt-get", f"install the program yourself: {command[-1]}"
        )
    try:
        done = subprocess.run(
            [program, "-qq", *words, *command],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=APT_TIMEOUT_S,
            env=os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired:
        raise MissingProgramError(
            "LP-383",
            f"apt-get {command[0]} took longer than {APT_TIMEOUT_S} s",
            "check the network and try again",
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise MissingProgramError(
            "LP-383",
            f"apt-get {' '.join(command)} failed: {said[-1] if said else 'it said nothing'}",
            "check the network and the apt sources, and try again",
        )


def _unpack(work: Path, root: Path) -> None:
    packages = [*work.glob("*.deb"), *(work / "archives").glob("*.deb")]
    if not packages:
        raise MissingProgramError(
            "LP-383", "apt-get downloaded nothing", "check the apt sources and try again"
        )
    for package in packages:
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
