# Sensirion SPS30: particulate matter over UART (pin SEL left open), SHDLC frames.
# Source: data sheet SPS30, section 5. Mass concentrations arrive as big-endian IEEE 754 floats and become
# tenths of ug/m3 by integer work alone, because a float of the ESP32 has 32 bits and a PC's has 64.
# The automatic cleaning stays as it is set in the sensor; its week begins anew whenever the power is cut, so
# a station that cuts the sensor's power calls clean() once a week while it measures.

import time

from sensors import CHECKSUM, NOT_READY, SENTINEL, SensorFault
from sensors.uart import Tally, waiting

START, STOP, READ, SLEEP, WAKE, CLEAN, STATUS = 0x00, 0x01, 0x03, 0x10, 0x11, 0x56, 0xD2
START_FLOATS = b"\x01\x03"
READ_AND_CLEAR = b"\x01"
WAKE_PULSE = b"\xff"
FLAG, ESCAPE = 0x7E, 0x7D
STUFFED = (0x11, 0x13, FLAG, ESCAPE)
DEVICE_ERROR, NOT_ALLOWED = 0x80, 0x43
FAULT_BITS = ((1 << 4, "fan stands still"), (1 << 5, "laser out of range"), (1 << 21, "fan at wrong speed"))
LONGEST_BODY = 110  # the longest answer that we ask for has 46 bytes, twice that when stuffed
REPLY_MS = 200
POLL_MS = 5
ATTEMPTS = 2
NEW_DATA_MS = 12000  # a result a second, none for ten seconds while the fan cleans itself
NEW_DATA_POLL_MS = 100
HIGHEST = 10000  # 1000 ug/m3


def frame(command, data=b""):
    # The bytes that carry a command to the sensor (address 0).
    body = bytes((0, command, len(data))) + data
    out = bytearray((FLAG,))
    for byte in body + bytes((~sum(body) & 0xFF,)):
        if byte in STUFFED:
            out.append(ESCAPE)
            byte ^= 0x20
        out.append(byte)
    out.append(FLAG)
    return bytes(out)


def parse(body):
    # What stands between two flags -> (command, state, data), or None when it is no sound answer.
    plain = bytearray()
    escaped = False
    for byte in body:
        if byte == ESCAPE:
            escaped = True
            continue
        plain.append(byte ^ 0x20 if escaped else byte)
        escaped = False
    if len(plain) < 5 or sum(plain) & 0xFF != 0xFF or plain[3] != len(plain) - 5:
        return None
    return plain[1], plain[2], bytes(plain[4:-1])


def tenths(word):
    # 4 bytes of a big-endian float -> tenths, half rounded up; None for negative, infinite or no number.
    exponent = (word[0] << 1 | word[1] >> 7) & 0xFF
    mantissa = (word[1] & 0x7F) << 16 | word[2] << 8 | word[3]
    if exponent < 96:  # below 2**-31, zero of either sign among them
        return 0
    if word[0] & 0x80 or exponent >= 150:
        return None
    shift = 150 - exponent
    return (((mantissa | 0x800000) * 10 << 1) + (1 << shift)) >> shift + 1


class SPS30:
    MEASURES = ("pm1", "pm25", "pm4", "pm10")
    BUS = "uart"
    BAUD = 115200
    CLEAN_MS = 11000  # section 4.2: 10 s, and a little
    WARM_UP_MS = 30000  # section 1.1: start-up time at low concentrations

    def __init__(self, bus):
        self._uart = bus

    def start(self):
        # Wake the sensor and start its fan; harmless when it runs already, as after a reset of the board.
        self._uart.write(WAKE_PULSE)
        self._command(WAKE)
        self._command(STATUS, READ_AND_CLEAR)
        state, _ = self._command(START, START_FLOATS)
        if state & ~DEVICE_ERROR not in (0, NOT_ALLOWED):
            raise _fault(NOT_READY, "refuses to start (state 0x{:02x})".format(state))

    def measure(self):
        deadline = time.ticks_add(time.ticks_ms(), NEW_DATA_MS)
        while True:
            state, data = self._command(READ)
            if state & DEVICE_ERROR:
                raise _fault(SENTINEL, self._device_error())
            if state:
                raise _fault(NOT_READY, "is not measuring (state 0x{:02x})".format(state))
            if data:
                return self._masses(data)
            if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                raise _fault(NOT_READY, "has no new result")
            time.sleep_ms(NEW_DATA_POLL_MS)

    def stop(self):
        # Fan off, then the sleep mode with 50 uA. Never raises: a sensor that sleeps already is silent, and
        # what is really broken is told by the next start().
        for command in (STOP, SLEEP):
            try:
                self._command(command)
            except SensorFault:
                pass

    def clean(self):
        # CLEAN_MS of fan at full speed; only while measuring. The sensor's own weekly cleaning counts the
        # time since power-on, so that one whose power is switched never gets to it.
        state, _ = self._command(CLEAN)
        if state:
            raise _fault(NOT_READY, "refuses to clean (state 0x{:02x})".format(state))

    def _masses(self, data):
        if len(data) != 40:
            raise _fault(CHECKSUM, "result has {} bytes, not 40".format(len(data)))
        values = tuple(tenths(data[4 * i : 4 * i + 4]) for i in range(4))
        if any(value is None or value > HIGHEST for value in values):
            raise _fault(SENTINEL, "value outside 0..1000 ug/m3")
        return values

    def _device_error(self):
        state, data = self._command(STATUS, b"\x00")
        flags = int.from_bytes(data[:4], "big")
        causes = [text for bit, text in FAULT_BITS if flags & bit]
        return ", ".join(causes) or "reports an error (state 0x{:02x})".format(state)

    def _command(self, command, data=b""):
        # -> (state, data); raises SensorFault when no sound answer came in time, twice.
        attempt = 1
        while True:
            waiting(self._uart)  # throws away what came unasked: banners, late answers
            self._uart.write(frame(command, data))
            try:
                return self._answer(command)
            except SensorFault:
                if attempt == ATTEMPTS:
                    raise
            attempt += 1

    def _answer(self, command):
        deadline = time.ticks_add(time.ticks_ms(), REPLY_MS)
        tally = Tally()
        body = bytearray()
        while time.ticks_diff(deadline, time.ticks_ms()) > 0:
            data = waiting(self._uart)
            tally.add(data)
            for byte in data:
                if byte == FLAG:
                    answer = parse(body)
                    if answer and answer[0] == command:
                        return answer[1:]
                    body = bytearray()
                elif len(body) < LONGEST_BODY:
                    body.append(byte)
            time.sleep_ms(POLL_MS)
        raise tally.fault("SPS30")


def _fault(quality, cause):
    return SensorFault(quality, "SPS30", cause)
