"""Several boards on one clock: they take turns, nobody stalls another, and a run is the same each time."""

from luftpegel_tools.virtual_board.board import Board

STATION = """
import machine, random, time
rtc = machine.RTC()
count = int(rtc.memory() or b"0")
rtc.memory(b"%d" % (count + 1))
uid = machine.unique_id()[-1]
machine.Timer(0).init(period=7, callback=lambda t: None)
time.sleep_ms(20 + 3 * uid)
for i in range(3): print("wake", count, i, time.time(), time.ticks_us())
with open("/log", "a") as log: log.write("x")
machine.deepsleep(600_000 + 1000 * uid)
"""


def day(make_bench, name: str) -> list[tuple[int, str, str]]:
    """The log of three stations' morning."""
    bench = make_bench(name)
    for uid in (1, 2, 3):
        bench.board(STATION, name=f"LP-{uid}", unique_id=bytes((0, 0, 0, 0, 0, uid)))
    bench.clock.run_until(3 * 3600 * 1_000_000)
    return bench.log


def test_a_day_is_the_same_twice(make_bench):
    first, second = day(make_bench, "first"), day(make_bench, "second")
    assert len(first) > 3 * 15
    assert first == second


def test_a_board_at_its_prompt_does_not_stall_the_others(bench):
    stuck = bench.board("print('at the prompt')", name="stuck")
    other = bench.board("import machine; machine.deepsleep(60_000)", name="other")
    bench.clock.run_until(3600 * 1_000_000)
    assert stuck.attended
    assert other.boots == 60


def test_two_boards_never_compute_at_once(bench):
    boards = [
        bench.board("import time\nfor i in range(50): time.sleep_ms(1); print(i)", name=f"b{i}")
        for i in range(3)
    ]
    seen = []
    for board in boards:
        board.console.on_text = lambda _: seen.append(sum(other.computing for other in boards))
    bench.run(lambda: all(board.attended for board in boards))
    assert set(seen) == {1}


def test_closing_one_board_leaves_the_others(bench):
    first = bench.board("import time\nwhile True: time.sleep(1)", name="first")
    second = bench.board("import time\nwhile True: time.sleep(1); print('on')", name="second")
    bench.clock.run_until(3_500_000)
    first.close()
    bench.clock.run_until(6_500_000)
    assert bench.lines("second") == ["on"] * 6
    assert isinstance(second, Board)
