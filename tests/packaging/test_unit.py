"""The service's unit: sound and hardened by systemd's own judgement, and true to what the gateway does."""

import configparser
import os
import re

import pytest

from luftpegel_tools.programs import debian

from .conftest import REPOSITORY, run

UNIT = REPOSITORY / "gateway" / "packaging" / "systemd" / "luftpegel-gateway.service"
PROGRAM = "/usr/lib/luftpegel/bin/luftpegel"
MOST_EXPOSED = 20  # tenths: "2.0 OK" in the words of systemd-analyze


@pytest.fixture(scope="module")
def analyze(tmp_path_factory):
    """systemd-analyze as a user's own, which needs nothing below /run that only a running systemd has."""
    own = {name: str(tmp_path_factory.mktemp(name)) for name in ("HOME", "XDG_RUNTIME_DIR")}
    program = debian.find_program("systemd-analyze", "systemd")
    fetched = debian.cache_folder() / "debian" / "systemd"
    places = ["/usr/lib/systemd/system", "/lib/systemd/system"]
    places += [str(path) for path in (fetched / "usr/lib/systemd/system", fetched / "lib/systemd/system")]

    def call(folder, *words):
        environment = os.environ | program.env | own | {"SYSTEMD_UNIT_PATH": ":".join([str(folder), *places])}
        return run(*program.argv_prefix, "--user", *words, env=environment)

    return call


@pytest.fixture
def unit(tmp_path):
    """The unit where it lies, with programs that this machine has."""
    place = tmp_path / UNIT.name
    text = UNIT.read_text()
    for program in (PROGRAM, "/bin/kill"):  # procps, which a minimal Debian does without
        assert program in text
        text = text.replace(program, "/bin/true")
    place.write_text(text)
    return place


def test_systemd_finds_nothing_wrong_with_it(analyze, unit):
    told = analyze(unit.parent, "verify", "--man=no", "--recursive-errors=no", unit)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_systemd_would_find_a_mistake(analyze, unit):
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=sometimes"))
    told = analyze(unit.parent, "verify", "--man=no", "--recursive-errors=no", unit)
    # systemd 252 says "service restart", 257 "Restart=sometimes".
    assert re.search("Failed to parse (service restart|Restart=sometimes)", told.stderr)


def test_it_is_as_closed_as_promised(analyze, unit):
    words = ("security", "--offline=yes", "--no-pager")
    told = analyze(unit.parent, *words, f"--threshold={MOST_EXPOSED}", unit)
    assert told.returncode == 0, told.stdout + told.stderr
    print(told.stdout.splitlines()[-1])
    unit.write_text(unit.read_text().partition("# What it may not do")[0])
    assert analyze(unit.parent, *words, f"--threshold={MOST_EXPOSED}", unit).returncode != 0


def test_the_unit_says_what_the_gateway_does():
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(UNIT)
    service = parser["Service"]
    assert service["Type"] == "notify"
    assert service["Restart"] == "always"
    assert service["ExecStart"].split()[1:3] == ["gateway", "run"]
    assert parser["Unit"]["ConditionPathExists"] in service["ExecStart"]
    assert parser["Unit"]["StartLimitIntervalSec"] == "0"
