"""The supply behind a command: what is run, and what is told when it fails."""

import sys

import pytest

from luftpegel_tools.rig import power
from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import PowerPlan


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A uhubctl that writes down how it was called; no hub is here."""
    program = tmp_path / "uhubctl"
    note = f"open({str(tmp_path / 'log')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    program.write_text(f"#!{sys.executable}\nimport sys\n{note}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(power, "EMPTY_S", 0)
    return tmp_path / "log"


def test_uhubctl_switches_one_port(log):
    switch = power.switch_of(PowerPlan("uhubctl", hub="1-1.4", socket=3))
    switch.switch(False)
    switch.switch(True)
    assert log.read_text() == "-l 1-1.4 -p 3 -a off\n-l 1-1.4 -p 3 -a on\n"


def test_a_relay_behind_a_command(log):
    switch = power.switch_of(PowerPlan("command", on=("uhubctl", "go $HOME"), off=("uhubctl", "stop")))
    switch.switch(True)
    assert log.read_text() == "go $HOME\n"  # no shell saw it


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("no-such-relay",), "No such file"),
        ((sys.executable, "-c", "import sys; sys.exit('no permission')"), "no permission"),
        ((sys.executable, "-c", "import sys; sys.exit(7)"), "exit 7"),
    ],
)
def test_a_command_that_fails(command, said):
    with pytest.raises(RigError, match=said) as caught:
        power.run(command)
    assert caught.value.code == "LP-684"


def test_no_switch_is_no_switch():
    assert power.switch_of(PowerPlan()) is None
