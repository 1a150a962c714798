"""Sensirion SPS30 as its UART shows it: SHDLC frames, modes, cleaning (data sheet SPS30, section 5).

Faults: silent; stuck: the line is held low; checksum; stale: no new result; banner: text at power-up;
fan: the fan stands still; laser: its current is out of range; fan_speed: the fan is too slow or too fast.
"""

import struct
from collections.abc import Callable
from fractions import Fraction

from luftpegel_tools.virtual_board.chips.base import UARTDevice
from luftpegel_tools.virtual_board.chips.rounding import base_units

FLAG, ESCAPE = 0x7E, 0x7D
STUFFED = {0x7E: 0x5E, 0x7D: 0x5D, 0x11: 0x31, 0x13: 0x33}
UNSTUFFED = {after: before for before, after in STUFFED.items()}
ASLEEP, IDLE, MEASURING = "asleep", "idle", "measuring"
OK, WRONG_LENGTH, UNKNOWN_COMMAND, ILLEGAL_PARAMETER, NOT_ALLOWED = 0x00, 0x01, 0x02, 0x04, 0x43
DEVICE_ERROR = 0x80
STATUS_BITS = {"fan": 1 << 4, "laser": 1 << 5, "fan_speed": 1 << 21}
REPLY_US = 2000
RESULT_US = 1_000_000
CLEANING_US = 10_000_000
WEEK_S = 604_800
WAKE_WINDOW_US = 100_000
LONGEST_FRAME = 600
AS_FLOATS, AS_INTEGERS = b"\x01\x03", b"\x01\x05"
BANNER = b"SPS30 boot ~ fw 2.2\r\n\x00\xf3"
QUANTITIES = ("pm1", "pm25", "pm4", "pm10")

Sample = Callable[[int], tuple[float, float, float, float]]


class Refused(Exception):  # noqa: N818 - the sensor's answer, not our mistake
    """The command is answered with an error state."""

    def __init__(self, state: int):
        super().__init__(state)
        self.state = state


def checksum(body: bytes) -> int:
    """The inverted low byte of the sum."""
    return 0xFF - sum(body) % 256


def stuff(body: bytes) -> bytes:
    """A frame's bytes between two flags."""
    inside = b"".join(bytes([ESCAPE, STUFFED[b]]) if b in STUFFED else bytes([b]) for b in body)
    return bytes([FLAG]) + inside + bytes([FLAG])


def unstuff(inside: bytes) -> bytes | None:
    """What a frame says, or None when an escape is followed by what may not be escaped."""
    body = bytearray()
    rest = iter(inside)
    for byte in rest:
        plain = UNSTUFFED.get(next(rest, -1)) if byte == ESCAPE else byte
        if plain is None:
            return None
        body.append(plain)
    return bytes(body)


