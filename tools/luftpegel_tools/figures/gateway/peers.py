"""Programs of others to measure beside: installed under .cache with their own registry's client, never faked.

Versions are pinned, so that a figure names what it was held against.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from luftpegel_tools.programs.debian import cache_folder

_PATIENCE_S = 900.0


class MissingPeerError(Exception):
    """A peer cannot be had; the message says why, and stands in the table instead of a figure."""


def installed(name: str, install: Callable[[Path], None]) -> Path:
    """The folder of a peer, made by `install(folder)` the first time. Raises MissingPeerError."""
    folder = cache_folder() / "peers" / name
    ready = folder / ".ready"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            print(f"  (installing {name})", flush=True)
            shutil.rmtree(folder)
            folder.mkdir()
            install(folder)
            ready.touch()
    return folder


def npm_install(folder: Path, *packages: str) -> None:
    """Install npm packages below `folder`."""
    npm = shutil.which("npm")
    if npm is None:
        raise MissingPeerError("npm is not installed")
    quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--omit=dev"]
    _do([npm, "install", *quiet, "--prefix", str(folder), *packages])


def pip_install(folder: Path, *packages: str) -> None:
    """Make a Python environment in `folder` and install packages there, away from ours."""
    _do([sys.executable, "-m", "venv", str(folder)])
    _do([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages])


def _do(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise MissingPeerError(f"{Path(command[0]).name} took longer than {_PATIENCE_S:.0f} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise MissingPeerError(f"{Path(command[0]).name}: {said[-1] if said else 'failed without a word'}")
