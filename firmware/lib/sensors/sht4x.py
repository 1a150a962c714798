# Sensirion SHT40/41/43/45: temperature and humidity over I2C.
# Source: data sheet SHT4x, sections 4.5 (commands), 4.6 (conversion), 4.4 (CRC).
# A measurement begins with a soft reset: it empties the sensor's output, so that what is read afterwards
# cannot be an old result. A command has no checksum. One that arrives as another gives numbers of the same
# form: the serial number at once, a coarse value early, a heated one late. So the sensor must be busy at
# first, and done in time.

import time

from sensors import CHECKSUM, NOT_READY, SENTINEL, SILENT, SensorFault
from sensors.i2c import I2CDevice

SOFT_RESET = b"\x94"
MEASURE_HIGH_PRECISION = b"\xfd"
RESET_MS = 2
EARLY_MS, CONVERSION_MS = 2, 10  # it takes 3.7 to 8.3 ms; the coarsest measurement 1.7 ms at most
READ_ATTEMPTS = 5
RETRY_MS = 5
LOWEST, HIGHEST = -4000, 12500  # 0.01 Cel


def crc8(data):
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31) & 0xFF if crc & 0x80 else crc << 1
    return crc


def temperature(ticks):
    # ticks 0..65535 -> 0.01 Cel: -45 + 175 * ticks / 65535
    return -4500 + (2 * 17500 * ticks + 65535) // 131070


def humidity(ticks):
    # ticks 0..65535 -> 0.01 %RH: -6 + 125 * ticks / 65535, cropped to 0..100 as the data sheet says
    return min(10000, max(0, -600 + (2 * 12500 * ticks + 65535) // 131070))


class SHT4x:
    MEASURES = ("temperature", "humidity")
    BUS = "i2c"
    WARM_UP_MS = 1

    def __init__(self, bus, address=0x44):
        self._device = I2CDevice(bus, address, "SHT4x")

    def start(self):
        pass

    def measure(self):
        self._device.write(SOFT_RESET)
        time.sleep_ms(RESET_MS)
        self._device.write(MEASURE_HIGH_PRECISION)
        time.sleep_ms(EARLY_MS)
        self._must_be_busy()
        time.sleep_ms(CONVERSION_MS - EARLY_MS)
        answer = self._read_result()
        values = temperature(self._ticks(answer[0:3])), humidity(self._ticks(answer[3:6]))
        if not LOWEST <= values[0] <= HIGHEST:
            raise self._device.fault(SENTINEL, "temperature outside -40..125 Cel")
        return values

    def stop(self):
        pass

    def _must_be_busy(self):
        try:
            self._device.read(6)
        except SensorFault as fault:
            if fault.quality == SILENT:
                return
            raise
        raise self._device.fault(CHECKSUM, "answers another command")

    def _read_result(self):
        # The sensor acknowledges a read only when it has a result.
        for _ in range(READ_ATTEMPTS):
            try:
                return self._device.read(6)
            except SensorFault as fault:
                if fault.quality != SILENT:
                    raise
            time.sleep_ms(RETRY_MS)
        raise self._device.fault(NOT_READY, "has no new result")

    def _ticks(self, word):
        if crc8(word[0:2]) != word[2]:
            raise self._device.fault(CHECKSUM, "bad CRC")
        ticks = word[0] << 8 | word[1]
        if ticks in (0, 0xFFFF):
            raise self._device.fault(SENTINEL, "converter at its limit")
        return ticks