class SPS30(UARTDevice):
    """`sample(now_us)` gives the true PM1, PM2.5, PM4 and PM10 in µg/m³."""

    baudrate = 115_200

    def __init__(self, sample: Sample, *, serial: str = "8CCABCFAE3201F49"):
        super().__init__()
        self._sample = sample
        self._serial = serial
        self._interval_s = WEEK_S  # kept in flash
        self._commands: dict[int, Callable[[bytes], bytes]] = {
            0x00: self._start,
            0x01: self._stop,
            0x03: self._read,
            0x10: self._sleep,
            0x11: self._wake,
            0x56: self._clean,
            0x80: self._auto_clean,
            0xD0: self._device_information,
            0xD1: self._version,
            0xD2: self._status,
            0xD3: self._reset,
        }
        self._awake_until_us = -1
        self._boot(0)

    def power(self, on: bool) -> None:
        """Power-up ends in the idle mode; the week until the next cleaning begins anew."""
        super().power(on)
        self._boot(self.clock.now_us)
        if on and "banner" in self.faults:
            self.send(BANNER)

    def receive(self, data: bytes) -> None:
        """Frames from the board; asleep, the first byte only wakes the interface for 100 ms."""
        if not self.powered or "silent" in self.faults:
            return
        if "stuck" in self.faults:
            self.send(bytes(len(data)))
            return
        for byte in data:
            if self._mode == ASLEEP and self.clock.now_us > self._awake_until_us:
                self._awake_until_us = self.clock.now_us + WAKE_WINDOW_US
            elif byte == FLAG:
                self._take(bytes(self._inside))
                self._inside.clear()
            elif len(self._inside) < LONGEST_FRAME:
                self._inside.append(byte)

    def _boot(self, now_us: int) -> None:
        self._mode = IDLE
        self._inside = bytearray()
        self._awake_until_us = -1
        self._started_us = 0
        self._results_read = 0
        self._as_floats = True
        self._flags = 0
        self._next_cleaning_us = now_us + self._interval_s * 1_000_000
        self._cleaning_until_us = -1

    def _take(self, inside: bytes) -> None:
        body = unstuff(inside)
        if body is None or len(body) < 4 or checksum(body[:-1]) != body[-1] or body[0] != 0:
            return  # what does not reach the sensor soundly is not answered
        command, length, data = body[1], body[2], body[3:-1]
        if self._mode == ASLEEP and command != 0x11:
            return
        try:
            if length != len(data):
                raise Refused(WRONG_LENGTH)
            if command not in self._commands:
                raise Refused(UNKNOWN_COMMAND)
            self._answer(command, OK, self._commands[command](data))
        except Refused as refusal:
            self._answer(command, refusal.state, b"")

    def _answer(self, command: int, state: int, data: bytes) -> None:
        self._note_errors()
        body = bytes([0, command, state | (DEVICE_ERROR if self._flags else 0), len(data)]) + data
        flaw = 0x01 if "checksum" in self.faults else 0
        self.send(stuff(body + bytes([checksum(body) ^ flaw])), REPLY_US)

    def _note_errors(self) -> None:
        """Fan and laser are watched only while measuring; but for the speed, a flag stays until cleared."""
        self._flags &= ~STATUS_BITS["fan_speed"]
        if self._mode == MEASURING:
            for fault in self.faults & STATUS_BITS.keys():
                self._flags |= STATUS_BITS[fault]

    def _require(self, condition: bool, state: int = NOT_ALLOWED) -> None:
        if not condition:
            raise Refused(state)

    def _start(self, data: bytes) -> bytes:
        self._require(self._mode == IDLE)
        self._require(data in (AS_FLOATS, AS_INTEGERS), ILLEGAL_PARAMETER)
        self._as_floats = data == AS_FLOATS
        self._mode = MEASURING
        self._started_us = self.clock.now_us
        self._results_read = 0
        return b""

    def _stop(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        self._require(self._mode == MEASURING)
        self._mode = IDLE
        return b""

    def _sleep(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        self._require(self._mode == IDLE)
        self._mode = ASLEEP
        self._awake_until_us = -1
        return b""

    def _wake(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        self._require(self._mode == ASLEEP)
        self._mode = IDLE
        return b""

    def _clean(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        self._require(self._mode == MEASURING)
        self._cleaning_until_us = self.clock.now_us + CLEANING_US
        self._next_cleaning_us = self.clock.now_us + self._interval_s * 1_000_000
        return b""

    def _auto_clean(self, data: bytes) -> bytes:
        self._require(len(data) in (1, 5), WRONG_LENGTH)
        self._require(data[0] == 0, ILLEGAL_PARAMETER)
        if len(data) == 1:
            return self._interval_s.to_bytes(4, "big")
        self._interval_s = int.from_bytes(data[1:], "big")
        self._next_cleaning_us = self.clock.now_us + self._interval_s * 1_000_000
        return b""

    def _device_information(self, data: bytes) -> bytes:
        texts = {b"\x00": "00080000", b"\x03": self._serial}
        self._require(data in texts, ILLEGAL_PARAMETER)
        return texts[data].encode() + b"\x00"

    def _version(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        return bytes([2, 2, 0, 7, 0, 2, 0])  # firmware 2.2, hardware 7, SHDLC 2.0

    def _status(self, data: bytes) -> bytes:
        self._require(data in (b"\x00", b"\x01"), ILLEGAL_PARAMETER)
        self._note_errors()
        answer = self._flags.to_bytes(4, "big") + b"\x00"
        if data == b"\x01":
            self._flags = 0
        return answer

    def _reset(self, data: bytes) -> bytes:
        self._require(not data, WRONG_LENGTH)
        self._boot(self.clock.now_us)
        return b""

    def _read(self, data: bytes) -> bytes:
        """The newest result, once; nothing while there is no new one."""
        self._require(not data, WRONG_LENGTH)
        self._require(self._mode == MEASURING)
        now = self.clock.now_us
        if self._interval_s and now >= self._next_cleaning_us:
            self._cleaning_until_us = self._next_cleaning_us + CLEANING_US
            self._next_cleaning_us += self._interval_s * 1_000_000
        results = (now - self._started_us) // RESULT_US
        if results <= self._results_read or now < self._cleaning_until_us or "stale" in self.faults:
            return b""
        self._results_read = results
        return self._result(self._started_us + results * RESULT_US)

    def _result(self, at_us: int) -> bytes:
        masses = self._sample(at_us)
        # Counts per cm³ and the typical size are not the station's business: plausible companions.
        others = [8 * masses[1], 9 * masses[1], 9.5 * masses[1], 9.6 * masses[1], 9.7 * masses[1], 0.5]
        if self._as_floats:
            raw = struct.pack(">10f", *masses, *others)
            meant = [Fraction(value) for value in struct.unpack(">4f", raw[:16])]
        else:
            raw = struct.pack(">10H", *(round(value) for value in (*masses, *others[:-1], 500)))
            meant = [Fraction(value) for value in struct.unpack(">4H", raw[:8])]
        self._note_errors()
        if not self._flags and "checksum" not in self.faults:
            self.record(
                **{name: base_units(value * 10) for name, value in zip(QUANTITIES, meant, strict=True)}
            )
        return raw
