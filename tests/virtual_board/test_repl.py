"""The prompt, key by key: friendly, raw and raw paste, as MicroPython's own speaks it."""

import os
import random
import signal
import struct

import pytest

from luftpegel_tools.virtual_board.board import PANICS
from luftpegel_tools.virtual_board.errors import BoardError

# Keys that lead into many corners: controls, escapes, brackets, quotes, blocks.
KEYS = b"\x01\x02\x03\x05\x06\x08\t\r\r\r\x0b\x0e\x10\x15\x1b[ABCDHF3~\x7f\"'\\#([{}]):, x=1if\xc0\xff\x00"


@pytest.fixture
def prompt(bench):
    """Type keys at a fresh prompt; gives what the board answers."""
    board = bench.board("")
    bench.run_to_prompt(board)

    def keys(typed: bytes) -> bytes:
        seen = len(bench.log)
        board.type_keys(typed)
        bench.clock.run(lambda: False)
        return "".join(text for _, _, text in bench.log[seen:]).encode("latin-1")

    return keys


def test_an_expression_shows_its_value(prompt):
    assert prompt(b"6*7\r") == b"6*7\r\n42\r\n>>> "


def test_backspace_and_ctrl_c_edit_the_line(prompt):
    assert prompt(b"9\x7f7\r").endswith(b"\r\n7\r\n>>> ")
    assert prompt(b"nonsense\x03") == b"nonsense\r\n>>> "


def test_a_block_ends_with_an_empty_line(prompt):
    assert prompt(b"for i in range(2):\r print(i)\r\r").endswith(
        b"\r\n...      print(i)\r\n...      \r\n0\r\n1\r\n>>> "  # it indents by itself
    )


def test_paste_mode_takes_a_program(prompt):
    assert prompt(b"\x05def f():\r    return 5\rprint(f())\r\x04").endswith(b"\r\n5\r\n>>> ")


def test_an_error_shows_its_traceback_and_the_prompt_goes_on(prompt):
    answer = prompt(b"1/0\r")
    assert b'File "<stdin>", line 1, in <module>\r\nZeroDivisionError: divide by zero\r\n>>> ' in answer
    assert b"vb" not in answer


def test_raw_mode(prompt):
    assert prompt(b"\x01") == b"\r\nraw REPL; CTRL-B to exit\r\n>"
    assert prompt(b"print(1)\nprint(2)\n\x04") == b"OK1\r\n2\r\n\x04\x04>"
    failed = prompt(b"x = 1/0\x04")
    assert failed.startswith(b"OK\x04Traceback")
    assert failed.endswith(b"ZeroDivisionError: divide by zero\r\n\x04>")
    assert prompt(b"\x02").endswith(b">>> ")


def test_soft_reset_in_raw_mode_stays_raw(prompt):
    prompt(b"\x01x = 1\x04")
    assert prompt(b"\x04") == b"OK\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>"
    assert b"NameError" in prompt(b"x\x04")


def test_raw_paste_keeps_its_window(prompt):
    prompt(b"\x01")
    opened = prompt(b"\x05A\x01")
    window = struct.unpack("<H", opened[2:4])[0]
    assert opened == b"R\x01" + struct.pack("<H", window) + b"\x01"
    program = b"print('%s')" % (b"x" * (window - 9))
    assert prompt(program[:window]) == b"\x01"
    answer = prompt(program[window:] + b"\x04")
    assert answer == b"\x04" + b"x" * (window - 9) + b"\r\n\x04\x04>"


def test_raw_paste_can_be_given_up(prompt):
    prompt(b"\x01")
    prompt(b"\x05A\x01")
    assert prompt(b"nothing\x03") == b"\x04\x04\x04>"
    assert prompt(b"print(3)\x04") == b"OK3\r\n\x04\x04>"


def test_ctrl_c_ends_a_sleep(bench):
    board = bench.board("import time; print('asleep'); time.sleep(10_000)")
    bench.run(lambda: "asleep" in bench.text())
    bench.clock.call_later(5_000_000, board.type_keys, b"\x03")
    bench.run(lambda: board.attended)
    assert "KeyboardInterrupt: " in bench.lines()
    assert bench.clock.now_us < 60_000_000


def test_input_reads_the_console_in_virtual_time(bench):
    board = bench.board("import sys; print('name?'); print('hello', sys.stdin.readline().strip())")
    bench.run(lambda: board.attended)
    bench.clock.call_later(1_000_000, board.type_keys, b"town\n>")
    bench.run(lambda: "hello" in bench.text())
    assert bench.lines()[:2] == ["name?", "hello town"]


def test_binary_output_is_not_translated(bench):
    board = bench.board("import sys; sys.stdout.buffer.write(b'a\\nb\\r\\n'); print('c')")
    bench.run_to_prompt(board)
    assert "".join(text for _, _, text in bench.log).startswith("a\nb\r\nc\r\n")


