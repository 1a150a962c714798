"""A bench that joins a driver and a chip under CPython: I2C, UART, OneWire and time as drivers know them.

It is quick enough for hundreds of random truths; real MicroPython is in test_on_virtual_board.py.
"""

import importlib
import sys
import types
from pathlib import Path

import pytest

from luftpegel_tools.virtual_board.chips.base import BITS_PER_BYTE, BusStuck, Chip, Nack, UARTDevice
from luftpegel_tools.virtual_time.clock import VirtualClock

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
I2C_BYTE_US = 90  # nine bits at 100 kHz
TICK_US = 5
SLOT_US = 70
RESET_SLOT_US = 960


class BoardTime:
    """What drivers use of MicroPython's time module; `clock` is that of the bench in use."""

    clock: VirtualClock

    def sleep_ms(self, ms):
        self.sleep_us(1000 * ms)

    def sleep_us(self, us):
        self.clock.run_until(self.clock.now_us + us)

    def ticks_ms(self):
        self.sleep_us(TICK_US)
        return self.clock.now_us // 1000 % 2**30

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % 2**30

    def ticks_diff(self, end, start):
        return (end - start + 2**29) % 2**30 - 2**29


board_time = BoardTime()


class I2C:
    def __init__(self, *chips):
        self._chips = {chip.address: chip for chip in chips}

    def writeto(self, address, data):
        self._transfer(address, "write", bytes(data), len(data))
        return len(data)

    def readfrom(self, address, count):
        return self._transfer(address, "read", count, count)

    def writeto_mem(self, address, register, data):
        self.writeto(address, bytes([register]) + data)

    def readfrom_mem(self, address, register, count):
        self.writeto(address, bytes([register]))
        return self.readfrom(address, count)

    def _transfer(self, address, direction, argument, count):
        board_time.sleep_us(I2C_BYTE_US * (1 + count))
        try:
            if address not in self._chips:
                raise Nack
            return getattr(self._chips[address], direction)(argument)
        except Nack:
            raise OSError(19, "ENODEV") from None
        except BusStuck:
            raise OSError(116, "ETIMEDOUT") from None


class UART:
    def __init__(self, device: UARTDevice, rxbuf=256):
        self._device = device
        self._buffer = bytearray()
        self._rxbuf = rxbuf
        device.line = self

    def any(self):
        return len(self._buffer)

    def read(self, count):
        if not self._buffer:
            return None
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def write(self, data):
        clock = self._device.clock
        duration = len(data) * BITS_PER_BYTE * 1_000_000 // self._device.baudrate
        clock.call_later(duration, self._device.receive, bytes(data))
        return len(data)

    def carry(self, data, start_us, baudrate):
        byte_us = BITS_PER_BYTE * 1_000_000 / baudrate
        for i, byte in enumerate(data):
            self._device.clock.call_at(int(start_us + (i + 1) * byte_us), self._arrive, byte)

    def _arrive(self, byte):
        if len(self._buffer) < self._rxbuf:
            self._buffer.append(byte)


class OneWire:
    """MicroPython's onewire.OneWire; the pin is the list of devices on the line."""

    def __init__(self, pin):
        self._devices = pin

    def reset(self, required=False):
        board_time.sleep_us(RESET_SLOT_US)
        presence = [device.reset() for device in self._devices]
        return any(presence)

    def readbit(self):
        board_time.sleep_us(SLOT_US)
        return min((device.read_bit() for device in self._devices), default=1)

    def writebit(self, bit):
        board_time.sleep_us(SLOT_US)
        for device in self._devices:
            device.write_bit(bit)

    def readbyte(self):
        return sum(self.readbit() << i for i in range(8))

    def writebyte(self, byte):
        for i in range(8):
            self.writebit(byte >> i & 1)

    def readinto(self, buffer):
        for i in range(len(buffer)):
            buffer[i] = self.readbyte()

    def write(self, data):
        for byte in data:
            self.writebyte(byte)

    def scan(self):
        found, fork = [], None
        while fork != 64:
            path, fork = self._walk(found[-1] if found else bytes(8), 64 if fork is None else fork)
            found.append(path)
        return found

    def _walk(self, last, fork):
        """One pass of the search (Maxim application note 187): along `last` as far as `fork`."""
        self.reset()
        self.writebyte(0xF0)
        path, next_fork = 0, 64
        before = int.from_bytes(last, "little")
        for i in range(64):
            pair = self.readbit(), self.readbit()
            if pair == (0, 0):
                bit = 1 if i == fork else before >> i & 1 if i < fork and fork != 64 else 0
                next_fork = next_fork if bit else i
            else:
                bit = pair[0]
            self.writebit(bit)
            path |= bit << i
        return path.to_bytes(8, "little"), next_fork


class Bench:
    """A fresh virtual clock with the given chips powered on it for long enough to have started."""

    def __init__(self, *chips: Chip):
        self.clock = board_time.clock = VirtualClock()
        self.chips = chips
        for chip in chips:
            chip.clock = self.clock
            chip.power(True)
        self.wait_ms(100)

    def i2c(self):
        return I2C(*self.chips)

    def uart(self, rxbuf=256):
        return UART(self.chips[0], rxbuf)

    def onewire(self):
        return self.chips

    def wait_ms(self, ms):
        board_time.sleep_ms(ms)

    def measure(self, driver):
        """As a station does: start, wait until warm, measure, stop."""
        driver.start()
        self.wait_ms(driver.WARM_UP_MS)
        values = driver.measure()
        driver.stop()
        return values


def _prepare_drivers():
    sys.path.insert(0, str(FIRMWARE_LIB))
    onewire = types.ModuleType("onewire")
    onewire.OneWire = OneWire
    sys.modules["onewire"] = onewire
    for name in ("a02yyuw", "bme280", "bus_recovery", "ds18b20", "sht4x", "sps30"):
        importlib.import_module("sensors." + name).time = board_time


_prepare_drivers()


@pytest.fixture(scope="session")
def bench():
    return Bench
