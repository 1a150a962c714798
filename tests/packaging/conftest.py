"""One wheel of this checkout, and one environment with the gateway's own packages alone."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from luftpegel_tools.fresh.roots import RELEASES
from luftpegel_tools.packaging import debian_package, vendor
from luftpegel_tools.programs.broker import free_port

from .machine import can_boot

REPOSITORY = Path(__file__).resolve().parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
WHEN_DONE_S = 300
VERSION, LATER = "0.4.0", "0.4.1"
# Where nobody may mount, as in a root of `make fresh`, there are no machines: what is left of the package's
# tests is test_debian_package.py.
collect_ignore = [] if can_boot() else ["test_image.py", *(f"test_on_debian_{name}.py" for name in RELEASES)]
pytest.register_assert_rewrite("tests.packaging.pages_on_debian")
MOMENT = 1_790_000_000  # SOURCE_DATE_EPOCH


def run(*order, **more):
    words = [str(word) for word in order]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=WHEN_DONE_S, **more)


def done(*order, **more):
    """The same, which must end well."""
    told = run(*order, **more)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The one that goes into the package, built once."""
    return next(once(tmp_path_factory, "wheel", lambda work: vendor.wheel(REPOSITORY, work)).glob("*.whl"))


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


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory):
    """What `make package` packs, laid out once."""
    return once(tmp_path_factory, "laid-out", _lay_out) / "luftpegel"


def _lay_out(work):
    about = debian_package.About(debian_package.own_architecture(), VERSION, MOMENT)
    debian_package.prepare(REPOSITORY, about, work / "luftpegel", work)


@pytest.fixture(scope="session")
def package(laid_out, tmp_path_factory):
    """The package of this checkout."""
    return next(once(tmp_path_factory, "now", lambda work: packed(laid_out, VERSION, work)).glob("*.deb"))


@pytest.fixture(scope="session")
def next_package(laid_out, package, tmp_path_factory):
    """The same, as the version that will follow it."""

    def make(work):
        later = work / "luftpegel"
        shutil.copytree(laid_out, later, symlinks=True)
        (about,) = later.glob("tree/usr/lib/luftpegel/packages/luftpegel-*.dist-info/METADATA")
        about.write_text(about.read_text().replace(f"\nVersion: {VERSION}\n", f"\nVersion: {LATER}\n"))
        packed(later, LATER, work)

    return next(once(tmp_path_factory, "next", make).glob(f"*{LATER}*.deb"))


def once(factory, name, make):
    """A folder that `make(folder)` fills, by whichever of the processes side by side comes first."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            growing = place.with_suffix(".growing")
            growing.mkdir()
            make(growing)
            growing.rename(place)
    return place


def packed(source, version, to):
    about = debian_package.About(debian_package.own_architecture(), version, MOMENT)
    return debian_package.pack(source, about, to, level=0)
