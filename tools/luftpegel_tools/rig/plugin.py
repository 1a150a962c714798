"""The pytest plugin (entry point `pytest11`): options for a board under test, and fixtures by role.

It is loaded by every pytest run in its environment, so it stays out of the way: until a run names a board
(`--board`, `--rig`) or has a rig.toml beside its tests, it registers options and nothing else, and imports
nothing but pytest. An option that somebody else has, too, keeps its long name (`--luftpegel-board`) only.
"""

import argparse
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from luftpegel_tools.rig.where import RIG_FILE, rig_file_of

# option: (how it is stored, help)
_OPTIONS: Mapping[str, tuple[dict[str, Any], str]] = {
    "board": (
        {},
        "the board under test: 'virtual' (default), a port, socket://host:port or rfc2217://host:port",
    ),
    "rig": ({"metavar": "FILE"}, f"the rig's wiring (default: {RIG_FILE} beside the tests)"),
    "radio": ({"action": "append"}, "only this radio of the rig; may be given again"),
    "line-delay": ({"type": float, "default": 0.0, "metavar": "MS"}, "hold the console up, each way"),
    "hil-report": ({"metavar": "FILE"}, "write an HTML report with the consoles' logs"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options under their long names, which nobody else has."""
    for name in _OPTIONS:
        _add(parser, name, f"--luftpegel-{name}")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Iterator[None]:
    """Add the short names when all others have had theirs, as far as they are free."""
    yield
    for name in _OPTIONS:
        with contextlib.suppress(ValueError, argparse.ArgumentError):
            _add(parser, name, f"--{name}")


def _add(parser: pytest.Parser, name: str, option: str) -> None:
    how, text = _OPTIONS[name]
    settings = {"dest": f"luftpegel_{name.replace('-', '_')}", "help": text} | how
    parser.getgroup("luftpegel", "a board under test").addoption(option, **settings)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the fixtures, where they are wanted."""
    config.addinivalue_line("markers", "look_at(text): what to look at first when this hardware test fails")
    if not (config.getoption("luftpegel_board") or rig_file_of(config)):
        return
    from luftpegel_tools.rig import fixtures, report  # noqa: PLC0415 - only where they are wanted

    config.pluginmanager.register(fixtures, "luftpegel_rig_fixtures")
    if path := config.getoption("luftpegel_hil_report"):
        config.pluginmanager.register(report.Report(Path(path)), "luftpegel_rig_report")
