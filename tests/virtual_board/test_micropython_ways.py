"""MicroPython's ways where a board that is played could differ: each case is what an ESP32 answers.

A case is statements that put their answer into `r`. What raises answers with its traceback's last line.
"""

# ruff: noqa: E501 - a case stays on its line

import json

import pytest

from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock

CASES = {
    # sys and micropython are modules, and the board's own
    "sys is a module": ("import sys; r = str(type(sys)), str(sys)", ("<class 'module'>", "<module 'sys'>")),
    "micropython is a module": (
        "import micropython as m; r = str(type(m)), m.__name__, m.const(3)", ("<class 'module'>", "micropython", 3),
    ),
    "machine, time and os are modules": (
        "import machine, time, os; r = [m.__name__ for m in (machine, time, os)]", ["machine", "time", "os"],
    ),
    "sys in sys.modules": ("import sys; r = sys.modules['sys'] is sys", True),
    "platform": ("import sys; r = sys.platform, sys.byteorder, sys.implementation.name", ("esp32", "little", "micropython")),
    "sys.path": ("import sys; r = sys.path", ["", ".frozen", "/lib"]),
    "sys names no host": ("import sys; r = 'linux' in repr(sys.implementation)", False),
    "sys.exit": ("import sys\ntry: sys.exit(3)\nexcept SystemExit as e: r = e.args", (3,)),
    "help of a module": ("import micropython; help(micropython); r = 1", 1),
    # streams
    "stdin has no descriptor": ("import sys; r = hasattr(sys.stdin, 'fileno'), hasattr(sys.stdout, 'fileno')", (False, False)),
    "print to a stream": ("import sys; print('to stdout', file=sys.stdout); r = 1", 1),
    "print to stderr": ("import sys; print('to stderr', file=sys.stderr); r = 1", 1),
    "print to bytes": ("import sys; print('as bytes', file=sys.stdout.buffer); r = 1", 1),
    "print to a stream of one's own": (
        ("import io\nclass S(io.IOBase):\n def __init__(self): self.data = b''\n"
        " def write(self, data): self.data += bytes(data); return len(data)\n"
        "s = S(); print('a', 1, file=s); r = s.data.decode()"), "a 1\n",
    ),
    "print to no stream": ("print('x', file=5)", "OSError: stream operation not supported"),
    "write tells its length": ("import sys; r = sys.stdout.write('ab\\n'), sys.stdout.buffer.write(b'ab\\n')", (3, 3)),
    # tracebacks
    "a traceback shows the firmware": (
        ("import io, sys, machine\ntry: machine.I2C(0).readfrom(16, 1)\nexcept OSError as e:\n"
        " s = io.StringIO(); sys.print_exception(e, s); r = [line for line in s.getvalue().split('\\n') if 'vb' in line]"), [],
    ),
    "a traceback's last line": (
        "import io, sys\ns = io.StringIO(); sys.print_exception(ValueError('x'), s); r = s.getvalue()", "ValueError: x\n",
    ),
    # ticks
    "ticks wrap": ("import time; r = time.ticks_add(0, -1), time.ticks_add((1 << 30) - 1, 1)", ((1 << 30) - 1, 0)),
    "ticks differ": ("import time; r = time.ticks_diff(0, 1 << 29), time.ticks_diff(5, (1 << 30) - 5)", (-(1 << 29), 10)),
    "the largest interval": ("import time; r = time.ticks_add(0, (1 << 29) - 1)", (1 << 29) - 1),
    "one too large": ("import time; time.ticks_add(0, 1 << 29)", "OverflowError: ticks interval overflow"),
    "one too small": ("import time; time.ticks_add(0, -(1 << 29))", "OverflowError: ticks interval overflow"),
    # poll
    "a poll is a poll": ("import select; r = str(type(select.poll()))", "<class 'poll'>"),
    "poll finds what is ready": (
        ("import select, sys; p = select.poll(); p.register(sys.stdout, select.POLLOUT); p.register(sys.stdin, 1)\n"
        "r = [(stream is sys.stdout, events) for stream, events in p.poll(0)]"), [(True, 4)],
    ),
    "poll waits its time": (
        ("import select, sys, time; p = select.poll(); p.register(sys.stdin, 1); t = time.ticks_ms()\n"
        "found = p.poll(250); r = found, 245 < time.ticks_diff(time.ticks_ms(), t) < 260"), ([], True),
    ),
    "poll takes no descriptor": ("import select; select.poll().register(0)", "OSError: stream operation not supported"),
    "poll takes no object": ("import select; select.poll().register(object())", "OSError: stream operation not supported"),
    "modify what is not there": ("import select, sys; select.poll().modify(sys.stdin, 1)", "OSError: [Errno 2] ENOENT"),
    "unregister twice": ("import select, sys; p = select.poll(); p.unregister(sys.stdin); r = p.poll(0)", []),
    "ipoll once": (
        ("import select, sys; p = select.poll(); p.register(sys.stdout, 4)\n"
        "r = [e for _, e in p.ipoll(0, 1)], [e for _, e in p.ipoll(0)]"), ([4], []),
    ),
    # files and time
    "a file's time is the board's": (
        ("import machine, os, time; machine.RTC().datetime((2026, 3, 1, 6, 12, 0, 0, 0)); time.sleep(100)\n"
        "with open('/t', 'w') as f: f.write('x')\n"
        "now = time.time(); r = [0 <= now - at <= 2 for at in os.stat('/t')[7:]]"), [True, True, True],
    ),
    "a folder has none": ("import os; os.mkdir('/d'); r = os.stat('/d')[0] & 0x4000, os.stat('/d')[8] >= 0", (0x4000, True)),
    "no such file": ("import os; os.stat('/none')", "OSError: [Errno 2] ENOENT"),
    # the heap's lock
    "a locked heap gives nothing": (
        ("import micropython as m\nm.heap_lock()\ntry:\n try: bytearray(100); r = 'given'\n"
        " except MemoryError: r = 'locked'\nfinally: m.heap_unlock()"), "locked",
    ),
    "locks count": ("import micropython as m; m.heap_lock(); m.heap_lock(); r = m.heap_unlock(), m.heap_unlock()", (1, 0)),
    "pins and clocks take no heap": (
        ("import machine, micropython as m, time\np = machine.Pin(5, machine.Pin.OUT)\nm.heap_lock()\n"
        "try: p.value(1); r = p.value() + (time.ticks_ms() >= 0)\nfinally: m.heap_unlock()"), 2,
    ),
    "scheduled": ("import micropython as m, time; r = []; m.schedule(r.append, 3); time.sleep_ms(5)", [3]),
}  # fmt: skip

PROGRAM = """
import io, json, sys
def case(code):
    space = {"r": None}
    try:
        exec(code, space)
        return space["r"]
    except Exception as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue().strip().split("\\n")[-1]
for name in sorted(CASES):
    print("case", json.dumps([name, case(CASES[name])]))
print("all cases")
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each engine answers to all cases, in one boot."""
    found = {}

    def ask(engine):
        if engine not in found:
            folder = tmp_path_factory.mktemp(engine)
            codes = {name: code for name, (code, _) in CASES.items()}
            (folder / "main.py").write_text(f"CASES = {codes!r}\n{PROGRAM}")
            clock = VirtualClock()
            with Board(clock, name="ways", engine=engine, state_dir=folder / "state") as board:
                board.install(folder)
                board.power_on()
                assert clock.run(lambda: b"all cases\r\n" in board.console.text)
                lines = bytes(board.console.text).decode().splitlines()
            found[engine] = dict(json.loads(line[5:]) for line in lines if line.startswith("case "))
        return found[engine]

    return ask


@pytest.mark.parametrize("name", CASES)
def test_it_answers_as_an_esp32_does(answers, engine, name):
    assert answers(engine)[name] == json.loads(json.dumps(CASES[name][1]))
