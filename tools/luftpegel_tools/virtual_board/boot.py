"""One boot of a board: its MicroPython process from start to reset, served request by request.

`serve()` lets the process run until it waits; then the clock goes on with other events, and one of them (a
deadline, a byte, a pin, a key) lets it run again. What lives only as long as a boot is here: timers,
events, the interrupt key.
"""

import select
import struct
from collections import deque
from collections.abc import Callable

from luftpegel_tools.virtual_board.console import Console
from luftpegel_tools.virtual_board.engine_process import DeviceProcess
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.protocol import (
    OPS,
    STATUS_INTERRUPT,
    Answer,
    DeviceError,
    Request,
    build_reply,
    parse_request,
)
from luftpegel_tools.virtual_board.uart import UARTPort
from luftpegel_tools.virtual_board.waiting import Wait
from luftpegel_tools.virtual_time.clock import Timer, VirtualClock

EVENT_PIN, EVENT_TIMER = 0, 1
MAX_EVENTS = 64  # the queue of the interrupt handlers; further events are lost, as in MicroPython's scheduler
INTERRUPT_ON, INTERRUPT_OFF_BINARY = (
    3,
    -1,
)  # micropython.kbd_intr(); the REPL turns it off with -2, text stays text
KEY_INTERRUPT = 3
STDIN_COUNT, STDIN_PART = 1, 2
END_OF_PART = b"\x01\x02\x03\x04\x05"
LOOK_EVERY_MS = (
    100  # how long text waits for its board's next request, and how often the processor time is read
)
PRINTED_BYTES = 1 << 15  # more text than this is shown at once
ONE_SHOT = 0
EventHandler = Callable[[Request], Answer | Wait | None]


