"""What simulated AT modems share: command lines in, answer lines out, and the faults of a serial line.

Faults: "silent" (deaf and dumb), "garbage" (noise between and before lines), "slow" (answers 1.5 s late),
"lost_line" (each seventh line is lost), "echo" (repeats the command).
"""

import random

from luftpegel_tools.virtual_board.chips.base import UARTDevice

ANSWER_US = 10_000
FLASH_US = 100_000  # an answer after writing flash
SLOW_US = 1_500_000
LOST_LINE_EVERY = 7
LONGEST_NOISE = 16


class ATModem(UARTDevice):
    """A modem that obeys lines; `seed` makes its line noise the same in each run."""

    def __init__(self, seed: bytes):
        super().__init__()
        self._noise = random.Random(seed)  # noqa: S311 - line noise
        self._lines_said = 0
        self._line = bytearray()

    def obey(self, line: str) -> None:
        """Take a whole command, without its end."""
        raise NotImplementedError

    def hears(self, byte: int) -> bool:
        """Whether it is awake for this byte; a modem that sleeps overrides this."""
        raise NotImplementedError

    def power(self, on: bool) -> None:
        """Lose the half line."""
        super().power(on)
        self._line = bytearray()

    def receive(self, data: bytes) -> None:
        """Bytes from the board."""
        if "silent" in self.faults:
            return
        for byte in data:
            if not self.hears(byte):
                continue
            if byte in b"\r\n":
                self._end_line()
            elif byte != 0xFF:
                self._line.append(byte)

    def _end_line(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        if not line:
            return
        if "echo" in self.faults:
            self.send(line + b"\r\n")
        self.obey(line.decode("ascii", "replace"))

    def say(self, *lines: str, after_us: int = ANSWER_US) -> None:
        """Send lines to the board."""
        delay_us = after_us + (SLOW_US if "slow" in self.faults else 0)
        for line in lines:
            self._lines_said += 1
            if "lost_line" in self.faults and self._lines_said % LOST_LINE_EVERY == 0:
                continue
            noise = b""
            if "garbage" in self.faults:
                noise = self._noise.randbytes(self._noise.randrange(LONGEST_NOISE))
            self.send(noise + line.encode() + b"\r\n", delay_us)
