"""A bench for virtual boards: programs as text, boards that end with the test, both engines."""

import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock

DAY_US = 86_400_000_000


class Bench:
    """Makes boards on one clock; `log` holds the lines that they print, with name and virtual time."""

    def __init__(self, folder: Path, engine: str, stack: ExitStack):
        self.clock = VirtualClock()
        self.engine = engine
        self.log: list[tuple[int, str, str]] = []
        self._folder = folder
        self._stack = stack

    def board(self, program: str, *, name: str = "board", power: bool = True, **options) -> Board:
        image = self._folder / f"{name}-image"
        image.mkdir()
        (image / "main.py").write_text(textwrap.dedent(program))
        options = {"engine": self.engine, "state_dir": self._folder / name} | options
        board = self._stack.enter_context(Board(self.clock, name=name, **options))
        board.install(image)
        board.console.on_text = lambda text: self.log.append(
            (self.clock.now_us, name, text.decode("latin-1"))
        )
        if power:
            board.power_on()
        return board

    def text(self, name: str = "board") -> str:
        return "".join(text for _, owner, text in self.log if owner == name).replace("\r\n", "\n")

    def lines(self, name: str = "board") -> list[str]:
        """What the programs printed, without the prompt and its greeting."""
        greeting = ("MicroPython v", 'Type "help()"')
        lines = self.text(name).replace(">>> ", "").splitlines()
        return [line for line in lines if not line.startswith(greeting)]

    def run_to_prompt(self, board: Board) -> list[str]:
        """Run until the program has ended; fails when it does not within a virtual day."""
        self.run(lambda: board.attended)
        return self.lines(board.name)

    def run(self, until: Callable[[], bool]) -> None:
        limit_us = self.clock.now_us + DAY_US
        assert self.clock.run(lambda: until() or self.clock.now_us > limit_us), self.log
        assert until(), self.log


@pytest.fixture(params=["pip", "mpy32"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make_bench(tmp_path: Path, engine: str) -> Iterator[Callable[[str], Bench]]:
    """Makes benches, each with a clock of its own."""
    with ExitStack() as stack:

        def make(name: str) -> Bench:
            folder = tmp_path / name
            folder.mkdir()
            return Bench(folder, engine, stack)

        yield make


@pytest.fixture
def bench(make_bench: Callable[[str], Bench]) -> Bench:
    return make_bench("bench")


@pytest.fixture
def pip_bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench for what does not depend on the engine."""
    with ExitStack() as stack:
        yield Bench(tmp_path, "pip", stack)