class Boot:
    """The running process. `handlers` come from the board and its peripherals; None as result: this boot
    has ended.

    `limit_s` bounds the processor time between two requests; then `on_stuck()` is asked, and if it does not
    end the boot (watchdog), BoardError LP-190 is raised.
    `on_died(how)` is told that the process ended by itself.
    """

    def __init__(
        self,
        clock: VirtualClock,
        process: DeviceProcess,
        console: Console,
        handlers: dict[int, EventHandler],
        uarts: dict[int, UARTPort],
        *,
        limit_s: float,
        on_stuck: Callable[[], None],
        on_died: Callable[[str], None],
    ):
        self._clock = clock
        self._process = process
        self._console = console
        self._uarts = uarts
        self._limit_s = limit_s
        self._on_stuck = on_stuck
        self._on_died = on_died
        self._started_us = clock.now_us
        self._events: deque[bytes] = deque()
        self._timers: dict[int, Timer] = {}
        self._wait: Wait | None = None
        self._continuation: Timer | None = None
        self._interruptible = False
        self._cooked = True
        self._printed = bytearray()
        self.ended = False
        self.exit_code = 0
        self._cpu_s = 0.0
        self._poll = select.poll()
        for fd in (process.bus.fileno(), process.output):
            self._poll.register(fd, select.POLLIN)
        if console.master >= 0:
            self._poll.register(console.master, select.POLLIN)
        own: dict[str, EventHandler] = {
            "SYNC": lambda _: Answer(),
            "EVENTS": self._take_events,
            "SLEEP": self._sleep,
            "WAIT": self._idle,
            "STDIN": self._stdin,
            "STDOUT": self._stdout,
            "INTERRUPT_CHAR": self._interrupt_char,
            "TIMER": self._set_timer,
        }
        self._handlers = handlers | {OPS[name]: handler for name, handler in own.items()}

    @property
    def attended(self) -> bool:
        """Whether the board waits for a key press."""
        return self._wait is not None and self._wait.attended

    @property
    def computing(self) -> bool:
        """Whether the process runs, waiting for nothing, not even the answer to a request."""
        return not self.ended and self._wait is None and self._continuation is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def end(self) -> None:
        """Kill the process; what it printed is kept."""
        if self.ended:
            return
        self.ended = True
        for timer in (self._continuation, *self._timers.values()):
            if timer is not None:
                timer.cancel()
        self._drop_wait()
        self._drain()
        self._show()
        self.exit_code = self._process.kill()

    def serve(self) -> None:
        """Let the process run until it waits or its boot ends."""
        while not self.ended:
            message = self._next_message()
            if self.ended:
                return
            if not message:
                self._died()
                return
            request = parse_request(message)
            if not self._after(request.spent_us, self._resume, request) or not self._carry_out(request):
                return

    def queue_event(self, kind: int, number: int, value: int) -> None:
        """A pin changed or a timer fired: its handler runs at the board's next chance."""
        if len(self._events) < MAX_EVENTS:
            self._events.append(struct.pack("<BBH", kind, number & 0xFF, value))
        self.look_again()

    def look_again(self) -> None:
        """Something happened that a wait may wait for."""
        wait = self._wait
        if wait is not None and wait.check is None:
            wait.check = self._clock.call_later(0, self._check, wait)

    def on_arrival(self, port: UARTPort) -> None:
        """A byte is on its way to a UART."""
        port.any()  # what has come in is no longer an arrival
        wait, when_us = self._wait, port.next_arrival_us()
        if wait is not None and port in wait.uarts and when_us is not None:
            if wait.arrival is not None:
                wait.arrival.cancel()
            wait.arrival = self._clock.call_at(when_us, self._arrived, wait, port)

    def on_keys(self, keys: bytes) -> None:
        """Keys from the console; Ctrl-C interrupts the program, the rest waits to be read."""
        if self._interruptible and KEY_INTERRUPT in keys:
            keys = keys.replace(bytes((KEY_INTERRUPT,)), b"")
            self._interrupt()
        self._console.keys += keys
        self.look_again()

    # Requests and replies

    def _next_message(self) -> bytes:
        bus = self._process.bus.fileno()
        while True:
            ready = {fd for fd, _ in self._poll.poll(LOOK_EVERY_MS)}
            if self._process.output in ready:
                self._drain()
            if self._console.master in ready:
                self._console.pump()
            if bus in ready:
                self._cpu_s = 0.0
                self._show()
                return self._process.receive()
            if not ready:
                self._show()
                self._console.pump()
                self._look_at_clock()
            if self.ended:
                return b""

    def _look_at_clock(self) -> None:
        now_s = self._process.cpu_seconds()
        self._cpu_s = self._cpu_s or now_s
        if now_s - self._cpu_s < self._limit_s:
            return
        self._on_stuck()
        if not self.ended:
            self.end()
            raise BoardError(
                "LP-190",
                f"the firmware has computed for {self._limit_s:.0f} s without a pause",
                "look for a loop that waits without time.sleep_ms(), or arm machine.WDT",
            )

    def _died(self) -> None:
        said = bytes(self._console.text[-400:]).decode(errors="replace").strip()
        self.end()
        self._on_died(f"exit code {self.exit_code}; its last words: {said!r}")

    def _drain(self) -> None:
        """Take in what the process has printed; it is shown with the next request, so that a run is
        repeatable.
        """
        while data := self._process.read_output():
            self._printed += data
            if len(self._printed) > PRINTED_BYTES:
                self._show()

    def _show(self) -> None:
        if self._printed:
            text = bytes(self._printed)
            self._printed.clear()
            self._console.show(text.replace(b"\n", b"\r\n") if self._cooked else text)

    def _after(self, delay_us: int, then: Callable[..., None], *args: object) -> bool:
        """True when the time has passed at once; otherwise `then(*args)` follows as an event."""
        if delay_us <= 0 or self._clock.try_advance(self._clock.now_us + delay_us):
            return True
        self._continuation = self._clock.call_later(delay_us, then, *args)
        return False

    def _resume(self, request: Request) -> None:
        self._continuation = None
        if self._carry_out(request):
            self.serve()

    def _carry_out(self, request: Request) -> bool:
        """Handle a request; True when the process goes on at once."""
        try:
            result = self._handlers[request.op](request)
        except DeviceError as error:
            result = Answer(error.errno, b"", error.cost_us, error.status)
        if isinstance(result, Wait):
            return self._begin_wait(request, result)
        return result is not None and not self.ended and self._answer(request, result)

    def _answer(self, request: Request, answer: Answer) -> bool:
        if not self._after(answer.cost_us, self._reply_and_serve, request, answer):
            return False
        self._reply(request, answer)
        return True

    def _reply(self, request: Request, answer: Answer) -> None:
        uptime_us = self._clock.now_us - self._started_us
        self._process.send(build_reply(answer, request.sequence, bool(self._events), uptime_us))

    def _reply_and_serve(self, request: Request, answer: Answer) -> None:
        self._continuation = None
        self._reply(request, answer)
        self.serve()

    # Waiting

    def _begin_wait(self, request: Request, wait: Wait) -> bool:
        answer = wait.ready()
        if answer is None and wait.timeout_us == 0:
            answer = wait.expired()
        if answer is not None:
            return self._answer(request, answer)
        wait.request = request
        self._wait = wait
        self._arm(wait)
        for port in wait.uarts:
            self.on_arrival(port)
        return False

    def _arm(self, wait: Wait) -> None:
        if wait.timeout_us is not None:
            wait.deadline = self._clock.call_later(wait.timeout_us, self._expire, wait)

    def _drop_wait(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None

    def _end_wait(self, wait: Wait, answer: Answer) -> None:
        self._drop_wait()
        assert wait.request is not None
        if self._answer(wait.request, answer):
            self.serve()

    def _check(self, wait: Wait) -> None:
        wait.check = None
        answer = wait.ready()
        if answer is not None:
            self._end_wait(wait, answer)

    def _arrived(self, wait: Wait, port: UARTPort) -> None:
        wait.arrival = None
        self._check(wait)
        if self._wait is wait:
            self.on_arrival(port)

    def _expire(self, wait: Wait) -> None:
        answer = wait.expired()
        if answer is None:
            self._arm(wait)
        else:
            self._end_wait(wait, answer)

    def _interrupt(self) -> None:
        wait = self._wait
        if wait is None:
            self._process.interrupt()
        else:
            self._drop_wait()
            assert wait.request is not None
            self._continuation = self._clock.call_later(
                0, self._reply_and_serve, wait.request, Answer(status=STATUS_INTERRUPT)
            )

    # The handlers that belong to a boot

    def _take_events(self, _: Request) -> Answer:
        data = b"".join(self._events)
        self._events.clear()
        return Answer(data=data)

    def _sleep(self, request: Request) -> Wait:
        until_us = self._clock.now_us + struct.unpack("<Q", request.data)[0]

        def left() -> Answer:
            return Answer(data=struct.pack("<Q", max(0, until_us - self._clock.now_us)))

        deaf = bool(request.a)
        return Wait(
            lambda: left() if self._events and not deaf else None, left, until_us - self._clock.now_us
        )

    def _idle(self, request: Request) -> Wait:
        """Until something happens, at most `a` ms (negative: for ever); answers the ms that are left."""
        timeout_us = request.a * 1000 if request.a >= 0 else None
        until_us = self._clock.now_us + (timeout_us or 0)
        looked = False

        def ready() -> Answer | None:
            nonlocal looked
            if not looked and not (request.b and self._console.keys):
                looked = True
                return None
            return Answer(-1 if timeout_us is None else max(0, -(-(until_us - self._clock.now_us) // 1000)))

        return Wait(
            ready, lambda: Answer(0), timeout_us, tuple(self._uarts.values()), attended=bool(request.b)
        )

    def _stdin(self, request: Request) -> Answer | Wait:
        keys = self._console.keys
        if request.b == STDIN_COUNT:
            return Answer(len(keys))

        def ready() -> Answer | None:
            if not keys:
                return None
            count = min(request.a, len(keys))
            if request.b == STDIN_PART:
                count = next((at + 1 for at in range(count) if keys[at] in END_OF_PART), count)
            data = bytes(keys[:count])
            del keys[:count]
            return Answer(data=data)

        return Wait(ready, lambda: None, None, attended=True)

    def _stdout(self, request: Request) -> Answer:
        self._console.show(request.data)
        return Answer()

    def _interrupt_char(self, request: Request) -> Answer:
        self._interruptible = request.a == INTERRUPT_ON
        self._cooked = request.a != INTERRUPT_OFF_BINARY
        return Answer()

    def _set_timer(self, request: Request) -> Answer:
        number, period_us = request.a, struct.unpack("<Q", request.data)[0]
        old = self._timers.pop(number, None)
        if old is not None:
            old.cancel()
        if period_us:
            self._timers[number] = self._clock.call_later(
                period_us, self._timer_fires, number, request.b, period_us
            )
        return Answer()

    def _timer_fires(self, number: int, mode: int, period_us: int) -> None:
        if mode != ONE_SHOT:
            self._timers[number] = self._clock.call_later(
                period_us, self._timer_fires, number, mode, period_us
            )
        self.queue_event(EVENT_TIMER, number, 0)
