"""Bosch BME280 as the I2C bus sees it: registers, trimming, modes (data sheet BST-BME280-DS002).

The raw values are found by searching the converter value whose compensation (sections 4.2.3 and 8.1, written
here as the data sheet's floating point formulas) meets the truth. The IIR filter is not modelled: its setting
is kept, values pass unfiltered.
Faults: silent, stuck; checksum: the bus flips a bit in every transfer; stale: the data registers are frozen,
they are neither renewed nor cleared.
"""

import struct
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple, TypeVar

from luftpegel_tools.virtual_board.chips.base import BusStuck, I2CChip, Nack
from luftpegel_tools.virtual_board.chips.rounding import base_units

ID, RESET, CTRL_HUM, STATUS, CTRL_MEAS, CONFIG, DATA = 0xD0, 0xE0, 0xF2, 0xF3, 0xF4, 0xF5, 0xF7
CHIP_ID = 0x60
SOFT_RESET = 0xB6
POWER_UP_US = 2000
SLEEP, NORMAL = 0, 3
MEASURING, UPDATING = 0x08, 0x01
OVERSAMPLING = (0, 1, 2, 4, 8, 16, 16, 16)
STANDBY_US = (500, 62_500, 125_000, 250_000, 500_000, 1_000_000, 10_000, 20_000)
SKIPPED_20, SKIPPED_16 = 0x80000, 0x8000
RESET_DATA = bytes.fromhex("8000008000008000")
# Trimming of the data sheet family's worked example, with plausible humidity trimming.
EXAMPLE_TRIM_88 = bytes.fromhex("706B436718FC7D8E43D6D00B270B8C00F9FF8C3CF8C67017004B")
EXAMPLE_TRIM_E1 = bytes.fromhex("6A01001329031E")

Sample = Callable[[int], tuple[float, float, float]]
Number = TypeVar("Number", float, Fraction)


