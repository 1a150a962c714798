# time as on the ESP32: integer seconds since 2000-01-01, ticks that wrap at 2**30, all in the host's
# virtual time.
import ustruct
import vb_bus as _bus
from utime import gmtime as _gmtime

_MASK = 0x3FFFFFFF
_HALF = 0x20000000
_UNIX_2000 = 946684800
_TICK_US = 5  # what looking at the clock costs, so that polling loops end


def ticks_us():
    _bus.spend(_TICK_US)
    return (_bus.us + _bus.spent) & _MASK


def ticks_ms():
    _bus.spend(_TICK_US)
    return (_bus.ms + (_bus.rest + _bus.spent) // 1000) & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def ticks_diff(end, start):
    return ((end - start + _HALF) & _MASK) - _HALF


def sleep_us(us):
    # An event (pin, timer) wakes the board for its handler; the answer is what is left to sleep.
    while us > 0:
        us = ustruct.unpack("<Q", _bus.call(OP.SLEEP, _bus.deaf(), 0, ustruct.pack("<Q", us), 8))[0]


def sleep_ms(ms):
    sleep_us(ms * 1000)


def sleep(seconds):
    sleep_us(int(seconds * 1000000))


def _now_us():
    return ustruct.unpack("<Q", _bus.call(OP.RTC_GET, room=8))[0]


def time():
    return _now_us() // 1000000


def time_ns():
    return _now_us() * 1000


def gmtime(seconds=None):
    return _gmtime((time() if seconds is None else int(seconds)) + _UNIX_2000)[:8]


localtime = gmtime


def mktime(fields):
    # Days from the civil date (Hinnant, "chrono-compatible low-level date algorithms"), year starting in
    # March.
    year, month, day, hour, minute, second = fields[:6]
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    if month <= 2:
        year -= 1
        month += 12
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1 - 730425
    return ((days * 24 + hour) * 60 + minute) * 60 + second
