"""Sensirion SHT4x as the I2C bus sees it (data sheet SHT4x, sections 4.1 to 4.9). A heated measurement is
some degrees too warm, as any chip's is.

While it converts or resets, and when it has no result, the chip does not acknowledge.
Faults: silent, stuck, checksum; stale: commands are taken but nothing is measured, the last result stays
until a reset.
"""

from collections.abc import Callable
from fractions import Fraction

from luftpegel_tools.virtual_board.chips.base import BusStuck, I2CChip, Nack
from luftpegel_tools.virtual_board.chips.rounding import base_units, clamp

CONVERSION_US = {0xFD: 8300, 0xF6: 4500, 0xE0: 1600}  # high, medium, low precision: the longest times
HEATED_US = {0x39: 1_100_000, 0x32: 110_000, 0x2F: 1_100_000, 0x24: 110_000, 0x1E: 1_100_000, 0x15: 110_000}
HEATED_BY = 20.0  # °C
READ_SERIAL = 0x89
SOFT_RESET = 0x94
RESET_US = 1000
POWER_UP_US = 1000
FULL_SCALE = 65535

Sample = Callable[[int], tuple[float, float]]


def crc8(data: bytes) -> int:
    """CRC-8 of Sensirion's two-byte words: polynomial 0x31, begins with 0xFF."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x131 if crc & 0x80 else 0)
    return crc


def temperature_of(ticks: int) -> Fraction:
    """°C that the raw value means."""
    return Fraction(175 * ticks, FULL_SCALE) - 45


def humidity_of(ticks: int) -> Fraction:
    """%RH that the raw value means, cropped to 0..100 (section 4.6)."""
    return min(Fraction(100), max(Fraction(0), Fraction(125 * ticks, FULL_SCALE) - 6))


class SHT4x(I2CChip):
    """`sample(now_us)` gives the true (temperature in °C, relative humidity in %)."""

    def __init__(self, sample: Sample, *, address: int = 0x44, serial: int = 0x0F4C1A2B):
        super().__init__()
        self.address = address
        self._sample = sample
        self._serial = serial
        self._ready_us = 0
        self._answer: bytes | None = None
        self._measured: dict[str, int] = {}

    def power(self, on: bool) -> None:
        """Without power the result is lost; 1 ms after power-up the chip answers."""
        super().power(on)
        self._answer = None
        self._ready_us = self.clock.now_us + POWER_UP_US

    def write(self, data: bytes) -> None:
        """One command byte."""
        self._listen()
        command = data[0] if len(data) == 1 else None
        if command == SOFT_RESET:
            self._finish(None, RESET_US)
        elif command == READ_SERIAL:
            self._finish(self._serial.to_bytes(4, "big"), 0)
        elif command in CONVERSION_US:
            self._measure(CONVERSION_US[command])
        elif command in HEATED_US:
            self._measure(HEATED_US[command], HEATED_BY)
        elif data:
            raise Nack

    def read(self, n: int) -> bytes:
        """The result, once; beyond its six bytes the lines stay high."""
        self._listen()
        if self._answer is None:
            raise Nack
        answer = self._with_crc(self._answer)
        if self._measured and not self.faults & {"checksum", "stale"}:
            self.record(**self._measured)
        if "stale" not in self.faults:
            self._finish(None, 0)
        return (answer + b"\xff" * n)[:n]

    def _listen(self) -> None:
        if self.powered and "stuck" in self.faults:
            raise BusStuck
        if not self.powered or "silent" in self.faults or self.clock.now_us < self._ready_us:
            raise Nack

    def _finish(self, answer: bytes | None, busy_us: int) -> None:
        self._answer = answer
        self._measured = {}
        self._ready_us = self.clock.now_us + busy_us

    def _measure(self, busy_us: int, warmer: float = 0.0) -> None:
        if "stale" in self.faults:
            return
        celsius, percent = self._sample(self.clock.now_us)
        t = clamp(round((celsius + warmer + 45) * FULL_SCALE / 175), 0, FULL_SCALE)
        rh = clamp(round((percent + 6) * FULL_SCALE / 125), 0, FULL_SCALE)
        self._finish(t.to_bytes(2, "big") + rh.to_bytes(2, "big"), busy_us)
        self._measured = {
            "temperature": base_units(temperature_of(t) * 100),
            "humidity": base_units(humidity_of(rh) * 100),
        }

    def _with_crc(self, words: bytes) -> bytes:
        flaw = 0x01 if "checksum" in self.faults else 0
        first, second = words[:2], words[2:]
        return first + bytes([crc8(first)]) + second + bytes([crc8(second) ^ flaw])