class Trim(NamedTuple):
    """The trimming values of section 4.2.2: `t` T1..T3, `p` P1..P9, `h` H1..H6."""

    t: tuple[int, ...]
    p: tuple[int, ...]
    h: tuple[int, ...]

    @classmethod
    def unpack(cls, at_88: bytes, at_e1: bytes) -> "Trim":
        """From the 26 bytes at 0x88 and the 7 bytes at 0xE1."""
        t, p = struct.unpack("<Hhh", at_88[:6]), struct.unpack("<Hhhhhhhhh", at_88[6:24])
        h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", at_e1)
        return cls(t, p, (at_88[25], h2, h3, e4 * 16 + e5 % 16, e6 * 16 + e5 // 16, h6))


def fine_temperature(adc: Number, trim: Trim) -> Number:
    """Raw value -> temperature in 1/5120 °C, the data sheet's var1 + var2."""
    t1, t2, t3 = trim.t
    coarse = (adc / 16384 - Fraction(t1, 1024)) * t2
    bend = adc / 131072 - Fraction(t1, 8192)
    return coarse + bend * bend * t3


def pressure(adc: Number, fine: Number, trim: Trim) -> Number:
    """Raw value -> Pa; `fine` is the whole-numbered fine temperature."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = trim.p
    v = fine / 2 - 64000
    offset = (v * v * p6 / 32768 + v * p5 * 2) / 4 + p4 * 65536
    slope = (1 + (v * v * p3 / 524288 + v * p2) / 524288 / 32768) * p1
    pascal = (1048576 - adc - offset / 4096) * 6250 / slope
    return pascal + (pascal * pascal * p9 / 2147483648 + pascal * p8 / 32768 + p7) / 16


def humidity(adc: Number, fine: Number, trim: Trim) -> Number:
    """Raw value -> %RH, not yet cropped."""
    h1, h2, h3, h4, h5, h6 = trim.h
    v = fine - 76800
    percent = (
        (adc - (h4 * 64 + v * h5 / 16384)) * h2 / 65536 * (1 + v * h6 / 67108864 * (1 + v * h3 / 67108864))
    )
    return percent * (1 - percent * h1 / 524288)


def meaning(raw: bytes, trim: Trim) -> dict[str, int]:
    """What eight data bytes from 0xF7 mean, in base units."""
    adc_p, adc_t, adc_h = split(raw)
    exact = fine_temperature(Fraction(adc_t), trim)
    fine = Fraction(int(exact))
    percent = min(Fraction(100), max(Fraction(0), humidity(Fraction(adc_h), fine, trim)))
    return {
        "temperature": base_units(exact / 5120 * 100),
        "humidity": base_units(percent * 100),
        "pressure": base_units(pressure(Fraction(adc_p), fine, trim)),
    }


def split(raw: bytes) -> tuple[int, int, int]:
    """Eight data bytes -> raw (pressure, temperature, humidity)."""
    return int.from_bytes(raw[0:3], "big") >> 4, int.from_bytes(raw[3:6], "big") >> 4, raw[6] << 8 | raw[7]


def join(adc_p: int, adc_t: int, adc_h: int) -> bytes:
    """Raw values -> eight data bytes."""
    return (adc_p << 4).to_bytes(3, "big") + (adc_t << 4).to_bytes(3, "big") + adc_h.to_bytes(2, "big")


def search(reached: Callable[[int], bool], bits: int) -> int:
    """The lowest raw value of that width for which `reached` holds, the highest if it holds for none."""
    low, high = 0, (1 << bits) - 1
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return low


def convert(celsius: float, percent: float, pascal: float, trim: Trim) -> tuple[int, int, int]:
    """True values -> raw (pressure, temperature, humidity) at full resolution."""
    adc_t = search(lambda adc: fine_temperature(float(adc), trim) / 5120 >= celsius, 20)
    fine = float(int(fine_temperature(float(adc_t), trim)))
    adc_p = search(lambda adc: pressure(float(adc), fine, trim) <= pascal, 20)
    adc_h = search(lambda adc: humidity(float(adc), fine, trim) >= percent, 16)
    return adc_p, adc_t, adc_h


def coarsen(adc: int, oversampling: int) -> int:
    """Without filter a value has 16 bits, and one more for each doubling of the samples (section 3.4.2)."""
    unused = 4 - (oversampling.bit_length() - 1)
    return adc >> unused << unused


class BME280(I2CChip):
    """`sample(now_us)` gives the true (temperature in °C, relative humidity in %, pressure in Pa)."""

    def __init__(
        self,
        sample: Sample,
        *,
        address: int = 0x76,
        trim_88: bytes = EXAMPLE_TRIM_88,
        trim_e1: bytes = EXAMPLE_TRIM_E1,
    ):
        super().__init__()
        self.address = address
        self._sample = sample
        self._trim_88, self._trim_e1 = trim_88, trim_e1
        self.trim = Trim.unpack(trim_88, trim_e1)
        self._transfers = 0
        self._ready_us = 0
        self._registers = bytearray(256)
        self._measured: dict[str, int] = {}  # what the data registers mean, until it was read
        self._done_us: int | None = None
        self._reset_registers()

    def power(self, on: bool) -> None:
        """Without power all settings and data are lost; 2 ms after power-up the chip answers."""
        super().power(on)
        self._reset_registers()
        self._ready_us = self.clock.now_us + POWER_UP_US

    def write(self, data: bytes) -> None:
        """A register address, then a value, then pairs of both (section 6.2.1)."""
        self._listen()
        if not data:
            return
        self._advance()
        self._pointer = data[0]
        for register, value in zip(data[0::2], data[1::2], strict=False):
            self._write_register(register, value)

    def read(self, n: int) -> bytes:
        """`n` registers from the address written last."""
        self._listen()
        self._advance()
        end = self._pointer + n
        registers = bytearray((bytes(self._registers) + bytes(n))[self._pointer : end])
        if self._measured and self._pointer <= DATA and end >= DATA + 8 and "checksum" not in self.faults:
            self.record(**self._measured)
            self._measured = {}
        self._pointer = end & 0xFF
        if "checksum" in self.faults and n:
            self._transfers += 1
            registers[self._transfers % n] ^= 1 << self._transfers % 8
        return bytes(registers)

    def _listen(self) -> None:
        if self.powered and "stuck" in self.faults:
            raise BusStuck
        if not self.powered or "silent" in self.faults or self.clock.now_us < self._ready_us:
            raise Nack

    def _reset_registers(self) -> None:
        kept = self._registers[DATA : DATA + 8] if "stale" in self.faults else RESET_DATA
        self._registers = bytearray(256)
        self._registers[ID] = CHIP_ID
        self._registers[0x88:0xA2] = self._trim_88
        self._registers[0xE1:0xE8] = self._trim_e1
        self._registers[DATA : DATA + 8] = kept
        self._pointer = 0
        self._hum_setting = 0
        self._done_us = None
        self._measured = {}

    def _write_register(self, register: int, value: int) -> None:
        if register == RESET and value == SOFT_RESET:
            self._reset_registers()
            self._ready_us = self.clock.now_us + POWER_UP_US
        elif register in (CTRL_HUM, CONFIG):
            self._registers[register] = value
        elif register == CTRL_MEAS:
            self._registers[CTRL_MEAS] = value
            self._hum_setting = self._registers[CTRL_HUM] & 7  # takes effect only now (section 5.4.3)
            self._done_us = self.clock.now_us + self._conversion_us() if value & 3 != SLEEP else None

    def _oversampling(self) -> tuple[int, int, int]:
        control = self._registers[CTRL_MEAS]
        return OVERSAMPLING[control >> 2 & 7], OVERSAMPLING[control >> 5], OVERSAMPLING[self._hum_setting]

    def _conversion_us(self) -> int:
        """The longest measurement time of section 9.1."""
        p, t, h = self._oversampling()
        return 1250 + 2300 * t + (2300 * p + 575 if p else 0) + (2300 * h + 575 if h else 0)

    def _advance(self) -> None:
        """Bring the registers to the present: finish what has been measured by now."""
        now = self.clock.now_us
        cycle = self._conversion_us() + STANDBY_US[self._registers[CONFIG] >> 5]
        if self._done_us is not None and now >= self._done_us:
            if self._registers[CTRL_MEAS] & 3 == NORMAL:
                latest = self._done_us + (now - self._done_us) // cycle * cycle
                self._store(latest - self._conversion_us())
                self._done_us = latest + cycle
            else:
                self._store(self._done_us - self._conversion_us())
                self._registers[CTRL_MEAS] &= ~3
                self._done_us = None
        measuring = self._done_us is not None and self._done_us - now <= self._conversion_us()
        self._registers[STATUS] = MEASURING if measuring else 0

    def _store(self, begun_us: int) -> None:
        if "stale" in self.faults:
            return
        celsius, percent, pascal = self._sample(begun_us)
        p, t, h = self._oversampling()
        adc_p, adc_t, adc_h = convert(celsius, percent, pascal, self.trim)
        raw = join(
            coarsen(adc_p, p) if p else SKIPPED_20,
            coarsen(adc_t, t) if t else SKIPPED_20,
            adc_h if h else SKIPPED_16,
        )
        self._registers[DATA : DATA + 8] = raw
        self._measured = meaning(raw, self.trim) if p and t and h else {}
