# What AT modems have in common beyond their line (see at.py): reset and wake, settings that are written only
# when they differ and read back, and patience with a modem that is busy or has to keep silent for a moment.
#
# A modem is a subclass with the rest of this package's radio interface.

import time

from lora_radio import PROTOCOL, SILENT, RadioError
from lora_radio.at import MAX_EVENTS, ATSerial

QUICK_MS = 2500  # for an answer without radio
SAME_ANSWER_MS = 200  # lines of one answer follow each other
WAKE_MS = 600
WAKE_TRIES = 6
JOIN_MS = 20000  # SF12: 1.5 s on air, accept up to 6 s later, 1.8 s long
SEND_MS = 20000  # SF12: 2.8 s on air, second window 2 s later, 2.8 s long
BUSY_WAIT_MS = 2000
EXCHANGE_TRIES = 5
LONGEST_WAIT_MS = 10000  # for a free channel; a longer wait is the caller's to sleep through
RESET_LOW_MS = 50
BOOT_MS = 500
TRUE_TIMES = (1704067200, 4102444800)  # 2024 to 2100: a clock that was never set is outside


class Modem:
    BAUD = 9600
    RXBUF = 1024
    KEEPS_SETTINGS = True
    rx_offset_us = rx_spread_us = None
    behind = 0

    def __init__(self, uart, reset=None, clock=time):
        # clock: ticks_ms() and sleep_ms(), as MicroPython's time has them
        self._serial = ATSerial(uart, clock)
        self._reset_pin = reset
        self._clock = clock
        self._awake = False
        self._key = None
        self._inbox = []
        self.acknowledged = False
        self.pending = False

    def wake(self):
        if self._wakes():
            return
        if self._reset_pin is not None:
            self._reset_pin.value(0)
            self._clock.sleep_ms(RESET_LOW_MS)
            self._reset_pin.value(1)
            self._clock.sleep_ms(BOOT_MS)
            if self._wakes():
                return
        raise RadioError(
            SILENT, "modem does not answer: check its supply, both UART wires and %d baud" % self.BAUD
        )

    def off(self, _region):
        self.sleep()  # type: ignore[attr-defined]  # each modem has it

    def _wakes(self):
        # True when the modem answers; it is in step then.
        raise NotImplementedError

    def _has(self, *row):
        # Whether the modem has this setting, which begins with the question for it.
        raise NotImplementedError

    def _write(self, *row):
        # Have the modem take the setting.
        raise NotImplementedError

    def _hold(self, *row):
        # Make a setting what it should be if it is not; True when it had to be written. Verified by reading
        # it back. Asked twice, because one noisy answer must not cost a session.
        if self._has(*row) or self._has(*row):
            return False
        self._write(*row)
        if not self._has(*row):
            raise RadioError(PROTOCOL, "modem does not keep %s" % name_of(row[0]))
        return True

    def _hold_all(self, rows):
        written = 0
        for row in rows:
            written += self._hold(*row)
        return written > 0

    def _persist(self, command):
        # The outcome of command(); a modem that is busy, or kept silent by its duty cycle for a moment only,
        # is asked again.
        tries_left = EXCHANGE_TRIES
        while True:
            tries_left -= 1
            try:
                return command()
            except RadioError as failure:
                wait_ms = failure.wait_ms
                if not tries_left or not 0 < wait_ms <= LONGEST_WAIT_MS:
                    raise
            self._clock.sleep_ms(wait_ms)

    def _lost(self):
        # What to raise when the end of an exchange stays away. In step again, unless the modem is silent.
        self._awake = False
        self.wake()
        return RadioError(PROTOCOL, "modem lost a command, it may have restarted: send again")

    def _keep(self, received):
        # A downlink for the next that asks; a wire that babbles must not fill the heap with them.
        self._inbox.append(received)
        del self._inbox[:-MAX_EVENTS]

    def _taken(self):
        # The downlinks received until now; each is handed out once.
        received, self._inbox = self._inbox, []
        return received


def name_of(command):
    # A command without its parameters, one of which is the key.
    return command.split("=")[0]


def true_time(first, second):
    # The second of two readings of the modem's clock, in Unix seconds; None unless both agree, because a
    # digit that the wire falsified must not set the station's clock, and lie where a true time can.
    if first is None or second is None or not first <= second <= first + 2:
        return None
    return second if TRUE_TIMES[0] <= first < TRUE_TIMES[1] else None
