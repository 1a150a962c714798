"""The page for strangers, done as it stands."""

import re
import shlex
from pathlib import Path

import pytest

from luftpegel_tools.rig import rig_file

TEXT = (Path(__file__).parents[2] / "docs" / "hil.md").read_text(encoding="utf-8")
PAGE = "hil.md"


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def timeless(text):
    return re.sub(r" in [0-9.]+s(?: \([0-9:]+\))?$", " in some time", text.strip(), flags=re.MULTILINE)


@pytest.mark.parametrize("number", [0, 1])
def test_transcript(stranger, number):
    (program,) = blocks("python")
    (transcript,) = blocks("console")
    stranger.write(test_level__py=program)
    command, _, printed = re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:][number].partition("\n")
    name, *words = shlex.split(command)
    assert name == "pytest"
    said = stranger.run(*words, code=number)
    if number:
        assert said.startswith(printed.strip())
        assert "LP-681 no board on /dev/no-such-port" in said
    else:
        assert timeless(said) == timeless(printed)


def test_the_rig_file_is_one():
    (text,) = blocks("toml")
    gauge, meadow = rig_file.parse(text)
    assert gauge.power.kind == "uhubctl"
    assert meadow.is_virtual


def test_every_setting_and_fixture_is_told():
    told = set(re.findall(r"[a-z_]+", TEXT))
    for checks in (rig_file._BOARD, rig_file._SENSOR, rig_file._POWER, rig_file._WITNESS):
        assert checks.keys() - {"engine", "index", "user", "password_file"} <= told


def test_every_test_file_is_told():
    for path in (Path(__file__).parents[2] / "hil_tests").glob("test_*.py"):
        assert path.name in TEXT
