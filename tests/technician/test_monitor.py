"""Many consoles at once, over unplugging and replugging; pseudo-terminals stand in for the ports."""

import json
import os
import pty
import queue
import random
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.technician.monitor.lines import LONGEST, Lines, clean
from luftpegel_tools.technician.monitor.meaning import meaning_of, station_in
from luftpegel_tools.technician.monitor.watcher import Watcher
from luftpegel_wire import Row, encode_readings

PATIENCE_S = 60


class Port:
    """A port that can be unplugged: a link to a pseudo-terminal, another one after each plug."""

    def __init__(self, link):
        self.link = link
        self.plug()

    def plug(self):
        self.board, computer = pty.openpty()
        tty.setraw(computer)
        self.link.symlink_to(os.ttyname(computer))
        self._computer = computer

    def say(self, data):
        os.write(self.board, data)

    def unplug(self):
        self.link.unlink()
        os.close(self._computer)
        os.close(self.board)


@pytest.fixture
def port(tmp_path):
    return lambda name: Port(tmp_path / name)


def until(watcher, wanted):
    """Events up to the first for which `wanted` holds."""
    ends, seen = time.monotonic() + PATIENCE_S, []
    while time.monotonic() < ends:
        try:
            seen.append(watcher.events.get(timeout=1))
        except queue.Empty:
            continue
        if wanted(seen[-1]):
            return seen
    raise AssertionError(seen)


def test_lines_of_two_boards_never_mix(port):
    one, two = port("one"), port("two")
    with Watcher([str(one.link), str(two.link)], 115200) as watcher:
        plugged = set()
        while len(plugged) < 2:
            plugged.add(until(watcher, lambda event: event.kind == "plugged")[-1].place)
        for k in range(50):
            one.say(b"half ")
            two.say(b"other %d\r\n" % k)
            one.say(b"whole %d\r\n" % k)
        told = until(watcher, lambda event: event.text.endswith("whole 49"))
    texts = [event.text for event in told if event.place == str(one.link) and event.kind == "line"]
    assert "".join(texts) == "".join(f"half whole {k}" for k in range(50))


def test_a_board_that_is_unplugged_is_waited_for(port):
    board = port("board")
    with Watcher([str(board.link)], 115200) as watcher:
        for round_ in range(3):
            until(watcher, lambda event: event.kind == "plugged")
            board.say(b"hello %d\nnot fini" % round_)
            until(watcher, lambda event, k=round_: event.text == f"hello {k}")
            board.unplug()
            gone = until(watcher, lambda event: event.kind == "unplugged")
            assert [event.text for event in gone if event.kind == "line"] in (["not fini"], [])
            board.plug()
        until(watcher, lambda event: event.kind == "plugged")


def test_a_port_that_another_program_has_is_told_once(port):
    board = port("board")
    with Watcher([str(board.link)], 115200) as first:
        until(first, lambda event: event.kind == "plugged")
        with Watcher([str(board.link)], 115200) as second:
            assert until(second, lambda event: event.kind == "closed")[-1].text
            assert second.events.empty()
            time.sleep(1.2)  # it has tried again meanwhile
            assert second.events.empty()


def test_nothing_a_board_says_moves_the_cursor():
    draw = random.Random()
    seed = draw.randrange(1 << 32)
    print("seed", seed)
    draw = random.Random(seed)
    for _ in range(2000):
        data = draw.randbytes(draw.randrange(200))
        lines = Lines()
        cuts = sorted(draw.randrange(len(data) + 1) for _ in range(3))
        told = []
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            told += lines.take(data[start:end])
        told.append(lines.rest())
        assert all(
            char.isprintable() or not (ord(char) < 32 or 127 <= ord(char) < 160) or char == "\t"
            for line in told
            for char in line
        )
    assert clean("\x1b[31mred\x1b[0m \x1b[2Jgone\x07") == "red gone\N{REPLACEMENT CHARACTER}"
    assert Lines().take("Brücke\r\n".encode()) == ["Brücke"]
    assert [len(line) for line in Lines().take(b"x" * (2 * LONGEST + 5))] == [LONGEST, LONGEST]


def test_what_lines_mean():
    assert station_in("LP-0001 starts in 5 s; Ctrl-C stops it.") == "LP-0001"
    assert station_in("it starts in 5 s") == ""
    assert meaning_of("reading 7: 1430 1231 3822", [8, 12, 14]) == [
        "distance 143.0 cm, water_temperature 12.31 °C, battery 3.822 V"
    ]
    assert meaning_of("reading 7: None 1231 3822", [8, 12, 14])[0].startswith("distance -, ")
    assert meaning_of("reading 7: 1430", [8, 12, 14]) == []
    rows = [Row(9 - k, 600 * k, 600 if k else None, [1430 + k, 1231], [0, 0]) for k in range(5)]
    payload, _ = encode_readings([8, 12], rows, 51)
    told = meaning_of(f'AT+MSGHEX="{payload.hex().upper()}"', [])
    assert len(told) == 4
    assert "143" in told[0]
    assert told[-1] == "+ 2"
    for _ in range(500):
        assert isinstance(meaning_of("84" + random.randbytes(40).hex(), []), list)


STATION = """station = "X"
board = "heltec_v3"
health = []
[radio]
driver = "wio_e5"
[[sensors]]
driver = "sht4x"
"""


def test_the_command_names_stations_and_values(town, port, capsys):
    (town.parent / "climate.toml").write_text(STATION)
    board = port("board")

    def speak():
        time.sleep(1)
        board.say(b"LP-0002 starts in 5 s; Ctrl-C stops it.\r\nreading 0: 2150 4800\r\n>>> ")

    thread = threading.Thread(target=speak)
    thread.start()
    words = ["monitor", str(board.link), "--roster", str(town), "--seconds", "8", "--json"]
    assert main(words) == 0
    thread.join()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in told] == ["plugged", "line", "line", "line"]
    assert told[2]["station"] == "LP-0002"
    assert told[2]["meaning"] == ["temperature 21.50 °C, humidity 48.00 %"]
    assert told[3]["text"] == ">>> "


def test_without_a_board(tmp_path, capsys):
    assert main(["monitor", str(tmp_path / "none"), "--seconds", "0.5", "--lang", "de"]) == 3
    assert "LP-665" in capsys.readouterr().err
    assert main(["monitor", "--roster", str(tmp_path / "none.csv")]) == 1


def test_ctrl_c_and_a_closed_pipe_end_it_quietly(port):
    board = port("board")
    order = [sys.executable, "-u", "-m", "luftpegel_tools.cli", "monitor", str(board.link), "--lang", "en"]
    with subprocess.Popen(order, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "plugged in" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, told) == (0, "Ctrl-C ends this.\n")
    with subprocess.Popen(order, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdout.close()
        ends = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < ends:
            board.say(b"line\n")
            time.sleep(0.1)
        assert "Traceback" not in process.stderr.read()
