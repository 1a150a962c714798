"""Fixtures of the rig plugin: a board, its roles, several boards. mpremote comes with the first board."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from luftpegel_tools.rig import rig_file
from luftpegel_tools.rig.errors import MissingRoleError, RigError
from luftpegel_tools.rig.where import rig_file_of

if TYPE_CHECKING:
    from luftpegel_tools.rig.roles import Chips, Console, Files, Power, Radio, Reset, Rig

# What a virtual rig is when no rig.toml says otherwise.
DEFAULT = """
[[board]]
name = "virtual"
sensors = [
  { driver = "sht4x" }, { driver = "bme280" }, { driver = "sps30", socket = "a" },
  { driver = "a02yyuw", socket = "b" }, { driver = "ds18b20" },
]
radios = ["sx1262", "wio_e5"]
"""


def plans_of(config: pytest.Config) -> tuple[rig_file.BoardPlan, ...]:
    """The rig's boards; --board says where the first one is, --radio leaves others out."""
    found = rig_file_of(config)
    plans = rig_file.load(found) if found else rig_file.parse(DEFAULT)
    first = plans[0]
    named = config.getoption("luftpegel_board")
    if named:
        port, _, engine = named.partition(":") if named.startswith(rig_file.VIRTUAL) else (named, "", "")
        first = replace(first, port=port, engine=engine or first.engine)
    radios = config.getoption("luftpegel_radio")
    if radios:
        first = replace(first, radios=tuple(radios))
    return (first, *plans[1:])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`driver` is each radio of the rig in turn."""
    if "driver" in metafunc.fixturenames and "rig" in metafunc.fixturenames:
        metafunc.parametrize("driver", plans_of(metafunc.config)[0].radios)


@pytest.fixture(scope="session")
def open_board(request: pytest.FixtureRequest) -> Iterator[Callable[[str], "Rig"]]:
    """Opens boards of the rig by name; each once, until the run ends."""
    from luftpegel_tools.rig.roles import open_rig  # noqa: PLC0415 - mpremote comes late

    try:
        plans = {plan.name: plan for plan in plans_of(request.config)}
    except RigError as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    opened: dict[str, Rig] = {}
    with ExitStack() as stack:

        def open_named(name: str) -> "Rig":
            if name not in plans:
                raise RigError("LP-685", name=name, known=", ".join(plans))
            if name not in opened:
                delay = request.config.getoption("luftpegel_line_delay")
                opened[name] = stack.enter_context(open_rig(plans[name], delay))
            return opened[name]

        yield open_named


@pytest.fixture(scope="session")
def rig(request: pytest.FixtureRequest, open_board: Callable[[str], "Rig"]) -> "Rig":
    """The first board of the rig with all its roles, as it lies there."""
    return open_board(plans_of(request.config)[0].name)


@pytest.fixture
def board(rig: "Rig", request: pytest.FixtureRequest) -> Iterator["Rig"]:
    """The board, interrupted, with an empty heap; its console's log goes into the report."""
    rig.line.log = ""
    rig.line.attach(60)
    rig.line.soft_reset()
    yield rig
    request.node.add_report_section("call", "console", rig.line.log)


@pytest.fixture
def console(board: "Rig") -> "Console":
    """What the board says."""
    return board.console


@pytest.fixture(name="exec")
def exec_(board: "Rig") -> Callable[..., str]:
    """Runs statements on the board."""
    return board.exec


@pytest.fixture
def files(board: "Rig") -> "Files":
    """The board's files."""
    return board.files


@pytest.fixture
def reset(board: "Rig") -> "Reset":
    """Resets, and their cause."""
    return board.reset


@pytest.fixture
def power(board: "Rig") -> "Power":
    """The supply."""
    return board.power


@pytest.fixture
def radio(board: "Rig") -> "Radio":
    """The witness of what is sent."""
    try:
        return board.radio
    except MissingRoleError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def chips(board: "Rig") -> "Chips":
    """The simulated chips; on a real board the test is skipped."""
    try:
        return board.chips
    except MissingRoleError as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A role that this rig lacks skips the test and says what would give it one."""
    try:
        return (yield)
    except MissingRoleError as missing:
        pytest.skip(f"{item.name}: {missing}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What to look at when a test fails goes into both reports."""
    for item in items:
        item.user_properties.extend(("look at", mark.args[0]) for mark in item.iter_markers("look_at"))
