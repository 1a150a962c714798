"""No MicroPython outlives its host, however the host ends."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HOST = """
import sys
from pathlib import Path
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
folder = Path(sys.argv[1])
(folder / "image").mkdir()
(folder / "image" / "main.py").write_text(sys.argv[3])
clock = VirtualClock()
with Board(clock, name="b", state_dir=folder / "state", engine=sys.argv[2]) as board:
    board.install(folder / "image")
    board.console.on_text = lambda text: b"running" in text and print("running", board.pid, flush=True)
    board.power_on()
    clock.serve(lambda: False, lambda: board.attended)
"""
PROGRAMS = {
    "computing": "import time; print('running'); time.sleep_ms(1)\nwhile True: pass",
    "at the prompt": "print('running')",
}


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("victim", ["host", "launcher"])
def test_a_killed_parent_takes_the_board_with_it(tmp_path, engine, program, victim):
    command = [sys.executable, "-c", HOST, str(tmp_path), engine, PROGRAMS[program]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        pid = int(host.stdout.readline().split()[1])
        watch = os.pidfd_open(pid)
        os.kill(host.pid if victim == "host" else parent(pid), signal.SIGKILL)
        assert ended(watch)
        host.kill()
    os.close(watch)


def ended(watch: int) -> bool:
    """Whether the process ends; a pidfd becomes readable then."""
    poller = select.poll()
    poller.register(watch, select.POLLIN)
    return bool(poller.poll(10_000))
