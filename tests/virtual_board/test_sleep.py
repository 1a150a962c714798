"""Deep and light sleep end at the exact virtual microsecond, by timer or by pin."""


def test_deep_sleep_wakes_at_the_exact_time(bench):
    board = bench.board("import machine; print(machine.wake_reason()); machine.deepsleep(600_000)")
    slept, woke = [], []
    board.on_boot = lambda _: woke.append(bench.clock.now_us)
    for _ in range(4):
        bench.run(lambda: board.asleep)
        slept.append(bench.clock.now_us)
        bench.run(lambda: not board.asleep)
    assert [end - start for start, end in zip(slept, woke, strict=True)] == [600_000_000] * 4
    assert bench.lines()[:2] == ["0", "4"]


def test_deep_sleep_without_time_lasts(bench):
    board = bench.board("import machine; machine.deepsleep()")
    assert bench.clock.run(lambda: board.boots > 1) is False
    assert board.asleep


def test_a_pin_wakes_from_deep_sleep(bench):
    board = bench.board(
        """
        import machine, esp32
        print(machine.reset_cause(), machine.wake_reason())
        esp32.wake_on_ext0(machine.Pin(7, machine.Pin.IN), esp32.WAKEUP_ANY_HIGH)
        if machine.reset_cause() == 1: machine.deepsleep(3600_000)
        """
    )
    bench.run(lambda: board.asleep)
    bench.clock.call_at(90_000_000, board.set_pin, 7, 1)
    bench.run(lambda: board.attended)
    assert bench.lines() == ["1 0", "4 2"]
    assert bench.clock.now_us < 91_000_000


def test_light_sleep_goes_on_where_it_was(bench):
    board = bench.board(
        """
        import machine, esp32, time
        t = time.ticks_ms(); machine.lightsleep(5000)
        print(time.ticks_diff(time.ticks_ms(), t), machine.wake_reason())
        esp32.wake_on_ext0(machine.Pin(7, machine.Pin.IN), esp32.WAKEUP_ALL_LOW)
        machine.lightsleep(); print(machine.wake_reason())
        """,
        power=False,
    )
    board.set_pin(7, 1)
    board.power_on()
    bench.clock.call_at(60_000_000, board.set_pin, 7, 0)
    assert bench.run_to_prompt(board) == ["5000 4", "2"]
    assert board.boots == 1


def test_pins_float_in_deep_sleep_unless_held(bench):
    board = bench.board(
        """
        import machine
        machine.Pin(5, machine.Pin.OUT, value=1, hold=True)
        machine.Pin(6, machine.Pin.OUT, value=1)
        machine.deepsleep(1000)
        """
    )
    bench.run(lambda: board.asleep)
    assert (board.pins[5].level, board.pins[6].level) == (1, 0)
