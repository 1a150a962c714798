# The outermost ring: a damaged file costs its function, a failure that nothing else handles is written down,
# and the station sleeps until its next slot as if nothing had happened. Only a technician at the keyboard, or
# a station file that is refused while one is there, ends at the prompt, and that not for ever.
#
# Each compiled file ends with its CRC-32. None is loaded before it was proven: one that was cut keeps the
# interpreter reading for ever, and one with a flipped bit may do anything, also measure wrongly. In place of
# a damaged one stands an empty object, so that whoever imports from it fails, and goes without.

import io
import os
import sys
from binascii import crc32

import machine

CRASH_FILE = "/crash.txt"
_CRASH_BYTES = 1000
_FOLDERS = ("/station", "/boards", "/lib")
_PROVEN = 0x2144DF1C  # CRC-32 of anything that ends with its own
# How long to sleep when the crash came before the interval was known.
_BLIND_SLEEP_MS = 600000
_LONGEST_BLIND_MS = 3600000
_MOST_HUNG = 2  # the watchdog's resets in a row, until the board sleeps before it tries again
_TECHNICIAN_MS = 3600000


damaged = []  # the files that are


class _Damaged:
    pass


def start():
    try:
        for folder in _FOLDERS:
            _prove(folder)
        if machine.reset_cause() == machine.WDT_RESET:
            _after_watchdog()
        for name in ("_prove", "_is_sound", "_after_watchdog"):  # heap: needed no more
            del globals()[name]
        from station import cycle

        cycle.run()
    except KeyboardInterrupt:
        print("Stopped by hand. The station starts again with the next reset.")
    except Exception as error:
        try:
            _crashed(error)
        finally:
            machine.deepsleep(_BLIND_SLEEP_MS)
    machine.WDT(timeout=_TECHNICIAN_MS)  # it cannot be stopped, only made patient


def _prove(folder):
    buffer = bytearray(512)
    view = memoryview(buffer)
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            _prove(path)
        elif path.endswith(".mpy") and not _is_sound(path, buffer, view):
            print("LP-217 %s is damaged. Next: copy the image onto the board again" % path)
            name = path[5:] if path.startswith("/lib/") else path[1:]
            damaged.append(path)
            sys.modules[name[:-4].replace("/__init__", "").replace("/", ".")] = _Damaged()  # type: ignore[assignment]


def _is_sound(path, buffer, view):
    crc = 0
    try:
        with open(path, "rb") as file:
            while True:
                count = file.readinto(buffer)
                if not count:
                    return crc == _PROVEN
                crc = crc32(view[:count], crc)
    except OSError:
        return False


def _after_watchdog():
    # What hangs again and again may do so once in a while, not all the time.
    from station.memory import Memory

    memory = Memory(machine.RTC())
    memory.hung = min(memory.hung + 1, 0xFF)
    memory.save()
    if memory.hung > _MOST_HUNG:
        print("LP-220 the station has hung %d times in a row; it sleeps before it tries again." % memory.hung)
        print("Next: look at the texts above, copy the image onto the board again")
        machine.deepsleep(min(_LONGEST_BLIND_MS, _BLIND_SLEEP_MS * memory.hung))


def _crashed(error):
    from station.memory import Memory

    memory = Memory(machine.RTC())
    report(memory, error)
    memory.save()
    if memory.interval:
        from station.clock import asleep_ms, true_ms, until_next_slot_ms
        from station.radio_port import board_ms

        pause_ms = until_next_slot_ms(true_ms(memory, board_ms()), memory.interval)
        machine.deepsleep(asleep_ms(memory, pause_ms))


def report(memory, error):
    text = io.StringIO()
    sys.print_exception(error, text)
    print("LP-110 the firmware failed; it goes on at its next slot. Next: send this text to the maker.")
    print(text.getvalue())
    record(memory, text.getvalue())


def record(memory, text):
    # Counts a crash and keeps its text, the latest only.
    memory.crashes = min(memory.crashes + 1, 0xFFFF)
    try:
        with open(CRASH_FILE, "w") as file:
            file.write("crash %d, phase %d\n%s\n" % (memory.crashes, memory.phase, text[-_CRASH_BYTES:]))
    except OSError:
        pass  # a full or broken flash is no reason not to go on
