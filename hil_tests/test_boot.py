"""A board starts, is what it says, and keeps files."""

import pytest
from mpremote.transport import TransportExecError

from luftpegel_tools.rig.roles import Rig


def test_it_is_an_esp32_with_micropython(board: Rig) -> None:
    board.exec("import sys, os, machine")
    assert board.eval("sys.implementation.name") == "micropython"
    assert board.eval("sys.platform") == "esp32"
    assert board.eval("sys.implementation.version[:2]") >= (1, 25)
    assert board.eval("os.uname().sysname") == "esp32"
    assert len(board.eval("machine.unique_id()")) == 6


def test_time_is_whole_seconds_since_2000(board: Rig) -> None:
    board.exec("import time")
    assert board.eval("type(time.time()).__name__") == "int"
    assert board.eval("time.gmtime(0)") == (2000, 1, 1, 0, 0, 0, 5, 1)
    assert board.eval("time.mktime((2026, 11, 22, 8, 20, 26, 0, 0))") == 848_650_826
    assert board.eval("time.gmtime(848650826)")[:6] == (2026, 11, 22, 8, 20, 26)


def test_a_file_survives_a_reset(board: Rig) -> None:
    data = bytes(range(256)) * 20
    board.files.write("/hil_test.bin", data)
    board.reset.hard()
    try:
        assert board.files.read("/hil_test.bin") == data
    finally:
        board.files.remove("/hil_test.bin")


def test_an_error_comes_back_as_a_traceback(board: Rig) -> None:
    with pytest.raises(TransportExecError, match="ZeroDivisionError"):
        board.exec("1 // 0")


def test_a_program_that_never_ends_is_interrupted(board: Rig) -> None:
    board.console.start("print('spinning')\nwhile True: pass")
    board.console.wait_for("spinning")
    board.reset.take()
    assert board.eval("6 * 7") == 42


def test_text_comes_whole_and_in_order(board: Rig) -> None:
    lines = board.exec("for i in range(500): print('line', i)").splitlines()
    assert lines == [f"line {i}" for i in range(500)]
