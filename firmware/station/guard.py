# The outermost ring: a failure that nothing else handles is written down, and the station sleeps until its
# next slot as if nothing had happened. Only a technician at the keyboard, or a refused station file, ends at
# the prompt.

import io
import sys

CRASH_FILE = "/crash.txt"
_CRASH_BYTES = 1000
# How long to sleep when the crash came before the interval was known.
_BLIND_SLEEP_MS = 600000


def start():
    try:
        from station import cycle

        cycle.run()
    except KeyboardInterrupt:
        print("Stopped by hand. The station starts again with the next reset.")
    except Exception as error:
        import machine

        try:
            _crashed(error, machine)
        finally:
            machine.deepsleep(_BLIND_SLEEP_MS)


def _crashed(error, machine):
    from station.memory import Memory

    text = io.StringIO()
    sys.print_exception(error, text)
    text = text.getvalue()
    print("LP-110 the firmware failed; it goes on at its next slot. Next: send this text to the maker.")
    print(text)
    memory = Memory(machine.RTC())
    record(memory, text)
    memory.save()
    if memory.interval:
        from station.clock import until_next_slot_ms
        from station.hardware import board_ms

        machine.deepsleep(until_next_slot_ms(board_ms(), memory.interval))


def record(memory, text):
    # Counts a crash and keeps its text, the latest only.
    memory.crashes = min(memory.crashes + 1, 0xFFFF)
    try:
        with open(CRASH_FILE, "w") as file:
            file.write("crash %d, phase %d\n%s\n" % (memory.crashes, memory.phase, text[-_CRASH_BYTES:]))
    except OSError:
        pass  # a full or broken flash is no reason not to go on
