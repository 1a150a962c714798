"""A board that waits: what it waits for, and until when."""

from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.virtual_board.protocol import Answer, Request
from luftpegel_tools.virtual_board.uart import UARTPort
from luftpegel_tools.virtual_time.clock import Timer


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
