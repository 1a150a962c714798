# The channels of a session: up to 16, the region's default ones first (RP002, dynamic channel plans).

from .regions import band_of

COUNT = 16
_ALL_ON = 6  # ChMaskCntl


class Channels:
    def __init__(self, region):
        self._region = region
        self._fixed = len(region.CHANNELS)
        self._rates = len(region.DATA_RATES) - 1
        self.frequencies = list(region.CHANNELS) + [0] * (COUNT - self._fixed)  # Hz, 0: not defined
        self.downlinks = [0] * COUNT  # Hz, where DlChannelReq has moved RX1
        self.ranges = bytearray([self._rates << 4] * COUNT)  # highest data rate << 4 | lowest
        self.mask = (1 << self._fixed) - 1  # enabled channels
        self.used = 0  # since all of them were last used
        self._last = 0

    def usable(self, data_rate, mask=None):
        # Indexes of the enabled channels (or of those in `mask`) that have the data rate.
        mask = self.mask if mask is None else mask
        return [
            index
            for index in range(COUNT)
            if mask >> index & 1 and self.ranges[index] & 15 <= data_rate <= self.ranges[index] >> 4
        ]

    def hop(self, free, random):
        # One of the channels `free`, at random among those not yet used in this round; never the last again
        # where there is another.
        fresh = [index for index in free if not self.used >> index & 1]
        if not fresh:
            self.used = 0
            fresh = [index for index in free if index != self._last] or free
        self._last = fresh[random(len(fresh))]
        self.used |= 1 << self._last
        return self._last

    def downlink(self, index):
        return self.downlinks[index] or self.frequencies[index]

    def define(self, index, frequency, data_rates):
        # NewChannelReq: its status, frequency ok 1, data rates ok 2; frequency 0 removes the channel.
        if not self._fixed <= index < COUNT:
            return 0
        low, high = data_rates & 15, data_rates >> 4
        status = (band_of(self._region, frequency) is not None) | (low <= high <= self._rates) << 1
        if not frequency:
            status = 3
        if status == 3:
            bit = 1 << index
            self.frequencies[index] = frequency
            self.downlinks[index] = 0
            self.ranges[index] = data_rates
            self.mask = self.mask | bit if frequency else self.mask & ~bit
        return status

    def move_downlink(self, index, frequency):
        # DlChannelReq: its status, frequency ok 1, channel exists 2.
        exists = index < COUNT and self.frequencies[index] != 0
        status = (band_of(self._region, frequency) is not None) | exists << 1
        if status == 3:
            self.downlinks[index] = frequency
        return status

    def masked(self, control, bits):
        # The mask that one ChMask of LinkADRReq asks for, or None when it enables what there is not.
        if control == _ALL_ON:
            return self._defined()
        return None if control or bits & ~self._defined() else bits

    def _defined(self):
        return sum([1 << index for index in range(COUNT) if self.frequencies[index]])

    def enable_defaults(self):
        self.mask |= (1 << self._fixed) - 1

    def list(self, frequencies):
        # The CFList of a join, type 0: five frequencies of 3 bytes after the default channels, then the type.
        if len(frequencies) == 16 and frequencies[15] == 0:
            for i in range(5):
                self.define(self._fixed + i, hertz(frequencies[3 * i :]), self._rates << 4)


def hertz(field):
    # A frequency field: 3 bytes, least first, in steps of 100 Hz.
    return 100 * (field[0] | field[1] << 8 | field[2] << 16)
