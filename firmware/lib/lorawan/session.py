# What a joined device and its network share.

from .channels import Channels


class Session:
    # `address`: 4 bytes as on the air; `keys`: (NwkSKey, AppSKey); `number`: one more than the JoinNonce that
    # made it, which tells sessions of a device apart.
    def __init__(self, region, address, keys, number, data_rate, adr):
        self.region = region
        self.address = address
        self.keys = keys
        self.number = number
        self.up = 0  # counter of the next uplink
        self.down = 0  # least counter of the next downlink
        self.data_rate = data_rate
        self.power = 0  # TXPower: steps of 2 dB below the most
        self.repeats = 1  # NbTrans
        self.adr = adr
        self.adr_count = 0  # uplinks since the last downlink
        self.rx_delay = 1  # seconds
        self.rx1_offset = 0
        self.rx2_frequency, self.rx2_rate = region.RX2
        self.channels = Channels(region)
        self.owes_ack = False
        self.answers = []  # MAC answers that the next uplink carries

    def settle(self, accepted):
        # Takes over what a join accept says after the device address.
        settings = accepted[10]
        if (settings >> 4 & 7) < len(self.region.RX1_OFFSETS):
            self.rx1_offset = settings >> 4 & 7
        if (settings & 15) < len(self.region.DATA_RATES):
            self.rx2_rate = settings & 15
        self.rx_delay = accepted[11] & 15 or 1
        self.channels.list(accepted[12:])

    def stay_usable(self):
        # Where no enabled channel has the data rate, the default channels are enabled: they have all of them.
        if not self.channels.usable(self.data_rate):
            self.channels.enable_defaults()

    def rx1_rate(self, rate):
        # The data rate of RX1 after an uplink with `rate`.
        rate -= self.region.RX1_OFFSETS[self.rx1_offset]
        return max(0, min(rate, len(self.region.DATA_RATES) - 1))
