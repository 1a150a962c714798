"""The prompt, key by key: friendly, raw and raw paste, as MicroPython's own speaks it."""

import struct

import pytest


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
    assert prompt(b"for i in range(2):\r print(i)\r\r").endswith(b"... \r\n0\r\n1\r\n>>> ")


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