def test_the_cursor_moves_and_what_is_typed_goes_there(prompt):
    assert prompt(b"1+2\x1b[D\x1b[D0\r").endswith(b"\r\n12\r\n>>> ")  # 10+2
    assert prompt(b"\x01") != b""  # Ctrl-A on an empty line is the raw prompt
    prompt(b"\x02")
    assert prompt(b"345\x011\x052\r").endswith(b"\r\n13452\r\n>>> ")  # home, end
    assert prompt(b"345\x02\x02\x0b1\r").endswith(b"\r\n31\r\n>>> ")  # left twice, kill to the end
    assert prompt(b"345\x02\x158\r").endswith(b"\r\n85\r\n>>> ")  # kill to the start
    assert prompt(b"345\x1b[H\x1b[3~\x04\r").endswith(b"\r\n5\r\n>>> ")  # delete, and Ctrl-D in a line


def test_lines_come_back(prompt):
    for line in (b"1\r", b"22\r", b"22\r", b"333\r"):
        prompt(line)
    assert prompt(b"\x1b[A\x1b[A\r").endswith(b"\r\n22\r\n>>> ")  # what was repeated is there once
    assert prompt(b"\x10\x10\x10\r").endswith(b"\r\n22\r\n>>> ")
    assert prompt(b"9\x1b[A\x1b[B\r").endswith(b">>> ")


def test_names_are_completed(prompt):
    prompt(b"import machine\r")
    prompt(b"wind_speed, wind_gust = 7, 9\r")
    assert prompt(b"wind_s\t\r").endswith(b"\r\n7\r\n>>> ")
    assert prompt(b"wi\t") == b"wind_"
    assert prompt(b"\t") == b"\r\nwind_gust       wind_speed      \r\n>>> wind_"
    assert prompt(b"g\t\r").endswith(b"\r\n9\r\n>>> ")
    assert prompt(b"machine.reset_c\t") == b"machine.reset_cause"
    assert prompt(b"\x03") == b"\r\n>>> "


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (b"'\xc3\xa4'\r", b"'\xc3\xa4'"),
        (b"\xc0\r", b"Error"),
        (b"'\xff\xfe'\r", b"\r\n>>> "),
        (b"x = [1,\r2]\rx\r", b"[1, 2]"),
        (b"'''a\rb'''\r", b"'a\\nb'"),
        (b"if 1: print('}')\r\r", b"}"),
        (b"print('(')\r", b"\r\n(\r\n"),
        (b"try:\r1/0\r\x7f\x7fexcept ZeroDivisionError:\rprint('no')\r\r", b"no"),
    ],
)
def test_what_was_typed_is_taken_as_it_is(prompt, typed, shown):
    assert shown in prompt(typed)
    assert prompt(b"6*7\r").endswith(b"\r\n42\r\n>>> ")


def test_any_bytes_at_all(bench):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    board = bench.board("")
    bench.run_to_prompt(board)
    typed = 0
    while typed < 20_000:
        keys = dice.choice((dice.randbytes, lambda n: bytes(dice.choices(KEYS, k=n))))(dice.randrange(200))
        typed += len(keys)
        board.type_keys(keys)
        bench.clock.run_until(bench.clock.now_us + 1_000_000)
    board.type_keys(b"\x03\x03\x02\x03")  # out of whatever it is in
    bench.clock.run_until(bench.clock.now_us + 1_000_000)
    bench.log.clear()
    board.type_keys(b"\x03\x02\r\n6*7\r")
    bench.run(lambda: "42" in bench.text())
    assert board.panics == []


def test_a_heap_that_is_locked_is_a_reset_on_the_same_terminal(bench):
    board = bench.board("")
    bench.run_to_prompt(board)
    port = board.pts
    board.type_keys(b"import micropython\rmicropython.heap_lock()\r1+1\r")
    bench.run(lambda: board.boots == 2 and board.attended)
    assert "Guru Meditation" in bench.text()
    board.type_keys(b"6*7\rimport machine\rmachine.reset_cause()\r")
    bench.clock.run(lambda: False)
    assert "\n42\n" in bench.text()
    assert bench.text().endswith("\n2\n>>> ")  # HARD_RESET
    assert board.pts == port


def test_a_board_that_dies_again_and_again_is_told_to_the_rig(bench):
    board = bench.board("")
    bench.run_to_prompt(board)

    def die():
        boots = board.boots
        os.kill(board.pid, signal.SIGSEGV)
        board.type_keys(b"\r")
        bench.run(lambda: board.boots > boots and board.attended)

    for _ in range(PANICS):
        die()
    with pytest.raises(BoardError, match=r"LP-191.*exit code -11"):
        die()


def test_deep_sleep_is_seen_and_ended(bench):
    board = bench.board(
        "import machine\nif machine.reset_cause() == 1: machine.deepsleep(3_600_000)", power=False
    )
    board.tells_sleep = True
    board.power_on()
    bench.run(lambda: board.asleep)
    assert "(deep sleep for 3600 s; Ctrl-C three times: reset)" in bench.text()
    board.type_keys(b"\r\x03")
    assert board.asleep
    board.type_keys(b"\x03\x03\x03")
    bench.run(lambda: board.boots == 2)
    assert bench.clock.now_us < 60_000_000
