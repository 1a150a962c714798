# A LoRaWAN 1.0.4 Class A end device without I/O: frames in, frames and times out (docs/lorawan.md).
#
#   mac.Mac            the device: joins, builds uplinks, takes downlinks, keeps the region's rules
#   regions            one file of data a region
#   clock_sync, firmware_management, certification   the application packages TS003, TS006, TS009
#   personalise        activation without a join, for tests on the bench
#
# Nothing here reads a clock, a radio or a file; all values are integers. The specification is TS001-1.0.4,
# the regions are those of RP002-1.0.4.

# Kinds of MacError: the number is that of the error code LP-2xx, as lora_radio numbers them.
BUSY = 232  # a frame's receive windows are still open
NOT_JOINED = 233  # no session: join first
JOIN_FAILED = 234  # no join can begin: the device's join numbers are used up
NO_CHANNEL = 235  # duty cycle used up, try again in `wait_ms`
TOO_LONG = 236  # more than max_payload() now

# Kinds of events: the first of three values.
JOINED = 1  # device address (4 bytes, as on the air), 0
DOWNLINK = 2  # frame counter, whether the network has more to send; comes first for each accepted frame
RECEIVED = 3  # port, payload
ACKNOWLEDGED = 4  # 0, 0
LINK_CHECK = 5  # margin in dB, number of gateways
DEVICE_TIME = 6  # GPS seconds, 256ths of a second, both at the end of the uplink that asked

# MAC commands by which a device asks.
LINK_CHECK_COMMAND = 0x02
DEVICE_TIME_COMMAND = 0x0D


class MacError(Exception):
    # `wait_ms`: with NO_CHANNEL, when to try again.
    def __init__(self, kind, text, wait_ms=0):
        super().__init__("LP-%d %s" % (kind, text))
        self.kind = kind
        self.wait_ms = wait_ms
