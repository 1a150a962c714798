"""The watchdogs: machine.WDT in virtual time, and the host's own against a board that computes for ever."""

import pytest

from luftpegel_tools.virtual_board.board import BOOT_US
from luftpegel_tools.virtual_board.errors import BoardError


def test_it_bites_on_time_when_not_fed(bench):
    board = bench.board(
        """
        import machine, time
        if machine.reset_cause() == 3: raise ValueError("bitten")
        dog = machine.WDT(timeout=3000)
        for _ in range(5):
            time.sleep_ms(2000); dog.feed()
        print("hungry"); time.sleep(60)
        """
    )
    bitten = []
    board.on_boot = lambda _: bitten.append(bench.clock.now_us)
    bench.run(lambda: board.boots == 2 and board.attended)
    last_feed_us = next(now for now, _, text in bench.log if "hungry" in text)
    assert 0 <= last_feed_us - BOOT_US - 10_000_000 < 2000
    assert 2_990_000 < bitten[0] - last_feed_us <= 3_000_000
    assert bench.lines()[-1] == "ValueError: bitten"


def test_it_sleeps_while_the_board_sleeps(bench):
    board = bench.board("import machine; machine.WDT(timeout=1000); machine.deepsleep(60_000)")
    bench.run(lambda: board.boots == 2)
    assert board.reset_cause == 4


def test_it_bites_a_loop_that_never_ends(bench):
    board = bench.board(
        """
        import machine
        if machine.reset_cause() == 1:
            machine.WDT(timeout=1000)
            while True: pass
        """,
        computing_limit_s=0.3,
    )
    bench.run(lambda: board.attended)
    assert board.reset_cause == 3


def test_a_loop_that_never_ends_is_reported(bench):
    board = bench.board("while True: pass", computing_limit_s=0.3)
    with pytest.raises(BoardError, match=r"LP-190.*time\.sleep_ms"):
        bench.run_to_prompt(board)


def test_polling_the_ticks_ends(bench):
    board = bench.board(
        """
        import time
        start = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start) < 2000: pass
        print("done")
        """
    )
    assert bench.run_to_prompt(board) == ["done"]
