# What the drivers of LoRa chips share: the interface to a MAC, time on air, guards of power and frequency.
#
#   Chip(spi, pins..., max_power_dbm, band_hz, sync_word=0x34)
#                       max_power_dbm: the one cap of the radiated power, nothing passes it. band_hz: (lowest,
#                       highest) frequency that it will ever tune to; images are calibrated for it.
#   begin               resets and sets up the chip; after power-up, and after sleep().
#   transmit            loads a frame and starts it, in some milliseconds -> ticks_us of its computed end.
#   transmitted         sleeps until `poll_us` before the computed end, then polls -> ticks_us of the end;
#                       RadioError when there is none. Polling allocates nothing, so no garbage is collected.
#   prepare_receive     everything but the start, before the wait for a window. timeout_us: how long to listen
#                       for a preamble; a frame is heard if 5 symbols of its preamble fall into that time.
#   receive             starts; the chip listens from `rx_delay_us` later on (its oscillator has to start).
#   received            None: still listening. False: nothing came, or what came was broken; `timeouts`,
#                       `header_errors` and `crc_errors` count why. Else the Packet.
#   standby, sleep, wake
#   airtime_us
#
# Times are ticks_us of `clock`. Everything raises RadioError and nothing else, and nothing waits for ever.
# Downlinks of LoRaWAN have no payload CRC, so receiving asks for none (crc=False); a wrong one is an error.

import time

from lora_radio import PROTOCOL, SILENT, TOO_LONG, RadioError

# Bits of flags(), whatever the chip.
TX_DONE = 1
RX_DONE = 2
HEADER = 4
HEADER_ERROR = 8
CRC_ERROR = 16

LONGEST = 255
AWAKE_US = 5000  # before what must not be late: a sleep of milliseconds may end late, one of microseconds not
POLL_US = 1000  # before the computed end of a frame
LATEST_US = 200000  # end of a frame behind the computed one; a sound chip has given up before
LONG_SYMBOL_US = 16000  # longer symbols need the low data rate optimisation
HEADER_SYMBOLS = 21  # preamble 8, sync word 4.25, header 8: from the first symbol to a valid header
SLACK_US = 2000  # of deadlines that only guard against a chip that does not answer


class Packet:
    # payload (bytes), rssi (dBm), snr_tenths (tenths of a dB), done_ticks_us: when its last symbol was in.
    def __init__(self, payload, rssi, snr_tenths, done_ticks_us):
        self.payload = payload
        self.rssi = rssi
        self.snr_tenths = snr_tenths
        self.done_ticks_us = done_ticks_us


def symbol_us(sf, bandwidth_hz):
    return (1000000 << sf) // bandwidth_hz


