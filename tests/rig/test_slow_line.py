"""Over a line that is 60 ms long each way, the same tests pass."""

import time
from pathlib import Path

import pytest

from luftpegel_tools.rig.board import rig_board
from luftpegel_tools.rig.rig_file import BoardPlan
from luftpegel_tools.rig.slow_line import slow_line
from luftpegel_tools.rig.virtual_rig import virtual_bench

HIL = Path(__file__).parents[2] / "hil_tests"
SUBSET = ("test_reset_causes.py", "test_deep_sleep.py")


def test_hardware_tests_over_it(stranger):
    stranger.folder = HIL.parent
    said = stranger.run("-q", "--line-delay", "60", *(f"hil_tests/{name}" for name in SUBSET))
    assert " passed" in said


@pytest.mark.parametrize("delay_ms", [0.5, 150])
def test_it_takes_its_time_and_loses_nothing(delay_ms):
    with (
        virtual_bench(BoardPlan("gauge")) as bench,
        slow_line(bench.port, delay_ms) as port,
        rig_board(port) as board,
    ):
        began = time.monotonic()
        assert board.eval("6 * 7") == 42
        assert time.monotonic() - began > 4 * delay_ms / 1000
        data = bytes(range(256)) * 3
        board.put("/long.bin", data)
        assert board.get("/long.bin") == data
        board.leave("while True: pass")
        board.attach()
        assert board.exec("print('x' * 3000)") == "x" * 3000 + "\n"
