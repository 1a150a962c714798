"""Minimal Debian roots, made once with mmdebstrap and kept in the cache.

No mirror is named here: packages come from the machine's own apt sources (debian.py), and how they are
reached (proxies, certificates) is what apt has been told on this machine.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from luftpegel_tools.programs import debian

PACKAGES = ("git", "make", "python3", "python3-venv", "ca-certificates")
RELEASES = {"12": "bookworm", "13": "trixie"}
USER, USER_ID = "luftpegel", 1000
HOME = Path("home") / USER
_WAYS_OF_APT = re.compile(r'^(Acquire::\S*(?:Proxy|CAInfo|CAPath)\S*) "(.+)";$', re.MULTILINE | re.IGNORECASE)


class FreshError(Exception):
    """Nothing can be tried here; the message says why, and what to do."""


def folder_of(release: str) -> Path:
    """Where all of a release lies: the root, logs, a lock."""
    return debian.cache_folder() / "fresh" / f"debian-{release}"


@contextmanager
def root_of(release: str) -> Iterator[Path]:
    """The root of a release, made if there is none; it is nobody else's as long as the context lasts."""
    folder = folder_of(release)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FreshError(f"{folder} is in use. Next: wait until the other run has ended") from None
        if not (folder / "root").is_dir():
            _make(release, folder)
        yield folder / "root"


def _make(release: str, folder: Path) -> None:
    growing = folder / "growing"
    shutil.rmtree(growing, ignore_errors=True)
    program = debian.find_program("mmdebstrap")
    order = [
        *program.argv_prefix,
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        *(f"--aptopt={option}" for option in ways_of_apt(apt_config())),
        RELEASES[release],
        str(growing),
        "-",
    ]
    sources = "\n".join(sources_of(RELEASES[release])) + "\n"
    done = subprocess.run(
        order, input=sources, env=os.environ | program.env, text=True, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise FreshError(f"mmdebstrap failed: {done.stderr.strip()[-2000:]}. Next: check the apt sources")
    with (growing / "etc/passwd").open("a") as users, (growing / "etc/group").open("a") as groups:
        users.write(f"{USER}:x:{USER_ID}:{USER_ID}::/{HOME}:/bin/sh\n")
        groups.write(f"{USER}:x:{USER_ID}:\n")
    growing.rename(folder / "root")


def sources_of(suite: str) -> list[str]:
    """apt's lines for a suite: the mirror of the machine's own sources, and its security archive."""
    keys = f"[signed-by={debian.KEYRING}]"
    mirror = debian.debian_mirror()
    lines = [f"deb {keys} {mirror} {name} main" for name in (suite, f"{suite}-updates")]
    security = [uri for uri in debian.configured_mirrors(debian.APT_FOLDER) if "/debian-security" in uri]
    return lines + [f"deb {keys} {uri} {suite}-security main" for uri in security[:1]]


def ways_of_apt(config: str) -> list[str]:
    """How apt reaches its sources on this machine, as options for apt in the root."""
    return [f'{name} "{value}"' for name, value in _WAYS_OF_APT.findall(config)]


def apt_config() -> str:
    """What apt has been told on this machine, as it says itself."""
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    return done.stdout
