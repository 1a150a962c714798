"""A board boots main.py, knows who it is, and has the heap it was given."""

import pytest

from luftpegel_tools.virtual_board.board import BOOT_US, Board
from luftpegel_tools.virtual_board.errors import BoardError


def test_main_runs_once_power_is_on(bench):
    board = bench.board("print('hello')")
    assert bench.log == []
    assert bench.run_to_prompt(board) == ["hello"]
    assert (board.boots, board.reset_cause) == (1, 1)
    assert bench.log[0][0] == BOOT_US


def test_it_looks_like_an_esp32(bench):
    board = bench.board(
        """
        import sys, os, machine, micropython
        print(sys.platform, os.uname().sysname, len(machine.unique_id()), sys.path)
        print(os.listdir("/"), sys.implementation._machine)
        """,
        unique_id=b"abcdef",
    )
    first, second = bench.run_to_prompt(board)
    assert first == "esp32 esp32 6 ['', '.frozen', '/lib']"
    assert second == "['main.py'] Virtual Heltec WiFi LoRa 32 V3 with ESP32S3"


def test_time_is_whole_seconds_since_2000(bench):
    board = bench.board(
        """
        import time, machine
        print(time.time(), time.gmtime(), time.mktime((2026, 3, 1, 12, 0, 0, 0, 0)))
        machine.RTC().datetime((2026, 11, 22, 6, 8, 20, 26, 0))
        time.sleep(1.5)
        print(time.time(), time.localtime()[:6], machine.RTC().datetime()[:7], time.time_ns() // 10**9)
        """
    )
    first, second = bench.run_to_prompt(board)
    assert first == "0 (2000, 1, 1, 0, 0, 0, 5, 1) 825681600"
    assert second == "848650827 (2026, 11, 22, 8, 20, 27) (2026, 11, 22, 6, 8, 20, 27) 848650827"


def test_ticks_wrap_as_on_the_chip(bench):
    board = bench.board(
        """
        import time
        print(time.ticks_diff(5, (1 << 30) - 5), time.ticks_add((1 << 30) - 1, 3), time.ticks_diff(1, 2))
        t = time.ticks_us(); time.sleep_ms(250); print(time.ticks_diff(time.ticks_us(), t) // 1000)
        time.sleep(1100); print(time.ticks_ms() // 1000, time.ticks_us() < 1 << 30)
        """
    )
    assert bench.run_to_prompt(board) == ["10 2 -1", "250", "1100 True"]


def test_the_heap_is_the_budget(bench):
    board = bench.board(
        """
        import gc
        gc.collect(); print(gc.mem_free()); kept = []
        try:
            while True: kept.append(bytearray(1000))
        except MemoryError: print(len(kept))
        """,
        heap_kib=96,
    )
    free, blocks = (int(line) for line in bench.run_to_prompt(board))
    factor = board.engine.heap_factor
    names = 9_000  # what the names of a firmware take, from the start
    assert (0.88 * 96 * 1024 - names) * factor < free < 96 * 1024 * factor
    assert free // 1200 <= blocks <= free // 1000


def test_the_shims_are_measured_apart(bench):
    board = bench.board("pass")
    bench.run_to_prompt(board)
    assert 8_000 < board.overhead_bytes < 48_000 * board.engine.heap_factor


def test_an_error_in_main_ends_at_the_prompt_with_the_firmwares_frames_only(bench):
    board = bench.board("def f(): import nothere\nf()")
    assert bench.run_to_prompt(board) == [
        "Traceback (most recent call last):",
        '  File "main.py", line 2, in <module>',
        '  File "main.py", line 1, in f',
        "ImportError: no module named 'nothere'",
    ]


def test_an_uncaught_bus_error_hides_the_shims(bench):
    board = bench.board("import machine\nmachine.I2C(0).readfrom(0x10, 1)")
    assert bench.run_to_prompt(board)[1:] == [
        '  File "main.py", line 2, in <module>',
        "OSError: [Errno 19] ENODEV",
    ]


def test_one_state_folder_serves_one_board(pip_bench, tmp_path):
    pip_bench.board("pass", power=False)
    with pytest.raises(BoardError, match="LP-394"):
        Board(pip_bench.clock, name="second", state_dir=tmp_path / "board")


def test_an_unknown_engine_is_refused(pip_bench, tmp_path):
    with pytest.raises(BoardError, match=r"LP-391.*choose one of pip, mpy32"):
        Board(pip_bench.clock, name="second", state_dir=tmp_path / "x", engine="qemu")


def test_install_needs_the_power_off(pip_bench, tmp_path):
    board = pip_bench.board("pass")
    with pytest.raises(BoardError, match="LP-393"):
        board.install(tmp_path)


def test_install_keeps_what_is_there_besides(bench, tmp_path):
    board = bench.board("with open('/data.txt', 'w') as f: f.write('kept')")
    bench.run_to_prompt(board)
    board.power_off()
    image = tmp_path / "second"
    (image / "lib").mkdir(parents=True)
    (image / "main.py").write_text("import part; print(open('/data.txt').read(), part.X)")
    (image / "lib" / "part.py").write_text("X = 7")
    (image / ".hidden").write_text("not for the board")
    board.install(image)
    board.power_on()
    assert bench.run_to_prompt(board) == ["kept 7"]
