"""The gateway's Python packages in one folder that serves both Debian 12's Python and Debian 13's.

pip resolves for the first Python, then installs the very same versions for the second. A compiled module
names its Python in its file name and the rest is the same, so both lie side by side: an upgrade of Debian
leaves the gateway running.
"""

import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from luftpegel_tools.packaging import wheel_sizes

PARTS = ("postgresql",)  # beside the gateway's own packages; what else there is, is large or has no wheel
PLATFORMS = {
    "amd64": (wheel_sizes.X86_11, wheel_sizes.X86_13),
    "arm64": (wheel_sizes.ARM_11, wheel_sizes.ARM_13),
}
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
_PIP_S = 300
_OF_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # about an installation that is none


class PackageError(Exception):
    """A package cannot be made; the message has what the program that failed said."""


def lay_out(checkout: Path, architecture: str, to: Path, work: Path) -> None:
    """Fill the folder `to` with this checkout's wheel and what it needs. PackageError."""
    made = wheel(checkout, work)
    constraints = work / "constraints.txt"
    constraints.write_text("")
    for number, platform in enumerate(PLATFORMS[architecture]):
        place = work / f"python{platform.python}"
        order = [*_PIP, "install", "--no-compile", "--only-binary=:all:", "--implementation=cp"]
        order += [f"--target={place}", f"--python-version={platform.python}", f"--constraint={constraints}"]
        order += [f"--platform={tag}" for tag in platform.tags]
        run([*order, f"luftpegel[{','.join(PARTS)}] @ {made.as_uri()}"])
        if number == 0:
            pinned = [f"{one.name}=={one.version}" for one in found(place) if one.name != "luftpegel"]
            constraints.write_text("\n".join(pinned) + "\n")
        _merge(place, to)


def found(folder: Path) -> list[Distribution]:
    """The Python packages in a folder, by name."""
    return sorted(distributions(path=[str(folder)]), key=lambda one: one.name.lower())


def run(order: list[str], **more: object) -> str:
    """What a program prints; PackageError with its words when it fails."""
    done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=_PIP_S, **more)  # type: ignore[call-overload]
    if done.returncode:
        raise PackageError(f"{Path(order[0]).name} failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")
    return str(done.stdout)


def wheel(checkout: Path, work: Path) -> Path:
    """The wheel, in `work`, of what git knows: a stray file of a developer is not in it. PackageError."""
    source = work / "source"
    names = run(["git", "-C", str(checkout), "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    for name in filter(None, names.split("\0")):
        if (checkout / name).is_file() and re.match(r"(gateway|tools|firmware/lib)/|[^/]*$", name):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(checkout / name, source / name)
    run([*_PIP, "wheel", "--no-deps", f"--wheel-dir={work}", str(source)])
    return next(work.glob("luftpegel-*.whl"))


def _merge(place: Path, to: Path) -> None:
    """Bring one Python's files beside the other's. PackageError where they differ but must not."""
    shutil.rmtree(place / "bin", ignore_errors=True)
    for path in sorted(place.rglob("*")):
        there = to / path.relative_to(place)
        if path.is_dir() or path.name in _OF_PIP:
            continue
        if there.exists() and path.read_bytes() != there.read_bytes() and ".dist-info" not in str(path):
            raise PackageError(f"{path.relative_to(place)} is not the same for both Pythons")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
