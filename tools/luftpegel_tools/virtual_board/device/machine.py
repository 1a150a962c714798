# machine as on the ESP32-S3, each call carried over the bus to the host, which owns pins, buses, timers and
# power.
import ustruct
import vb_bus as _bus
from umachine import mem8, mem16, mem32  # noqa: F401 - part of the interface

_call = _bus.call

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
PIN_WAKE = 2
EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4
TOUCHPAD_WAKE = 5
ULP_WAKE = 6

_EVENT_PIN = 0
_EVENT_TIMER = 1


def reset():
    _call(OP.RESET)


def bootloader(timeout_ms=0):
    try:
        _bus.call(OP.BOOTLOADER)
    except OSError:
        raise AttributeError("'module' object has no attribute 'bootloader'")  # as in builds for the ESP32


def soft_reset():
    raise SystemExit


def reset_cause():
    return _call(OP.INFO, 1)


def wake_reason():
    return _call(OP.INFO, 2)


def deepsleep(time_ms=0):
    _call(OP.DEEP_SLEEP, time_ms)


def lightsleep(time_ms=0):
    _call(OP.LIGHT_SLEEP, time_ms)


def idle():
    _call(OP.WAIT, 1)


def unique_id():
    return _call(OP.INFO, 3, room=8)


def freq(hz=None):
    return 160000000 if hz is None else None


def disable_irq():
    _bus.masked += 1
    return _bus.masked - 1


def enable_irq(state):
    _bus.masked = state
    if not state:
        _bus.dispatch()


def bitstream(pin, encoding, timing, data):
    raise NotImplementedError("the virtual board has no bitstream")


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        number = id.id if isinstance(id, Pin) else id
        if not isinstance(number, int) or not 0 <= number <= 48:
            raise ValueError("invalid pin")
        self.id = number
        self.init(mode, pull, value=value, drive=drive, hold=hold)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        if mode is None:
            mode = -1
        if value is not None:
            _call(OP.PIN_SET, self.id, bool(value))
        if mode >= 0 or pull is None or pull >= 0:
            _call(OP.PIN_INIT, self.id, mode, ustruct.pack("<b", 0 if pull is None else pull))
        if hold is not None:
            _call(OP.PIN_HOLD, self.id, bool(hold))

    def value(self, level=None):
        if level is None:
            return _call(OP.PIN_GET, self.id)
        _call(OP.PIN_SET, self.id, bool(level))
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(not self.value())

    def irq(self, handler=None, trigger=3, *, wake=None, hard=False):
        # Only edges reach a handler; a level (WAKE_LOW, WAKE_HIGH) wakes from sleep.
        key = _EVENT_PIN << 8 | self.id
        if handler is None:
            _bus.handlers.pop(key, None)
        else:
            _bus.handlers[key] = lambda level: handler(self)
        _call(OP.PIN_IRQ, self.id, trigger if handler else 0)
        if trigger & 4 and (handler is None or wake):
            _call(OP.WAKE_PIN, self.id, trigger & 1)

    def __repr__(self):
        return "Pin(%d)" % self.id


def _bytes(data):
    return data.encode() if isinstance(data, str) else bytes(data)


def _number(pin):
    return pin.id if isinstance(pin, Pin) else pin


def _wires(*pins):
    return bytes(255 if pin is None else _number(pin) for pin in pins)


class Signal(Pin):
    def __init__(self, pin, *arguments, invert=False, **options):
        self._invert = invert
        super().__init__(pin, *arguments, **options)

    def value(self, level=None):
        if level is None:
            return super().value() ^ self._invert
        super().value(bool(level) ^ self._invert)
        return None


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self.id = id if id >= 0 else 0
        self.init(scl=scl, sda=sda, freq=freq)

    def init(self, *, scl=None, sda=None, freq=400000):
        _call(OP.I2C_INIT, self.id, freq, _wires(scl, sda))

    def deinit(self):
        pass

    def scan(self):
        return list(_call(OP.I2C_SCAN, self.id, room=112))

    def writeto(self, addr, buf, stop=True):
        return _call(OP.I2C_WRITE, self.id, addr, _bytes(buf))

    def writevto(self, addr, vector, stop=True):
        return self.writeto(addr, b"".join(_bytes(part) for part in vector), stop)

    def readfrom(self, addr, nbytes, stop=True):
        return _call(OP.I2C_READ, self.id, addr, ustruct.pack("<H", nbytes), nbytes) if nbytes else b""

    def readfrom_into(self, addr, buf, stop=True):
        buf[:] = self.readfrom(addr, len(buf))

    def readfrom_mem(self, addr, memaddr, nbytes, *, addrsize=8):
        head = ustruct.pack("<H", nbytes) + _register(memaddr, addrsize)
        return _call(OP.I2C_WRITE_READ, self.id, addr, head, nbytes)

    def readfrom_mem_into(self, addr, memaddr, buf, *, addrsize=8):
        buf[:] = self.readfrom_mem(addr, memaddr, len(buf), addrsize=addrsize)

    def writeto_mem(self, addr, memaddr, buf, *, addrsize=8):
        _call(OP.I2C_WRITE, self.id, addr, _register(memaddr, addrsize) + _bytes(buf))


def _register(address, size):
    return bytes(address >> shift & 255 for shift in range(size - 8, -1, -8))


class SoftI2C(I2C):
    # The pins of a soft bus decide which bus of the wiring it is; the host knows a bus by its number only.
    def __init__(self, scl=None, sda=None, *, freq=400000, timeout=50000):
        super().__init__(0, scl=scl, sda=sda, freq=freq)


