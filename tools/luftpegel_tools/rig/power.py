"""A board's supply as a role: a hub's port, a relay behind a command, or virtual."""

import subprocess
import time
from collections.abc import Sequence
from typing import Any, Protocol

from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import PowerPlan

COMMAND_TIMEOUT_S = 30
EMPTY_S = 1.0  # until the capacitors of a board are empty


class Switch(Protocol):
    """What can switch a supply: nothing else is asked of a relay."""

    def switch(self, on: bool) -> None:
        """Switch the supply; returns when it is done."""


class CommandSwitch:
    """A relay, or a hub, behind a command for each state."""

    def __init__(self, on: Sequence[str], off: Sequence[str]):
        self._commands = {True: list(on), False: list(off)}

    def switch(self, on: bool) -> None:
        """Run the command."""
        run(self._commands[on])
        if not on:
            time.sleep(EMPTY_S)


class VirtualSwitch:
    """The switch of a virtual board."""

    def __init__(self, bench: Any):
        self._bench = bench

    def switch(self, on: bool) -> None:
        """At once."""
        self._bench.ask("power", on=on)


def switch_of(plan: PowerPlan) -> Switch | None:
    """The switch that rig.toml names; None when there is none."""
    if plan.kind == "uhubctl":
        base = ["uhubctl", "-l", plan.hub, "-p", str(plan.socket), "-a"]
        return CommandSwitch([*base, "on"], [*base, "off"])
    if plan.kind == "command":
        return CommandSwitch(plan.on, plan.off)
    return None


def run(command: Sequence[str]) -> str:
    """Run a command of rig.toml, without a shell; returns what it printed.

    Raises:
        RigError: LP-684 when it is missing, fails or does not end.
    """
    try:
        done = subprocess.run(
            list(command), capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RigError("LP-684", command=command[0], detail=error) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RigError("LP-684", command=command[0], detail=said[-1] if said else f"exit {done.returncode}")
    return done.stdout
