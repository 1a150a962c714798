# Maxim DS18B20: temperature of water, soil or a globe over 1-Wire, with its own supply (not parasite power).
# Source: data sheet DS18B20 (scratchpad, ROM and function commands, CRC).
# Traps: a line shorted to ground answers with zeros, whose CRC is right; and 85.00 Cel is what the sensor
# says after a power dip, without having measured, 25.00 Cel what clones say. So before each measurement a
# mark goes into its alarm bytes, which a dip takes away.

import time

from onewire import OneWire

from sensors import BUS, CHECKSUM, CONFIG, NOT_READY, SENTINEL, SILENT, SensorFault

FAMILY = 0x28
MATCH_ROM = 0x55
CONVERT, WRITE_SCRATCHPAD, READ_SCRATCHPAD = 0x44, 0x4E, 0xBE
MARKS = (b"\x55\x2a", b"\x2a\x55")  # neither of them what its memory holds: that one is lost
CONVERSION_MS = 1000  # 750 ms at most
POLL_MS = 10
READ_ATTEMPTS = 2
POWER_ON_RAW = 0x0550
LOWEST, HIGHEST = -5500, 12500  # 0.01 Cel


def crc8(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc


def raw_temperature(scratchpad):
    # 9 bytes -> signed 1/16 Cel; bits that the set resolution leaves undefined count as 0.
    raw = scratchpad[1] << 8 | scratchpad[0]
    if raw & 0x8000:
        raw -= 0x10000
    unused = 3 - (scratchpad[4] >> 5 & 3)
    return raw >> unused << unused


def temperature(raw):
    # 1/16 Cel -> 0.01 Cel
    return (raw * 25 + 2) >> 2


class DS18B20:
    MEASURES = ("water_temperature",)  # unless `quantity` says otherwise
    BUS = "onewire"
    WARM_UP_MS = 10

    def __init__(self, bus, rom=None, quantity="water_temperature"):
        # bus: machine.Pin. rom: 16 hex digits, or None for the first sensor found.
        # quantity: the channel that it feeds, for example "globe_temperature".
        self.MEASURES = (quantity,)
        self._wire = OneWire(bus)
        self._rom = _rom_from_text(rom) if rom else None

    def start(self):
        pass

    def measure(self):
        self._check_line()
        if self._rom is None:
            self._rom = self._first_rom()
        mark = self._put_mark()
        self._convert()
        scratchpad = self._scratchpad()
        raw = raw_temperature(scratchpad)
        value = temperature(raw)
        if raw == POWER_ON_RAW:
            raise _fault(SENTINEL, "says 85 Cel, its power-on value")
        if scratchpad[2:4] != mark:
            raise _fault(SENTINEL, "had no power while it measured")
        if not LOWEST <= value <= HIGHEST:
            raise _fault(SENTINEL, "value outside -55..125 Cel")
        return (value,)

    def stop(self):
        pass

    def _reset(self):
        if not self._wire.reset():
            raise _fault(SILENT, "nobody answers on the 1-Wire line")

    def _check_line(self):
        # A line held low looks like a presence pulse; but nobody may speak before a command, so 0 tells.
        self._reset()
        if not self._wire.readbit():
            raise _fault(BUS, "the 1-Wire line is held low")

    def _first_rom(self):
        for rom in self._wire.scan():
            if rom[0] == FAMILY and crc8(rom) == 0:
                return bytes(rom)
        raise _fault(SILENT, "no DS18B20 on the 1-Wire line")

    def _command(self, function):
        self._reset()
        self._wire.writebyte(MATCH_ROM)
        self._wire.write(self._rom)
        self._wire.writebyte(function)

    def _put_mark(self):
        # Its configuration stays as it is.
        scratchpad = self._scratchpad()
        mark = MARKS[scratchpad[2:4] == MARKS[0]]
        self._command(WRITE_SCRATCHPAD)
        self._wire.write(mark + scratchpad[4:5])
        return mark

    def _convert(self):
        self._command(CONVERT)
        if self._wire.readbit():  # a sensor at work answers 0
            self._scratchpad()  # tells whether it is there at all
            raise _fault(NOT_READY, "does not start to measure")
        deadline = time.ticks_add(time.ticks_ms(), CONVERSION_MS)
        while not self._wire.readbit():
            if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                raise _fault(NOT_READY, "does not finish")
            time.sleep_ms(POLL_MS)

    def _scratchpad(self):
        data = bytearray(9)
        for _ in range(READ_ATTEMPTS):
            self._command(READ_SCRATCHPAD)
            self._wire.readinto(data)
            # a sound configuration byte (0rr11111) tells data from a dead line
            if crc8(data) == 0 and data[4] & 0x9F == 0x1F:
                return data
        if all(byte == 0xFF for byte in data):
            raise _fault(SILENT, "does not answer to its number")
        raise _fault(CHECKSUM, "bad CRC")


def _rom_from_text(text):
    try:
        rom = bytes(int(text[i : i + 2], 16) for i in range(0, 16, 2))
    except ValueError:
        rom = b"\xff"
    if len(text) != 16 or rom[0] != FAMILY or crc8(rom) != 0:
        raise _fault(CONFIG, "'{}' is no DS18B20 number".format(text))
    return rom


def _fault(quality, cause):
    return SensorFault(quality, "DS18B20", cause)