class Phy:
    tx_delay_us = 0  # from the start of transmit to the first symbol
    rx_delay_us = 0

    # A driver has begin(), standby(), sleep(), clear_flags(), _event() -> whether a DIO pin tells of an
    # interrupt, _interrupts() -> the chip's bits, FLAGS: pairs of chip's and our bit, _load_transmit,
    # _start_transmit, _load_receive, _start_receive and _read_packet.
    def __init__(self, max_power_dbm, band_hz, clock=time):
        self._max_power_dbm = max_power_dbm
        self._band_hz = band_hz
        self._clock = clock
        self._until = None  # ticks_us by which a reception must have come further; None: nothing is received
        self._header_seen = False
        self._tx_end = self._rx_us = self._body_us = 0
        self._wants_crc = False
        self.timeouts = self.header_errors = self.crc_errors = 0

    def airtime_us(self, sf, bandwidth_hz, length, preamble=8, crc=True):
        # Data sheet SX1261/2, section 6.1.4: explicit header, coding rate 4/5.
        symbol = symbol_us(sf, bandwidth_hz)
        bits = 8 * length - 4 * sf + (44 if crc else 28)
        per_block = 4 * (sf - 2 if symbol > LONG_SYMBOL_US else sf)
        blocks = max(0, (bits + per_block - 1) // per_block)
        return symbol * (4 * preamble + 17 + 4 * (8 + 5 * blocks)) // 4

    def transmit(
        self, frequency_hz, sf, bandwidth_hz, power_dbm, payload, preamble=8, inverted=False, crc=True
    ):
        if not 0 < len(payload) <= LONGEST:
            raise RadioError(TOO_LONG, "LoRa frame of %d bytes: 1 to 255 are possible" % len(payload))
        self._check(frequency_hz, sf)
        self.standby()
        power_dbm = min(power_dbm, self._max_power_dbm)
        self._load_transmit(frequency_hz, sf, bandwidth_hz, power_dbm, payload, preamble, inverted, crc)
        airtime = self.airtime_us(sf, bandwidth_hz, len(payload), preamble, crc)
        self._start_transmit(airtime)
        self._tx_end = self._clock.ticks_add(self._clock.ticks_us(), self.tx_delay_us + airtime)
        return self._tx_end

    def transmitted(self, poll_us=POLL_US):
        clock = self._clock
        polls = clock.ticks_add(self._tx_end, -poll_us)
        clock.sleep_ms(max(0, clock.ticks_diff(polls, clock.ticks_us()) - AWAKE_US) // 1000)
        clock.sleep_us(max(0, clock.ticks_diff(polls, clock.ticks_us())))
        event = self._event
        while not event():
            if clock.ticks_diff(clock.ticks_us(), self._tx_end) > LATEST_US:
                self.standby()
                raise RadioError(SILENT, "LoRa chip does not end its frame: check its supply and DIO pin")
        end = clock.ticks_us()
        if not self.flags() & TX_DONE:
            self.standby()
            raise RadioError(PROTOCOL, "LoRa chip gave up its frame: check its supply and antenna")
        self.clear_flags()
        return end

    def prepare_receive(self, frequency_hz, sf, bandwidth_hz, timeout_us, inverted=True, crc=False):
        self._check(frequency_hz, sf)
        self.standby()
        symbol = symbol_us(sf, bandwidth_hz)
        self._rx_us = self.rx_delay_us + timeout_us + HEADER_SYMBOLS * symbol + SLACK_US
        self._body_us = self.airtime_us(sf, bandwidth_hz, LONGEST)
        self._wants_crc = crc
        self._load_receive(frequency_hz, sf, bandwidth_hz, timeout_us, inverted, crc)

    def receive(self):
        self._start_receive()
        self._header_seen = False
        self._until = self._clock.ticks_add(self._clock.ticks_us(), self._rx_us)

    def received(self):
        if self._until is None:
            return False
        happened = self._event()
        now = self._clock.ticks_us()
        if not happened and self._clock.ticks_diff(now, self._until) < 0:
            return None
        flags = self.flags()
        if flags & RX_DONE:
            return self._end_receive(flags, now)
        if flags & HEADER and not self._header_seen and not flags & HEADER_ERROR:
            # The chip's own timer has stopped: from here on only the length of a frame is the limit.
            self._header_seen = True
            self._until = self._clock.ticks_add(now, self._body_us)
            return None
        if flags & HEADER_ERROR:
            self.header_errors += 1
        else:
            # The chip's time-out, or ours: noise that looked like a preamble stops the chip's timer.
            self.timeouts += 1
        self.standby()
        return False

    def wake(self):
        self.begin()

    def flags(self):
        interrupts = self._interrupts()
        return sum([ours for theirs, ours in self.FLAGS if interrupts & theirs])

    def _end_receive(self, flags, now):
        self._until = None
        packet = None if flags & CRC_ERROR else self._read_packet(self._wants_crc, now)
        self.clear_flags()
        if packet is None:
            self.crc_errors += 1
            return False
        return packet

    def _check(self, frequency_hz, sf):
        low, high = self._band_hz
        if not low <= frequency_hz <= high:
            raise RadioError(PROTOCOL, "%d Hz is outside the band: check region" % frequency_hz)
        if not 7 <= sf <= 12:
            raise RadioError(PROTOCOL, "spreading factor %d: 7 to 12 are possible" % sf)
