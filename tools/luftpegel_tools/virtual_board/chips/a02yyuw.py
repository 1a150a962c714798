"""DFRobot A02YYUW (SEN0311) as its UART shows it: a frame every 300 ms, unasked (product wiki SEN0311).

Faults: silent; stuck: the line is held low; checksum; stale: the last distance for ever; banner: text before
every frame; no_target: FFFD; interference: FFFE.
"""

from collections.abc import Callable
from fractions import Fraction

from luftpegel_tools.virtual_board.chips.base import UARTDevice
from luftpegel_tools.virtual_board.chips.rounding import base_units
from luftpegel_tools.virtual_time.clock import Timer

PERIOD_US = 300_000
SHORTEST_MM, LONGEST_MM = 30, 4500
TOO_NEAR, NO_TARGET, INTERFERENCE = 0x0000, 0xFFFD, 0xFFFE
BANNER = b"A02 V1.2\r\n\xff\x00"

Sample = Callable[[int], float]


def frame(distance: int) -> bytes:
    """FF, high, low, and the low byte of their sum."""
    head = bytes([0xFF, distance >> 8, distance & 0xFF])
    return head + bytes([sum(head) % 256])


class A02YYUW(UARTDevice):
    """`sample(now_us)` gives the true distance in mm."""

    baudrate = 9600

    def __init__(self, sample: Sample, *, period_us: int = PERIOD_US):
        super().__init__()
        self._sample = sample
        self._period_us = period_us
        self._timer: Timer | None = None
        self._last_mm = TOO_NEAR

    def power(self, on: bool) -> None:
        """The first frame comes one period after power-up."""
        super().power(on)
        if self._timer:
            self._timer.cancel()
        self._timer = self.clock.call_later(self._period_us, self._speak) if on else None

    def receive(self, data: bytes) -> None:
        """Bytes from the board are not understood: the pin only chooses the kind of output."""

    def _speak(self) -> None:
        self._timer = self.clock.call_later(self._period_us, self._speak)
        if "silent" in self.faults:
            return
        if "stuck" in self.faults:
            self.send(bytes(4))
            return
        if "banner" in self.faults:
            self.send(BANNER)
        self.send(self._frame())

    def _frame(self) -> bytes:
        if "stale" not in self.faults:
            self._last_mm = self._distance()
        raw = bytearray(frame(self._last_mm))
        if "checksum" in self.faults:
            raw[3] ^= 0x01
        elif SHORTEST_MM < self._last_mm <= LONGEST_MM:
            self.record(distance=self._last_mm)
        return bytes(raw)

    def _distance(self) -> int:
        if "no_target" in self.faults:
            return NO_TARGET
        if "interference" in self.faults:
            return INTERFERENCE
        truth = base_units(Fraction(self._sample(self.clock.now_us)))
        if truth > LONGEST_MM:
            return NO_TARGET
        return truth if truth > SHORTEST_MM else TOO_NEAR
