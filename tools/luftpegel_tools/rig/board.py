"""A board on a rig, in the role that hardware tests need: on a serial port, or virtual.

Everything goes through mpremote's library, so a test runs on any port that pyserial can open.
"""

import ast
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mpremote.transport import TransportError, TransportExecError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]
from serial import SerialException  # type: ignore[import-untyped]

from luftpegel_tools.image import firmware_image
from luftpegel_tools.rig.errors import RigError

# A byte that is promised may take this long: a slow line, a busy machine.
READ_TIMEOUT_S = 2.0
PROMPT_TIMEOUT_S = 3.0
START_TIMEOUT_S = 20.0
# A line is quiet when nothing has come for so long; longer than the way there and back.
QUIET_S = 0.4
TRACEBACK = "Traceback (most recent call last):"
LOG_BYTES = 64 * 1024


class BoardTracebackError(AssertionError):
    """The board's program failed while its text was being waited for; the message holds the traceback."""


class RigBoard:
    """A board on `port`. Nothing but `put` and `remove` changes its files; `log` is what was said."""

    def __init__(self, port: str, wait_s: int = 5):
        self.port = port
        self.log = ""
        self._transport = SerialTransport(port, wait=wait_s, timeout=READ_TIMEOUT_S)

    def close(self) -> None:
        """Let go of the port."""
        self._transport.close()

    def exec(self, code: str, timeout_s: float = 10.0) -> str:
        """Run statements; returns what they printed. TransportExecError carries the board's traceback.

        `timeout_s`: how long it may say nothing.
        """
        self._note(f">>> {code.strip()}\n")
        printed, error = self._transport.exec_raw(code, timeout=timeout_s)
        text = self._text(printed)
        self._note(text)
        if error:
            self._note(self._text(error))
            raise TransportExecError(printed, error.decode(errors="replace"))
        return text

    def eval(self, expression: str, timeout_s: float = 10.0) -> Any:
        """The value of an expression, for values whose repr is a Python literal."""
        return ast.literal_eval(self.exec(f"print(repr(({expression})))", timeout_s).strip())

    def put(self, path: str, data: bytes) -> None:
        """Write a file."""
        self._note(f"# {len(data)} bytes to {path}\n")
        self._transport.fs_writefile(path, data)

    def get(self, path: str) -> bytes:
        """Read a file."""
        return bytes(self._transport.fs_readfile(path))

    def remove(self, path: str) -> None:
        """Remove a file; OSError when it is not there."""
        self._transport.fs_rmfile(path)

    def soft_reset(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Begin anew with an empty heap; main.py does not run."""
        self._note("# soft reset\n")
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
        self._note(f">>> {code.strip()}\n")
        self._transport.exec_raw_no_follow(code)
        self._transport.in_raw_repl = False

    def type_keys(self, keys: bytes) -> None:
        """Type on the console, as a person would."""
        self._transport.serial.write(keys)

    def _leave_for_good(self, last_words: str) -> None:
        """Start what ends in a reset, safe from the Ctrl-C that `attach` will send."""
        self.leave(f"import machine, micropython\nmicropython.kbd_intr(-1)\nprint('leaving')\n{last_words}")
        self.wait_for("leaving")

    def attach(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Interrupt what runs and go to the raw prompt, without a reset; the board may still be starting.

        Raises:
            TransportError: the prompt does not come.
        """
        deadline = time.monotonic() + timeout_s
        attempt = 0
        while not self._ask_for_prompt(attempt):
            attempt += 1
            if time.monotonic() > deadline:
                raise TransportError(f"no prompt on {self.port} within {timeout_s} s")
        if attempt:  # answers to the earlier attempts may still be on their way
            self._wait_until_quiet()
            self._transport.serial.write(b"\r\x01")
            self._read(b"raw REPL; CTRL-B to exit\r\n", PROMPT_TIMEOUT_S)
        self._transport.in_raw_repl = True

    def _ask_for_prompt(self, attempt: int) -> bool:
        line = self._transport.serial
        line.reset_input_buffer()
        line.write(b"\r\x03\r\x01" if attempt % 2 == 0 else b"\x03\x03\r\x01")
        return self._read(b"raw REPL; CTRL-B to exit\r\n", PROMPT_TIMEOUT_S).endswith(b"exit\r\n")

    def _read(self, ending: bytes, timeout_s: float) -> bytes:
        heard = self._transport.read_until(1, ending, timeout=timeout_s, timeout_overall=timeout_s)
        self._note(self._text(heard))
        return bytes(heard)

    def _wait_until_quiet(self) -> None:
        line = self._transport.serial
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_S:
            if waiting := line.in_waiting:
                line.read(waiting)
                quiet_since = time.monotonic()
            time.sleep(0.01)

    def wait_for(self, text: str, timeout_s: float = 10.0, tracebacks: bool = False) -> str:
        """Console text up to and including `text`.

        Raises:
            TimeoutError: it does not come within `timeout_s`.
            BoardTracebackError: at once, when the program has failed, unless `tracebacks` are expected.
        """
        deadline = time.monotonic() + timeout_s
        endings = text.encode(), text.replace("\n", "\r\n").encode()
        heard = b""
        line = self._transport.serial
        while not heard.endswith(endings):
            if time.monotonic() > deadline:
                self._note(self._text(heard))
                raise TimeoutError(f"{text!r} did not come within {timeout_s} s; heard {self._text(heard)!r}")
            if not line.in_waiting:
                time.sleep(0.005)
                continue
            heard += line.read(1)
            if not tracebacks and TRACEBACK.encode() in heard:
                heard += self._transport.read_until(1, b"\x04", timeout=QUIET_S, timeout_overall=3)
                whole = self._text(heard)
                self._note(whole)
                raise BoardTracebackError(whole[whole.index(TRACEBACK) :].rstrip("\x04> \n"))
        self._note(self._text(heard))
        return self._text(heard)

    def _note(self, text: str) -> None:
        self.log = (self.log + text)[-LOG_BYTES:]

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
    """A board on a port that pyserial can open (/dev/ttyUSB0, socket://host:port, rfc2217://host:port).

    Raises:
        RigError: LP-681 when there is no such port, LP-682 when the board on it does not answer.
    """
    try:
        board = RigBoard(port)
    except (TransportError, SerialException, OSError) as error:
        raise RigError("LP-681", port=port, detail=error) from error
    try:
        try:
            board.attach()
        except TransportError:
            raise RigError("LP-682", port=port, seconds=START_TIMEOUT_S) from None
        yield board
    finally:
        board.close()
