# What has been sent in each band within the last hour, so that no hour holds more than the region allows.
#
# An hour's account is the running slot of ten minutes and the six before it: never less than the last hour.
# Beside it the network may ask for silence after each frame (DutyCycleReq). Times are milliseconds of the
# caller's clock, which runs on in deep sleep and never back.

SLOT_MS = 600000
SLOTS = 7


class Ledger:
    def __init__(self, bands):
        self._allowed = [3600 * band[2] for band in bands]  # milliseconds an hour
        self.spent = [None] * len(bands)  # of a band: milliseconds by slot, the running one first
        self.slot = 0  # number of the running slot
        self.exponent = 0  # MaxDCycle: send at most a 2**exponent-th of the time, over all bands
        self.silent_until = 0
        self.enforced = True  # False only where a certification test asks for it

    def free_at(self, band, airtime, now):
        # When a frame of `airtime` ms may go in `band`.
        self.advance(now)
        start = max(now, self.silent_until)
        slots = self.spent[band]
        if slots is None or not self.enforced:
            return start
        room = self._allowed[band] - airtime - sum(slots)
        oldest = SLOTS - 1
        while room < 0 and oldest >= 0:
            room += slots[oldest]
            start = max(start, (self.slot - oldest + SLOTS) * SLOT_MS)
            oldest -= 1
        return start

    def charge(self, band, airtime, now):
        # A frame of `airtime` ms goes at `now`.
        self.advance(now)
        if self.spent[band] is None:
            self.spent[band] = [0] * SLOTS
        self.spent[band][0] += airtime
        self.silent_until = now + (airtime << self.exponent) if self.exponent else 0

    def advance(self, now):
        # Makes `now` part of the running slot.
        passed = now // SLOT_MS - self.slot
        if passed <= 0:
            return
        self.slot += passed
        passed = min(passed, SLOTS)
        for band, slots in enumerate(self.spent):
            if slots:
                slots = [0] * passed + slots[: SLOTS - passed]
                self.spent[band] = slots if any(slots) else None
