"""A board on a rig, in the role that hardware tests need: on a serial port, or virtual.

Everything goes through mpremote's library, so a test runs on any port that pyserial can open.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]
from serial import SerialException  # type: ignore[import-untyped]

from luftpegel_tools.image import firmware_image

READ_TIMEOUT_S = 1.0  # a shorter one breaks the handshake of a paste on a loaded machine
PROMPT_TIMEOUT_S = 1.5
START_TIMEOUT_S = 20.0


class RigBoard:
    """A board on `port`. Nothing but `put` and `remove` changes its files."""

    def __init__(self, port: str, wait_s: int = 5):
        self.port = port
        self._transport = SerialTransport(port, wait=wait_s, timeout=READ_TIMEOUT_S)

    def close(self) -> None:
        """Let go of the port."""
        self._transport.close()

    def exec(self, code: str) -> str:
        """Run statements; returns what they printed. TransportExecError carries the board's traceback."""
        return self._text(self._transport.exec(code))

    def eval(self, expression: str) -> Any:
        """The value of an expression, for values whose repr is a Python literal."""
        return self._transport.eval(expression)

    def put(self, path: str, data: bytes) -> None:
        """Write a file."""
        self._transport.fs_writefile(path, data)

    def get(self, path: str) -> bytes:
        """Read a file."""
        return bytes(self._transport.fs_readfile(path))

    def remove(self, path: str) -> None:
        """Remove a file; OSError when it is not there."""
        self._transport.fs_rmfile(path)

    def soft_reset(self, timeout_s: float = 10) -> None:
        """Begin anew with an empty heap; main.py does not run."""
        self._transport.enter_raw_repl(soft_reset=True, timeout_overall=timeout_s)

    def hard_reset(self) -> None:
        """machine.reset(), and take hold of the board again."""
        self._leave_for_good("machine.reset()")
        self.attach()

    def deep_sleep(self, ms: int) -> None:
        """Sleep deeply for `ms`, and take hold of the board again when it has woken."""
        self._leave_for_good(f"machine.deepsleep({ms})")
        self.attach(ms / 1000 + START_TIMEOUT_S)

    def leave(self, code: str) -> None:
        """Start statements that do not come back (a reset, a sleep, a program to watch)."""
        self._transport.exec_raw_no_follow(code)
        self._transport.in_raw_repl = False

    def _leave_for_good(self, last_words: str) -> None:
        """Start what ends in a reset, safe from the Ctrl-C that `attach` will send."""
        self.leave(f"import machine, micropython\nmicropython.kbd_intr(-1)\nprint('leaving')\n{last_words}")
        self.wait_for("leaving")

    def attach(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Interrupt what runs and go to the raw prompt, without a reset; the board may still be starting."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=PROMPT_TIMEOUT_S)
                return
            except TransportError:
                if time.monotonic() > deadline:
                    raise

    def wait_for(self, text: str, timeout_s: float = 10.0) -> str:
        """Console text up to and including `text`; TimeoutError when it does not come."""
        heard = self._transport.read_until(1, text.encode(), timeout=timeout_s, timeout_overall=timeout_s)
        if not heard.endswith(text.encode()):
            raise TimeoutError(f"{text!r} did not come within {timeout_s} s; heard {heard!r}")
        return self._text(heard)

    @property
    def reset_cause(self) -> str:
        """The name of the latest reset in `machine`, such as "DEEPSLEEP_RESET"."""
        self.exec("import machine")
        names = "PWRON_RESET", "HARD_RESET", "WDT_RESET", "DEEPSLEEP_RESET", "SOFT_RESET"
        causes = {self.eval(f"machine.{name}"): name for name in names}
        return causes[self.eval("machine.reset_cause()")]

    @staticmethod
    def _text(data: bytes) -> str:
        return data.decode(errors="replace").replace("\r\n", "\n")


@contextmanager
def virtual_board(engine: str) -> Iterator[str]:
    """Run `luftpegel board` for as long as the context lasts; yields its port.

    The firmware's modules are on it, but nothing that starts by itself: the tests are the program.
    """
    command = [sys.executable, "-m", "luftpegel_tools.cli", "board", "--json", "--engine", engine]
    with ExitStack() as stack:
        image = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luftpegel-hil-"))) / "image"
        firmware_image.build(image)
        for name in firmware_image.PLAIN:
            (image / name).unlink()
        command += ["--install", str(image)]
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line.startswith("{"):
                raise RuntimeError(f"the virtual board did not start: {line.strip() or 'it said nothing'}")
            yield json.loads(line)["port"]
        finally:
            process.terminate()


@contextmanager
def rig_board(port: str) -> Iterator[RigBoard]:
    """A board on a port that pyserial can open (/dev/ttyUSB0, socket://host:port, rfc2217://host:port)."""
    try:
        board = RigBoard(port)
    except (TransportError, SerialException) as error:
        raise RuntimeError(
            f"no board on {port}: {error}. Next: check the cable and the name of the port."
        ) from error
    try:
        board.attach()
        yield board
    finally:
        board.close()
