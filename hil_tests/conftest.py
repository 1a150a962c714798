"""Hardware tests: `pytest hil_tests --board /dev/ttyUSB0` on a rig, without one `--board virtual`."""

from collections.abc import Iterator

import pytest

from luftpegel_tools.rig.board import RigBoard, rig_board, virtual_board

RADIOS = ("wio_e5", "sx1262")  # drivers of the radios that a rig may have


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("luftpegel", "the board under test")
    group.addoption("--board", default="virtual", help="'virtual', a serial port, or socket://host:port")
    group.addoption(
        "--radio",
        action="append",
        choices=RADIOS,
        help="a radio that the rig has, once for each (default: wio_e5; both on a virtual board)",
    )
    group.addoption("--engine", default="pip", choices=("pip", "mpy32"), help="what plays the virtual board")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "driver" in metafunc.fixturenames:
        is_virtual = metafunc.config.getoption("--board") == "virtual"
        metafunc.parametrize("driver", metafunc.config.getoption("--radio") or RADIOS[: 1 + is_virtual])


@pytest.fixture(scope="session")
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    named = request.config.getoption("--board")
    if named != "virtual":
        yield named
        return
    with virtual_board(request.config.getoption("--engine")) as virtual:
        yield virtual


@pytest.fixture
def board(port: str) -> Iterator[RigBoard]:
    """The board, interrupted, with an empty heap; tests leave no files behind."""
    with rig_board(port) as found:
        found.soft_reset()
        yield found
