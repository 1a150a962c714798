# Bosch BME280: temperature, humidity, pressure over I2C, one forced measurement at a time.
# Source: data sheet BST-BME280-DS002, sections 4.2.2 (trimming), 4.2.3, 8.1 (compensation), 5.4 (registers).
# The compensation is the data sheet's floating point formula brought onto one denominator, so integers of any
# length carry it exactly; its 32-bit integer version gives away up to 0.01 %RH.
# There is no checksum on this bus: everything is read twice, and what is set is read back, because a wrong
# oversampling gives wrong numbers that look sound. A measurement begins with a soft reset, after which the
# data registers show their reset values: old data cannot pass for new.

import struct
import time

from sensors import CHECKSUM, CONFIG, NOT_READY, SENTINEL
from sensors.i2c import I2CDevice

ID, RESET, CTRL_HUM, CTRL_MEAS, DATA = 0xD0, 0xE0, 0xF2, 0xF4, 0xF7
CALIBRATION_LOW, CALIBRATION_HIGH = 0x88, 0xE1
CHIP_ID, BMP280_ID = 0x60, 0x58
SOFT_RESET = 0xB6
RESET_DATA = b"\x80\x00\x00\x80\x00\x00\x80\x00"
HUMIDITY_1X = 0x01
FORCED_T2X_P4X = 0x4D
MODE_MASK = 0x03
MEASURING, UPDATING = 0x08, 0x01
RESET_MS = 3
CONVERSION_MS = 20  # 18.5 ms at most with these oversamplings (section 9.1)
POLLS = 10
POLL_MS = 5

# (lowest, highest) in base units: the operating range of section 1.1
RANGES = ((-4000, 8500), (0, 10000), (30000, 110000))


def calibration(low, high):
    # 26 bytes from 0x88 and 7 bytes from 0xE1 -> (T1..T3), (P1..P9), (H1..H6)
    words = struct.unpack("<HhhHhhhhhhhh", low[:24])
    h2, h3 = struct.unpack("<hB", high[:3])
    h4 = _signed8(high[3]) << 4 | high[4] & 0x0F
    h5 = _signed8(high[5]) << 4 | high[4] >> 4
    return words[:3], words[3:], (low[25], h2, h3, h4, h5, _signed8(high[6]))


def fine_temperature(adc, t):
    # 20-bit raw value -> (t_fine in 1/5120 Cel cut to an integer, temperature in 0.01 Cel)
    d = adc - (t[0] << 4)
    fine = (d * t[1] << 20) + d * d * t[2]  # t_fine * 2**34
    whole = fine >> 34 if fine >= 0 else -(-fine >> 34)
    return whole, (fine * 5 + (1 << 41)) >> 42


def pressure(adc, fine, p):
    # 20-bit raw value -> Pa, or None where the formula has no value
    w = fine - 128000
    divisor = ((1 << 55) + w * w * p[2] + (w * p[1] << 20)) * p[0]
    if divisor <= 0:
        return None
    offset = w * w * p[5] + (w * p[4] << 17) + (p[3] << 35)
    x = ((((1048576 - adc) << 31) - offset) * 6250 << 56) // divisor  # Pa * 2**32
    x += ((p[8] * x * x >> 63) + (p[7] * x >> 15) + (p[6] << 32)) >> 4
    return (x + (1 << 31)) >> 32


def humidity(adc, fine, h):
    # 16-bit raw value -> 0.01 %RH, cropped to 0..100 as the data sheet does
    w = fine - 76800
    gain = (1 << 52) + h[5] * w * ((1 << 26) + h[2] * w)
    x = ((adc << 14) - (h[3] << 20) - h[4] * w) * h[1] * gain >> 50  # %RH * 2**32
    x -= h[0] * x * x >> 51
    return min(10000, max(0, (x * 100 + (1 << 31)) >> 32))


def compensate(raw, trim):
    # 8 data bytes from 0xF7 -> (temperature, humidity, pressure) in base units
    fine, celsius = fine_temperature(raw[3] << 12 | raw[4] << 4 | raw[5] >> 4, trim[0])
    pascal = pressure(raw[0] << 12 | raw[1] << 4 | raw[2] >> 4, fine, trim[1])
    return celsius, humidity(raw[6] << 8 | raw[7], fine, trim[2]), pascal


def _signed8(byte):
    return byte - 256 if byte & 0x80 else byte


class BME280:
    MEASURES = ("temperature", "humidity", "pressure")
    BUS = "i2c"
    WARM_UP_MS = 2

    def __init__(self, bus, address=0x76):
        self._device = I2CDevice(bus, address, "BME280")
        self._trim = None

    def start(self):
        pass

    def measure(self):
        self._reset()
        if self._trim is None:
            self._trim = self._read_trim()
        self._device.write_register(CTRL_HUM, HUMIDITY_1X)
        self._device.write_register(CTRL_MEAS, FORCED_T2X_P4X)
        self._check_settings()
        time.sleep_ms(CONVERSION_MS)
        self._wait_until_idle(MEASURING)
        raw = self._read(DATA, 8)
        if raw == RESET_DATA:
            raise self._device.fault(NOT_READY, "did not measure")
        self._check_settings()
        values = compensate(raw, self._trim)
        for i, (lowest, highest) in enumerate(RANGES):
            if values[i] is None or not lowest <= values[i] <= highest:
                raise self._device.fault(SENTINEL, "value outside the sensor's range")
        return values

    def stop(self):
        pass  # a forced measurement ends in sleep mode by itself

    def _reset(self):
        chip_id = self._read(ID, 1)[0]
        if chip_id == BMP280_ID:
            raise self._device.fault(CONFIG, "is a BMP280, which has no humidity")
        if chip_id != CHIP_ID:
            raise self._device.fault(CONFIG, "has chip id 0x{:02x}, not 0x60".format(chip_id))
        self._device.write_register(RESET, SOFT_RESET)
        time.sleep_ms(RESET_MS)
        self._wait_until_idle(UPDATING)
        if self._read(DATA, 8) != RESET_DATA:
            raise self._device.fault(NOT_READY, "keeps old data through a reset")

    def _check_settings(self):
        # Both oversamplings as they were written, and no filter: at the beginning and at the end.
        hum, _, meas, config = self._device.read_registers(CTRL_HUM, 4)
        if hum & 7 != HUMIDITY_1X or meas & ~MODE_MASK != FORCED_T2X_P4X & ~MODE_MASK or config & 0x1C:
            raise self._device.fault(CHECKSUM, "does not keep its settings")

    def _wait_until_idle(self, busy):
        for _ in range(POLLS):
            _, status, control = self._device.read_registers(CTRL_HUM, 3)
            if not (status & busy or control & MODE_MASK):
                return
            time.sleep_ms(POLL_MS)
        raise self._device.fault(NOT_READY, "does not finish")

    def _read_trim(self):
        trim = calibration(self._read(CALIBRATION_LOW, 26), self._read(CALIBRATION_HIGH, 7))
        if trim[0][0] in (0, 0xFFFF) or trim[1][0] in (0, 0xFFFF):
            raise self._device.fault(SENTINEL, "has no calibration")
        return trim

    def _read(self, register, count):
        first = self._device.read_registers(register, count)
        if self._device.read_registers(register, count) != first:
            raise self._device.fault(CHECKSUM, "two reads of the same registers differ")
        return first
