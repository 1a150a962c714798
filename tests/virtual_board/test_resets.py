"""Resets: causes, and what each of them leaves alone: RTC memory, NVS, clock, flash."""

import pytest

REPORT = """
import machine, time, esp32
rtc = machine.RTC()
nvs = esp32.NVS("test")
try: stored = nvs.get_i32("n")
except OSError as error: stored = error.args[1]
print(machine.reset_cause(), rtc.memory(), stored, time.time())
boots = int(rtc.memory() or b"0") + 1
rtc.memory(b"%d" % boots)
"""


def test_causes_and_rtc_memory(bench):
    board = bench.board(
        REPORT
        + """
if boots == 1: machine.reset()
if boots == 2: machine.deepsleep(5000)
if boots == 3:
    machine.WDT(timeout=2000)
    time.sleep(60)
if boots == 4: machine.soft_reset()
"""
    )
    bench.run(lambda: board.boots == 5 and board.attended)
    causes = [line.split()[:2] for line in bench.lines() if line[0].isdigit()]
    assert causes == [["1", "b''"], ["2", "b'1'"], ["4", "b'2'"], ["3", "b'3'"], ["5", "b'4'"]]


@pytest.mark.parametrize("way", ["press_reset", "power_cut"])
def test_reset_button_and_power_cut_clear_the_rtc(bench, way):
    board = bench.board(REPORT + "time.sleep(100)")
    bench.clock.run_until(50_000_000)
    if way == "press_reset":
        board.press_reset()
    else:
        board.power_off()
        bench.clock.run_until(60_000_000)
        board.power_on()
    bench.run_to_prompt(board)
    assert bench.lines()[-1].startswith("1 b'' ")
    assert bench.lines()[-1].endswith(" 0")


def test_nvs_survives_when_committed_only(bench):
    board = bench.board(
        REPORT
        + """
if stored == "ESP_ERR_NVS_NOT_FOUND":
    nvs.set_i32("n", -5); nvs.set_blob("b", b"1234"); nvs.commit()
    nvs.set_i32("n", 99)
    print(nvs.get_i32("n"))
    machine.reset()
buffer = bytearray(4)
print(nvs.get_blob("b", buffer), bytes(buffer))
try: nvs.get_blob("b", bytearray(3))
except OSError as error: print(error.args[1])
nvs.set_i32("lost", 1)
while True: time.sleep(10)
"""
    )
    bench.clock.run_until(30_000_000)
    assert [line.split()[2] for line in bench.lines() if line.startswith(("1 b", "2 b"))] == [
        "ESP_ERR_NVS_NOT_FOUND",
        "-5",
    ]
    assert "4 b'1234'" in bench.lines()
    assert bench.lines()[-1] == "ESP_ERR_NVS_INVALID_LENGTH"
    board.power_off()
    assert board.nvs.i32("test", "n") == -5
    assert board.nvs.blob("test", "b") == b"1234"
    with pytest.raises(KeyError):
        board.nvs.i32("test", "lost")


def test_nvs_can_be_provisioned_from_outside(bench):
    board = bench.board(
        """
        import esp32
        nvs, key = esp32.NVS("keys"), bytearray(16)
        print(nvs.get_blob("app_key", key), bytes(key), nvs.get_i32("count"))
        nvs.erase_key("count")
        try: nvs.get_i32("count")
        except OSError as error: print(error.args)
        """,
        power=False,
    )
    board.nvs.provision("keys", app_key=bytes(16), count=3)
    board.power_on()
    expected = f"16 {bytes(16)} 3"
    assert bench.run_to_prompt(board) == [expected, "(-4354, 'ESP_ERR_NVS_NOT_FOUND')"]


def test_a_reset_runs_no_handlers_of_the_firmware(bench):
    board = bench.board(
        """
        import machine
        if machine.reset_cause() == 1:
            try: machine.reset()
            finally: print("must not run")
        """
    )
    bench.run(lambda: board.boots == 2 and board.attended)
    assert bench.lines() == []


def test_the_clock_goes_on_through_sleep_and_reset(bench):
    board = bench.board(
        """
        import machine, time
        if machine.reset_cause() == 1:
            machine.RTC().datetime((2026, 1, 1, 0, 0, 0, 0, 0))
            machine.deepsleep(3600_000)
        if machine.reset_cause() == 4: machine.reset()
        print(time.gmtime()[:5])
        """
    )
    bench.run(lambda: board.boots == 3 and board.attended)
    assert bench.lines() == ["(2026, 1, 1, 1, 0)"]
