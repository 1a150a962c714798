"""The firmware comes onto a board by hash; main.py steps aside and comes back, also after a killed run."""

import pytest

from luftpegel_tools.image import firmware_image
from luftpegel_tools.rig import install
from luftpegel_tools.rig.board import rig_board
from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import BoardPlan
from luftpegel_tools.rig.roles import Files
from luftpegel_tools.rig.virtual_rig import virtual_bench


@pytest.fixture
def board():
    with virtual_bench(BoardPlan("gauge")) as bench, rig_board(bench.port) as found:
        yield found


def test_only_what_changed_is_written(board):
    assert install.install(board) == []
    board.put("/station/cycle.mpy", b"old")
    board.remove("/lib/sensors/sht4x.mpy")
    board.put("/boards/strange.mpy", b"of an older firmware")
    assert sorted(install.install(board)) == [
        "/boards/strange.mpy",
        "/lib/sensors/sht4x.mpy",
        "/station/cycle.mpy",
    ]
    assert install.install(board) == []


def test_an_empty_board_gets_all_of_it(board):
    files = Files(board)
    for folder in ("/boards", "/station", "/lib"):
        files.remove(folder)
    assert len(install.install(board)) == len(list(firmware_image.sources()))
    assert "class" in board.eval("repr(__import__('station.journal', None, None, ('Journal',)).Journal)")


def test_what_does_not_read_back_is_told(board, monkeypatch):
    board.remove("/station/cycle.mpy")
    monkeypatch.setattr(board, "put", lambda path, data: type(board).put(board, path, data[:-1]))
    with pytest.raises(RigError, match=r"LP-687 .*/station/cycle\.mpy"):
        install.install(board)


def test_main_steps_aside_and_comes_back(board):
    board.put("/main.py", b"print('the station')")
    install.set_aside(board)
    assert board.eval("'main.py' in __import__('os').listdir('/')") is False
    board.hard_reset()
    install.put_back(board)
    assert board.get("/main.py") == b"print('the station')"


def test_a_killed_run_is_put_right_by_the_next(board):
    board.put("/main.py", b"print('the station')")
    install.set_aside(board)
    board.put("/main.py", b"print('a test')")  # as a test leaves behind that was killed
    install.set_aside(board)
    install.put_back(board)
    assert board.get("/main.py") == b"print('the station')"
