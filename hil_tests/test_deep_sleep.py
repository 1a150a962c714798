"""Deep sleep: the board wakes by its timer, knows it, and its clock has gone on."""

from luftpegel_tools.rig.roles import Rig


def test_the_timer_wakes_it(board: Rig) -> None:
    board.reset.sleep(1500)
    assert board.reset.cause == "DEEPSLEEP_RESET"
    assert board.eval("machine.wake_reason() == machine.TIMER_WAKE") is True


def test_clock_and_rtc_memory_go_on(board: Rig) -> None:
    board.exec("import machine, time; machine.RTC().memory(b'%d' % time.time())")
    board.reset.sleep(2500)
    board.exec("import machine, time")
    asleep_s = board.eval("time.time()") - int(board.eval("machine.RTC().memory()"))
    assert asleep_s >= 2


def test_light_sleep_goes_on_where_it_was(board: Rig) -> None:
    board.exec("import machine, time; t = time.ticks_ms(); machine.lightsleep(300)")
    assert board.eval("time.ticks_diff(time.ticks_ms(), t)") >= 299
