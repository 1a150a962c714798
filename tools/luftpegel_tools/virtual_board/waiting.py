"""A board that waits: what it waits for, and until when."""

from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.virtual_board.protocol import Answer, Request
from luftpegel_tools.virtual_board.uart import UARTPort
from luftpegel_tools.virtual_time.clock import Timer, VirtualClock


@dataclass
class Wait:
    """The request is answered when `ready()` yields an answer, or `expired()` does after `timeout_us`.

    `timeout_us` None: for ever. `expired()` may yield None to wait as long again. `uarts`: look again when
    a byte comes in there. `attended`: somebody outside (a key press) is waited for. `answer_us` is the
    deadline once it waits.
    """

    ready: Callable[[], Answer | None]
    expired: Callable[[], Answer | None]
    timeout_us: int | None
    uarts: tuple[UARTPort, ...] = ()
    attended: bool = False
    request: Request | None = None
    deadline: Timer | None = None
    arrival: Timer | None = None
    check: Timer | None = None

    def cancel(self) -> None:
        """Take all timers back."""
        for timer in (self.deadline, self.arrival, self.check):
            if timer is not None:
                timer.cancel()


class Later:
    """One thing that is to happen later; planning another, or `cancel()`, takes it back."""

    def __init__(self, clock: VirtualClock):
        self._clock = clock
        self._timer: Timer | None = None

    def after(self, delay_us: int, do: Callable[..., object], *args: object) -> None:
        """Let `do(*args)` happen in `delay_us`."""
        self.cancel()
        self._timer = self._clock.call_later(delay_us, do, *args)

    def cancel(self) -> None:
        """Let nothing happen."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
