"""Maxim DS18B20 as the 1-Wire line sees it, bit by bit (data sheet DS18B20), with its own supply.

Faults: silent; stuck: the line is held low; checksum; stale: conversions are not begun, the last result
stays; power_on: a power dip at the end of every conversion leaves the power-on value, 85 °C or a clone's.
"""

from collections.abc import Callable, Generator, Iterator
from fractions import Fraction

from luftpegel_tools.virtual_board.chips.base import OneWireDevice
from luftpegel_tools.virtual_board.chips.rounding import base_units, clamp

FAMILY = 0x28
READ_ROM, MATCH_ROM, SKIP_ROM, SEARCH_ROM = 0x33, 0x55, 0xCC, 0xF0
CONVERT, READ_SCRATCHPAD, WRITE_SCRATCHPAD, COPY, RECALL, READ_SUPPLY = 0x44, 0xBE, 0x4E, 0x48, 0xB8, 0xB4
POWER_ON_RAW = 0x0550
RESERVED = b"\xff\x0c\x10"
DEFAULT_EEPROM = b"\x4b\x46\x7f"  # alarm limits 75 and 70 °C, 12 bits
CONVERSION_US = 750_000  # at 12 bits, half of it for each bit less

Sample = Callable[[int], float]
# A talk yields what the chip puts on the line in the next time slot (None: busy or not, as it is by then) and
# gets what the board puts there; a board that reads puts 1.
Talk = Generator[int | None, int, None]


def crc8(data: bytes) -> int:
    """The CRC of ROM and scratchpad: x^8 + x^5 + x^4 + 1, reflected, begins with 0."""
    crc = 0
    for bit in bits_of(data):
        crc = crc >> 1 ^ (0x8C if (crc ^ bit) & 1 else 0)
    return crc


def bits_of(data: bytes) -> Iterator[int]:
    """Lowest bit of every byte first, as on the line."""
    return (byte >> i & 1 for byte in data for i in range(8))


class DS18B20(OneWireDevice):
    """`sample(now_us)` gives the true temperature in °C; `serial` is 48 bits; `power_on_raw` is what it says
    after power-up, 0x0190 (25 °C) in some clones.
    """

    def __init__(
        self, sample: Sample, *, serial: int = 0x0000_01B8_1C02, power_on_raw: int = POWER_ON_RAW
    ):
        super().__init__()
        self._power_on_raw = power_on_raw
        head = bytes([FAMILY]) + serial.to_bytes(6, "little")
        self.rom = head + bytes([crc8(head)])
        self._sample = sample
        self._eeprom = DEFAULT_EEPROM
        self._functions: dict[int, Callable[[], Talk]] = {
            CONVERT: self._convert,
            READ_SCRATCHPAD: self._read_scratchpad,
            WRITE_SCRATCHPAD: self._write_scratchpad,
            COPY: self._copy,
            RECALL: self._recall,
            READ_SUPPLY: self._read_supply,
        }
        self._talk: Talk | None = None
        self._offered: int | None = 1
        self._wake_up()

    def power(self, on: bool) -> None:
        """Power-up recalls the EEPROM and leaves 85 °C in the scratchpad."""
        super().power(on)
        self._wake_up()

    def reset(self) -> bool:
        """Every talk begins with a reset; a line held low looks like a presence pulse."""
        talk = self._select()
        self._talk, self._offered = talk, next(talk)
        return self._answers() or self._holds_line()

    def write_bit(self, bit: int) -> None:
        """The board's slot: short low for 1, long low for 0."""
        self._slot(bit)

    def read_bit(self) -> int:
        """The board's read slot; with 1 the line is left to the others."""
        return 0 if self._holds_line() else self._slot(1)

    def _answers(self) -> bool:
        return self.powered and "silent" not in self.faults

    def _holds_line(self) -> bool:
        return self.powered and "stuck" in self.faults

    def _wake_up(self) -> None:
        self._talk = None
        self._alarm_and_config = self._eeprom
        self._raw = self._power_on_raw
        self._measured = False
        self._done_us = 0

    def _slot(self, board_bit: int) -> int:
        if self._talk is None or not self._answers():
            return 1
        offered = int(self.clock.now_us >= self._done_us) if self._offered is None else self._offered
        try:
            self._offered = self._talk.send(board_bit)
        except StopIteration:
            self._talk = None
        return offered

    def _select(self) -> Talk:
        """The ROM command, then the function command if it was us who were chosen."""
        command = yield from _hear_byte()
        if command == READ_ROM:
            yield from _say(self.rom)
        elif command == MATCH_ROM:
            for bit in bits_of(self.rom):
                if (yield 1) != bit:
                    return
        elif command == SEARCH_ROM:
            yield from self._be_searched()
            return
        elif command != SKIP_ROM:
            return
        function = yield from _hear_byte()
        if function in self._functions:
            yield from self._functions[function]()

    def _be_searched(self) -> Talk:
        for bit in bits_of(self.rom):
            yield bit
            yield 1 - bit
            if (yield 1) != bit:
                return

    def _convert(self) -> Talk:
        if "stale" not in self.faults:
            unused = 3 - (self._alarm_and_config[2] >> 5 & 3)
            self._done_us = self.clock.now_us + (CONVERSION_US >> unused)
            raw = clamp(round(self._sample(self.clock.now_us) * 16), -55 * 16, 125 * 16)
            self._raw = raw >> unused << unused
            self._measured = True
        while True:
            yield None

    def _read_scratchpad(self) -> Talk:
        if "power_on" in self.faults and self._measured:
            self._raw, self._measured = self._power_on_raw, False
            self._alarm_and_config = self._eeprom
        head = self._raw.to_bytes(2, "little", signed=True) + self._alarm_and_config + RESERVED
        flaw = 0x01 if "checksum" in self.faults else 0
        yield from _say(head + bytes([crc8(head) ^ flaw]))
        if self._measured and not self.faults & {"checksum", "stale"}:
            self.record(water_temperature=base_units(Fraction(self._raw, 16) * 100))

    def _write_scratchpad(self) -> Talk:
        high = yield from _hear_byte()
        low = yield from _hear_byte()
        config = yield from _hear_byte()
        self._alarm_and_config = bytes([high, low, config & 0x60 | 0x1F])

    def _copy(self) -> Talk:
        self._eeprom = self._alarm_and_config
        while True:
            yield 1

    def _recall(self) -> Talk:
        self._alarm_and_config = self._eeprom
        while True:
            yield 1

    def _read_supply(self) -> Talk:
        while True:
            yield 1  # 1: own supply


def _hear_byte() -> Generator[int | None, int, int]:
    value = 0
    for i in range(8):
        value |= (yield 1) << i
    return value


def _say(data: bytes) -> Talk:
    for bit in bits_of(data):  # noqa: UP028 - what the board sends meanwhile has nowhere to go
        yield bit
