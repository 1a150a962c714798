"""Timers, pin interrupts and asyncio: everything that happens while a program waits."""

from luftpegel_tools.virtual_board.chips.base import UARTDevice


class Talker(UARTDevice):
    """Says a line every 300 ms."""

    def power(self, on):
        super().power(on)
        if on:
            self.clock.call_later(300_000, self.speak)

    def receive(self, data):
        pass

    def speak(self):
        if self.powered:
            self.send(b"tick\n")
            self.clock.call_later(300_000, self.speak)


def test_timers_fire_while_the_program_sleeps(bench):
    board = bench.board(
        """
        import machine, time
        start, seen = time.ticks_ms(), []
        def note(timer): seen.append(time.ticks_diff(time.ticks_ms(), start) // 10)
        machine.Timer(0).init(period=100, callback=note)
        machine.Timer(1, mode=machine.Timer.ONE_SHOT, period=250, callback=lambda t: seen.append("once"))
        time.sleep_ms(455); machine.Timer(0).deinit(); time.sleep_ms(500)
        print(seen, time.ticks_diff(time.ticks_ms(), start))
        """
    )
    assert bench.run_to_prompt(board) == ["[10, 20, 'once', 30, 40] 955"]


def test_a_timer_interrupts_a_polling_loop(bench):
    board = bench.board(
        """
        import machine, time
        flag = []
        machine.Timer(0, mode=machine.Timer.ONE_SHOT, period=50, callback=lambda t: flag.append(1))
        start = time.ticks_ms()
        while not flag: time.ticks_ms()
        print(time.ticks_diff(time.ticks_ms(), start) in range(50, 53))
        """
    )
    assert bench.run_to_prompt(board) == ["True"]


def test_an_error_in_a_handler_is_told_and_the_program_goes_on(bench):
    board = bench.board(
        """
        import machine, time
        def broken(timer): 1 / 0
        machine.Timer(0, mode=machine.Timer.ONE_SHOT, period=50, callback=broken)
        time.sleep(1); print("alive")
        """
    )
    lines = bench.run_to_prompt(board)
    assert lines[0] == "Uncaught exception in interrupt handler"
    assert lines[-2:] == ["ZeroDivisionError: divide by zero", "alive"]


def test_pin_edges_reach_their_handler(bench):
    board = bench.board(
        """
        import machine, time
        pin, seen = machine.Pin(7, machine.Pin.IN, machine.Pin.PULL_UP), []
        print(pin.value())
        pin.irq(lambda p: seen.append(p.value()), trigger=machine.Pin.IRQ_FALLING)
        time.sleep(1); state = machine.disable_irq(); time.sleep(1); print(seen)
        machine.enable_irq(state); print(seen); pin.irq(None); time.sleep(1); print(seen)
        """
    )
    for when_ms, level in ((500, 0), (600, 1), (1500, 0), (1600, 1), (2500, 0)):
        bench.clock.call_at(250_000 + when_ms * 1000, board.set_pin, 7, level)
    assert bench.run_to_prompt(board) == ["1", "[0]", "[0, 1]", "[0, 1]"]


def test_asyncio_runs_in_virtual_time(bench):
    board = bench.board(
        """
        import asyncio, time
        async def worker(name, ms):
            for _ in range(2):
                await asyncio.sleep_ms(ms)
                print(name, time.ticks_ms() // 10 * 10)
        async def main():
            await asyncio.gather(worker("a", 10_000), worker("b", 15_000))
            try: await asyncio.wait_for_ms(worker("late", 1000_000), 500)
            except asyncio.TimeoutError: print("timeout", time.ticks_ms() // 10 * 10)
        asyncio.run(main())
        """
    )
    assert bench.run_to_prompt(board) == ["a 10000", "b 15000", "a 20000", "b 30000", "timeout 30500"]


def test_asyncio_reads_a_uart(bench):
    board = bench.board(
        """
        import asyncio, machine
        async def main():
            reader = asyncio.StreamReader(machine.UART(1, 9600))
            for _ in range(3): print(await reader.readline())
        asyncio.run(main())
        """,
        wiring=lambda board: board.attach_uart(1, Talker()),
    )
    assert bench.run_to_prompt(board) == ["b'tick\\n'"] * 3
    assert bench.clock.now_us < 2_000_000


def test_an_interrupt_wakes_asyncio(bench):
    board = bench.board(
        """
        import asyncio, machine, time
        flag = asyncio.ThreadSafeFlag()
        machine.Pin(7, machine.Pin.IN).irq(lambda pin: flag.set(), machine.Pin.IRQ_RISING)
        async def main():
            await flag.wait()
            print(time.ticks_ms())
        asyncio.run(main())
        """
    )
    bench.clock.call_at(250_000 + 777_000, board.set_pin, 7, 1)
    assert bench.run_to_prompt(board) == ["777"]


def test_select_waits_for_its_timeout(bench):
    board = bench.board(
        """
        import machine, select, time
        poller, uart = select.poll(), machine.UART(1, 9600)
        poller.register(uart, select.POLLIN)
        start = time.ticks_ms(); print(poller.poll(20), time.ticks_diff(time.ticks_ms(), start))
        print(poller.poll(10_000)[0] == (uart, select.POLLIN), select.select([uart], [], [], 0)[0] == [uart])
        poller.unregister(uart); start = time.ticks_ms(); poller.poll(50)
        print(time.ticks_diff(time.ticks_ms(), start) in (50, 51))
        """,
        wiring=lambda board: board.attach_uart(1, Talker()),
    )
    assert bench.run_to_prompt(board) == ["[] 20", "True True", "True"]
