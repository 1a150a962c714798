"""mpremote, as people use it, cannot tell the virtual board from a board."""

import subprocess
import sys

import pytest

from luftpegel_tools.rig.board import rig_board, virtual_board


@pytest.fixture
def port(engine):
    with virtual_board(engine) as port:
        yield port


@pytest.fixture
def mpremote(port):
    def run(*words: str) -> str:
        command = [sys.executable, "-m", "mpremote", "connect", port, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    return run


def test_files_programs_and_resets(mpremote, tmp_path):
    data = bytes(range(256)) * 30
    (tmp_path / "data.bin").write_bytes(data)
    (tmp_path / "helper.py").write_text("def answer(): return 42")
    (tmp_path / "program.py").write_text("print('run', 6 * 7)")
    assert mpremote("eval", "6*7") == "42\n"
    mpremote("fs", "cp", str(tmp_path / "data.bin"), ":data.bin")
    mpremote("fs", "cp", ":data.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == data
    assert "data.bin" in mpremote("fs", "ls")
    mpremote("fs", "mkdir", ":folder", "+", "fs", "rm", ":data.bin")
    assert "data.bin" not in mpremote("fs", "tree")
    assert mpremote("run", str(tmp_path / "program.py")) == "run 42\n"
    mounted = mpremote("mount", str(tmp_path), "exec", "import helper; print(helper.answer())")
    # mpremote's own word on the mount stays in Python's buffer longer than what the board says: any order.
    assert sorted(mounted.splitlines()) == ["42", f"Local directory {tmp_path} is mounted at /remote"]
    assert mpremote("soft-reset", "exec", "print('after')") == "after\n"
    mpremote("reset")
    assert mpremote("exec", "import time; time.sleep(1000); print('slept')") == "slept\n"


def test_ctrl_c_ends_loops_of_every_kind(port):
    loops = ("while True: pass", "import time\nwhile True: time.sleep(1)", "n = 0\nwhile n < 1 << 29: n ^= 1")
    with rig_board(port) as board:
        for loop in loops:
            board.leave(f"print('looping')\n{loop}")
            board.wait_for("looping")
            board.attach()
            assert board.eval("1 + 1") == 2


def test_a_long_output_is_whole(port):
    with rig_board(port) as board:
        text = board.exec("for i in range(1500): print('%040d' % i)")
        assert text.splitlines() == [f"{i:040d}" for i in range(1500)]


def test_a_timer_waits_for_the_person_at_the_prompt(port):
    with rig_board(port) as board:
        board.exec("import machine; n = []; machine.Timer(0).init(period=1, callback=lambda t: n.append(1))")
        assert board.eval("len(n)") < 60_000  # the virtual time does not run away between two commands
