"""A technician's computer has a wheel and no checkout: every verb does its work there."""

import json
import subprocess
import sys
import tarfile
import zipfile

import pytest

from .conftest import PIP, REPOSITORY, done, run

ROSTER = "station,name,kind,station_file,dev_eui\nLP-0001,Mühlbach Brücke,level,station.toml,\n"


@pytest.fixture(scope="module")
def technician(wheel, tmp_path_factory):
    """The programs of an environment that a technician has: the wheel with its part, not editable."""
    place = tmp_path_factory.mktemp("technician")
    done(sys.executable, "-m", "venv", "--without-pip", place)
    asked = f"luftpegel[technician] @ {wheel.as_uri()}"
    done(*PIP, "--python", place / "bin/python", "install", "--prefer-binary", asked)  # esptool has no wheel
    return place / "bin"


@pytest.fixture
def desk(technician, tmp_path, monkeypatch):
    """Types a command in a folder that has nothing but a roster and a station file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LUFTPEGEL_CACHE", raising=False)
    (tmp_path / "town.csv").write_text(ROSTER, encoding="utf-8")
    example = REPOSITORY / "docs" / "examples" / "station.toml"
    (tmp_path / "station.toml").write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    return lambda *words: done(technician / "luftpegel", *words)


def test_the_wheel_holds_the_firmware_and_nothing_compiled(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("luftpegel_firmware/")}
    firmware = REPOSITORY / "firmware"
    sources = {path.relative_to(firmware).as_posix() for path in firmware.rglob("*.py")}
    assert names == {f"luftpegel_firmware/{name}" for name in sources}


def test_a_station_is_checked_and_its_image_is_that_of_the_checkout(desk, tmp_path):
    assert desk("station", "check", "station.toml", "--lang", "en").endswith("2 sensors: ok\n")
    desk("station", "build", "--out", "image", "--station", "station.toml")
    told = [sys.executable, "-m", "luftpegel_tools.cli", "station", "build", "--out", "ours"]
    done(*told, "--station", "station.toml", cwd=tmp_path)
    installed, ours = tmp_path / "image", tmp_path / "ours"
    names = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
    assert names == {path.relative_to(installed) for path in installed.rglob("*") if path.is_file()}
    assert [name for name in names if (ours / name).read_bytes() != (installed / name).read_bytes()] == []


def test_a_home_that_cannot_be_written_only_costs_time(desk, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LUFTPEGEL_CACHE", str(tmp_path / "file" / "cache"))
    assert "main.py" in desk("station", "build", "--out", "image")


def test_roster_labels_and_codes(desk, tmp_path):
    assert json.loads(desk("roster", "fill", "town.csv", "--json"))["new_keys"] == 1
    desk("label", "--roster", "town.csv", "--pages", "https://pegel.town.example", "--town", "Musterstadt")
    assert (tmp_path / "labels.pdf").read_bytes().startswith(b"%PDF-")
    assert "LP-340" in desk("explain", "LP-340")


def test_a_wheel_of_the_source_package_is_the_same(source, wheel, tmp_path):
    program = "import sys; from setuptools.build_meta import build_sdist; build_sdist(sys.argv[1])"
    done(sys.executable, "-c", program, tmp_path, cwd=source)
    (package,) = tmp_path.glob("luftpegel-*.tar.gz")
    with tarfile.open(package) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        assert {"docs/station.md", "spec/channels.toml", "firmware/main.py", "LICENSE"} <= names
    done(*PIP, "wheel", "--no-deps", "--wheel-dir", tmp_path, package)
    (again,) = tmp_path.glob("luftpegel-*.whl")
    assert _content(again) == _content(wheel)


def _content(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist() if "dist-info" not in info.filename}


def test_a_damaged_installation_is_told(technician, tmp_path):
    program = (
        "import sys; sys.modules['luftpegel_firmware'] = None\n"
        "from luftpegel_tools.cli import main\n"
        f"sys.exit(main(['station', 'build', '--out', {str(tmp_path / 'image')!r}]))"
    )
    told = run(technician / "python", "-c", program)
    assert told.returncode == 1, told.stderr
    assert "LP-340" in told.stderr
    assert "pip install" in told.stderr


@pytest.mark.parametrize("missing", ["fcntl termios pwd grp resource pty tty syslog"])
def test_no_verb_of_a_technician_asks_for_what_only_unix_has(missing):
    """Windows has none of these modules; a verb that imports one at its beginning does not start there."""
    program = (
        "import argparse, importlib, sys\n"
        # These ask for each system's own by its name.
        "import serial.tools.list_ports, esptool, mpremote.console\n"
        f"class Hidden:\n    def find_spec(self, name, *_):\n        if name in {missing.split()!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        f"for name in {missing.split()!r}: sys.modules.pop(name, None)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from luftpegel_tools.cli import COMMANDS\n"
        "verbs = [name for name, _ in COMMANDS.values() if name.startswith('luftpegel_tools.technician')]\n"
        "for name in verbs: importlib.import_module(name).configure(argparse.ArgumentParser())\n"
        "print(len(verbs))\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) >= 5
