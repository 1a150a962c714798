"""What systemd (Type=notify) is told: started, reloading, stopping, alive. Without one, nothing happens.

The protocol is one datagram of `NAME=value` lines to the socket that $NOTIFY_SOCKET names (sd_notify(3)); the
packages that send it are unmaintained, hence these few lines. Telling must never hurt the gateway: the socket
does not block, and what cannot be sent is left out: systemd restarts a service that stays silent.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

TIMES_IN_A_PERIOD = 3  # two signs of life may be lost or late


class ServiceManager:
    """The process manager that started us, or nobody."""

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        """`address`: a path, or @name for an abstract one. `watchdog_s`: 0, nobody waits for a sign."""
        self._address = address
        self.watchdog_s = watchdog_s if address else 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ServiceManager":
        """The one of this process. Values that nobody can use count as none."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            address = ""
        digits = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        usec = int(digits) if ours and digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
        return cls(address, usec / 1_000_000)

    def ready(self, status: str) -> None:
        """All parts run. The status is what `systemctl status` shows."""
        self._tell("READY=1", f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """The files are read anew; `ready` follows."""
        usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={usec}")

    def stopping(self) -> None:
        """We end because we were asked to, or because a part has failed."""
        self._tell("STOPPING=1")

    async def stay_alive(self, works: Callable[[], Awaitable[object]]) -> None:
        """For ever: a sign of life after each answer of `works`, which goes through what must not hang.

        This runs on the event loop, so a loop that hangs tells nothing either. What `works` raises counts as
        an answer: a journal that refuses is not one that hangs, and a restart would mend nothing.
        """
        if not self.watchdog_s:
            await asyncio.Event().wait()
        while True:
            with contextlib.suppress(Exception):
                await works()
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / TIMES_IN_A_PERIOD)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(lines).encode(), name)


def _line(text: str) -> str:
    """A text that cannot pass for another line."""
    return " ".join(text.split())