class SPI:
    MSB = 0
    LSB = 1

    def __init__(self, id=1, baudrate=1000000, **options):
        self.id = id
        self._baudrate = baudrate
        self._wire(**options)

    def init(self, baudrate=None, **options):
        self._baudrate = baudrate or self._baudrate
        if "sck" in options:
            self._wire(**options)

    def _wire(self, *, sck=None, mosi=None, miso=None, polarity=0, phase=0, bits=8, firstbit=0):
        _call(OP.SPI_INIT, self.id, 0, _wires(sck, mosi, miso))

    def deinit(self):
        pass

    def _transfer(self, data, room):
        return _call(OP.SPI_TRANSFER, self.id, self._baudrate, _bytes(data), room)

    def write(self, buf):
        self._transfer(buf, 0)

    def read(self, nbytes, write=0):
        return self._transfer(bytes((write,)) * nbytes, nbytes)

    def readinto(self, buf, write=0):
        buf[:] = self.read(len(buf), write)

    def write_readinto(self, write_buf, read_buf):
        read_buf[:] = self._transfer(write_buf, len(read_buf))


class SoftSPI(SPI):
    def __init__(self, baudrate=500000, **options):
        super().__init__(1, baudrate, **options)


class UART:
    INV_TX = 32
    INV_RX = 4
    RTS = 1
    CTS = 2

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        self.id = id
        self._settings = [baudrate, 0, 256, -1, -1]
        self.init(baudrate, bits, parity, stop, **options)

    def init(
        self, baudrate=None, bits=8, parity=None, stop=1, *, tx=None, rx=None, timeout=None, rxbuf=None, **more
    ):
        # What is not named stays as it was; the pins say which device is meant where several share a UART.
        for at, value in enumerate((baudrate, timeout, rxbuf, _number(tx), _number(rx))):
            if value is not None:
                self._settings[at] = value
        _call(OP.UART_INIT, self.id, 0, ustruct.pack("<iiiii", *self._settings))

    def deinit(self):
        _call(OP.UART_DEINIT, self.id)

    def any(self):
        return _call(OP.UART_ANY, self.id)

    def read(self, nbytes=-1):
        # Chunks, because a reply must fit a message; a short chunk means that the time ran out.
        data = b""
        while nbytes != 0:
            ask = 1024 if nbytes < 0 else min(nbytes, 1024)
            part = _call(OP.UART_READ, self.id, ask, b"", ask)
            data += part
            if nbytes > 0:
                nbytes -= len(part)
            if len(part) < ask:
                break
        return data or None

    def readinto(self, buf, nbytes=-1):
        data = self.read(len(buf) if nbytes < 0 else min(nbytes, len(buf)))
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def readline(self):
        return _call(OP.UART_READLINE, self.id, 1024, b"", 1024) or None

    def write(self, buf):
        data = _bytes(buf)
        for at in range(0, len(data), 1024):
            _call(OP.UART_WRITE, self.id, 0, data[at : at + 1024])
        return len(data)

    def flush(self):
        _call(OP.UART_FLUSH, self.id)

    def txdone(self):
        return bool(_call(OP.UART_TXDONE, self.id))

    def sendbreak(self):
        _call(OP.UART_FLUSH, self.id)

    def ioctl(self, request, argument):
        if request != 3:
            return -1
        return (argument & 1 if self.any() else 0) | (argument & 4)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_12BIT = 12

    def __init__(self, pin, *, atten=0):
        self._pin = _number(pin)
        self._full_uv = 0
        self.init(atten=atten)

    def init(self, *, atten=0):
        # Full scale by attenuation, ESP32-S3 data sheet, ADC characteristics.
        self._full_uv = (950000, 1250000, 1750000, 3100000)[atten]

    atten = lambda self, atten: self.init(atten=atten)  # noqa: E731 - the port offers both names

    def width(self, bits):
        pass

    def read_uv(self):
        return min(_call(OP.ADC, self._pin), self._full_uv)

    def read_u16(self):
        return self.read_uv() * 65535 // self._full_uv

    def read(self):
        return self.read_u16() >> 4


class RTC:
    def memory(self, data=None):
        if data is None:
            return _call(OP.RTC_MEMORY_READ, room=2048)
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _call(OP.RTC_MEMORY_WRITE, 0, 0, data.encode() if isinstance(data, str) else data)
        return None

    def datetime(self, fields=None):
        import time

        if fields is None:
            now = time.time_ns() // 1000
            year, month, day, hour, minute, second, weekday, _ = time.gmtime(now // 1000000)
            return year, month, day, weekday, hour, minute, second, now % 1000000
        year, month, day, _, hour, minute, second, micro = fields
        now = time.mktime((year, month, day, hour, minute, second)) * 1000000 + micro
        _call(OP.RTC_SET, 0, 0, ustruct.pack("<Q", now))
        return None

    init = datetime


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id != 0 or timeout <= 0:
            raise ValueError("invalid watchdog")
        _call(OP.WDT, timeout)

    def feed(self):
        _call(OP.WDT_FEED)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id, **options):
        self.id = id & 0xFF
        if options:
            self.init(**options)

    def init(self, *, mode=1, period=-1, callback=None, freq=-1, tick_hz=1000, hard=False):
        period_us = 1000000 // freq if freq > 0 else period * (1000000 // tick_hz)
        if period_us <= 0:
            raise ValueError("invalid period")
        _bus.handlers[_EVENT_TIMER << 8 | self.id] = lambda value: callback and callback(self)
        _call(OP.TIMER, self.id, mode, ustruct.pack("<Q", period_us))

    def deinit(self):
        _bus.handlers.pop(_EVENT_TIMER << 8 | self.id, None)
        _call(OP.TIMER, self.id, 0, ustruct.pack("<Q", 0))
