"""One wheel of this checkout, and one environment with the gateway's own packages alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from luftpegel_tools.programs.broker import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
WHEN_DONE_S = 120


def run(*order, **more):
    words = [str(word) for word in order]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=WHEN_DONE_S, **more)


def done(*order, **more):
    """The same, which must end well."""
    told = run(*order, **more)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """What git knows, in a folder of its own: a stray file of a developer is not in it."""
    source = tmp_path_factory.mktemp("source")
    names = done("git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, source / name)
    return source


@pytest.fixture(scope="session")
def wheel(source, tmp_path_factory):
    """As pip builds it anywhere."""
    place = tmp_path_factory.mktemp("wheel")
    done(*PIP, "wheel", "--no-deps", "--wheel-dir", place, source)
    return next(place.glob("luftpegel-*.whl"))


@pytest.fixture(scope="session")
def alone(wheel, tmp_path_factory):
    """The programs of an environment that has the wheel and what it needs, without any part."""
    place = tmp_path_factory.mktemp("alone")
    done(sys.executable, "-m", "venv", "--without-pip", place)
    done(*PIP, "--python", place / "bin/python", "install", "--only-binary=:all:", wheel)
    return place / "bin"


@pytest.fixture
def site(tmp_path):
    """The files of a gateway that has one station, no broker yet, and a page at a port of the system's."""
    (tmp_path / "gateway.toml").write_text(
        '[gateway]\ndata = "data"\nstations = "stations.toml"\n'
        '[[source]]\nkind = "chirpstack-mqtt"\nhost = "127.0.0.1"\nport = 1\n'
        '[[sink]]\nkind = "store"\n[page]\n'
        f"port = {free_port()}\n"
    )
    (tmp_path / "stations.toml").write_text(
        '[[station]]\nid = "LP-0001"\ndev_eui = "70b3d57ed0000001"\nname = "Brücke"\nkind = "level"\n'
        "latitude = 50.1\nlongitude = 8.6\n"
    )
    return tmp_path
