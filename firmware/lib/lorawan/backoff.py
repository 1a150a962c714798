# How long a device may go on asking to join (TS001-1.0.4, section 7): 36 s of airtime within the first hour,
# 36 s within the ten hours that follow, then 8.7 s a day, whatever else the region allows.

_HOUR = 3600000
_DAY = 24 * _HOUR


class JoinBackoff:
    def __init__(self):
        self.reset()

    def reset(self):
        # The network has answered.
        self.started = None  # ms of the caller's clock
        self.period = 0
        self.spent = 0  # ms of airtime within the period

    def free_at(self, airtime, now):
        # When a request of `airtime` ms may go.
        if self.started is None:
            return now
        period, end, allowed = _period(now - self.started)
        if period != self.period or self.spent + airtime <= allowed:
            return now
        return self.started + end

    def charge(self, airtime, now):
        if self.started is None:
            self.started = now
        period = _period(now - self.started)[0]
        if period != self.period:
            self.period = period
            self.spent = 0
        self.spent += airtime


def _period(elapsed):
    # Number of the period, its end (ms after the start), its allowance (ms of airtime).
    if elapsed < _HOUR:
        return 0, _HOUR, 36000
    if elapsed < 11 * _HOUR:
        return 1, 11 * _HOUR, 36000
    days = (elapsed - 11 * _HOUR) // _DAY
    return 2 + days, 11 * _HOUR + (days + 1) * _DAY, 8700
