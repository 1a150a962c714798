"""A serial port: opened alone, read with patience, and what keeps it from us told by one cause each.

pyserial is loaded when a port is opened: a gateway without one does not need it.
"""

import contextlib
import errno
import importlib
import os
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.installed import missing
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown

PART = "usb"  # of pyproject.toml: what reads serial ports
NOT_THERE, NOT_ALLOWED, BUSY, NO_RECEIVER = "LP-521", "LP-522", "LP-523", "LP-524"
PATIENCE_S = 0.2  # for one read
LARGEST_READ = 4096
_CAUSES = {
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EBUSY: BUSY,
    errno.EAGAIN: BUSY,  # the lock of another program
    errno.ENOTTY: NO_RECEIVER,
    errno.EINVAL: NO_RECEIVER,
    errno.EISDIR: NO_RECEIVER,
}


def library() -> Any:
    """pyserial. Raises CannotStart LP-399, LP-540 where it is not installed."""
    try:
        return importlib.import_module("serial")
    except ImportError as error:
        raise CannotStart(*missing(PART)) from error


class Port:
    """One port while it is open. Its methods raise OtherEndDown; one thread at a time reads and writes."""

    def __init__(self, path: Path, baud: int) -> None:
        """Open it for us alone. Both control lines stay as the system sets them, asserted: one of them alone
        resets an ESP32, and a board with USB of its own takes a cleared DTR for "nobody listens"."""
        self._path = path
        self._port = library().Serial()
        self._port.port, self._port.baudrate = str(path), baud
        self._port.timeout, self._port.write_timeout = PATIENCE_S, 5
        self._port.exclusive = True
        try:
            self._port.open()
        except (OSError, ValueError) as error:
            raise self._down(error) from error
        except Exception as error:  # termios has an error of its own, which is no OSError
            raise OtherEndDown(NO_RECEIVER, f"{path}: {_words(error)}") from error

    def read(self) -> bytes:
        """What has come, at once; b"" after a moment in which nothing did."""
        try:
            waiting = self._port.in_waiting
            found: bytes = self._port.read(min(max(1, waiting), LARGEST_READ))
        except Exception as error:
            raise OtherEndDown(NOT_THERE, f"{self._path}: {_words(error)}") from error
        return found

    def write(self, data: bytes) -> None:
        """Write all of it; a receiver that does not read is as good as none."""
        try:
            self._port.write(data)
        except Exception as error:
            code = NO_RECEIVER if type(error).__name__ == "SerialTimeoutException" else NOT_THERE
            raise OtherEndDown(code, f"{self._path}: {_words(error)}") from error

    def close(self) -> None:
        """Close it; one that was unplugged is closed, too."""
        with contextlib.suppress(Exception):
            self._port.close()

    def _down(self, error: Exception) -> OtherEndDown:
        """Why it does not open. pyserial may hide the system's number in the error before its own."""
        number = getattr(error, "errno", None)
        before = getattr(error.__context__, "args", ())
        if number is None and before and isinstance(before[0], int):
            number = before[0]
        code = _CAUSES.get(number or 0, NOT_THERE)
        reason = os.strerror(number) if number else _words(error)
        return OtherEndDown(code, f"{self._path}: {reason}")


def _words(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
