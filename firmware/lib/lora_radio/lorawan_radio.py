# A LoRa chip with our own MAC as one radio of the station: joins lorawan.mac to a Phy, and keeps its times.
#
# The end of a frame is taken from the chip. Each window is set up before the wait for it, and the chip stays
# awake: only the start is left to do. Garbage is collected before the frame and before each wait; then the
# collector is off until the window opens, because a wait takes hardly any memory, and polling for the end of
# a frame takes none. A window opens `margin` early and stays open as long after: what the clock may be wrong
# by. Each downlink shows by how much it was; the next windows follow that, by half of a margin at most: what
# was learnt wrongly makes nobody deaf.

import gc
import random
import struct
import time
from binascii import crc32

from lora_radio import JOIN_FAILED, NO_CHANNEL, PROTOCOL, RadioError, Received
from lora_radio.phy import AWAKE_US, POLL_US, symbol_us
from lorawan import ACKNOWLEDGED, DEVICE_TIME, DOWNLINK, RECEIVED, MacError
from lorawan.mac import Mac

MARGIN_US = 20000  # awake
LIGHT_MARGIN_US = 30000  # behind light sleep, with its RC clock
JOIN_MARGIN_US = 50000  # the wait is five times as long, and nothing is known of the clock yet
SLACK_US = 1500  # until a frame's end is noticed, and until the chip has its command
LOCK_SYMBOLS = 5  # of the preamble a receiver needs; it may miss the other 3
LEAST_FRAME = 12  # bytes: nothing that is for us is shorter
MOST_ERROR_US = 0x7FFF  # that is kept
SMOOTHING = 4  # downlinks until a new error counts in full, roughly
COLLECTING_US = 150000  # the longest collection: megabytes of PSRAM
LEAST_NAP_MS = 10  # a shorter light sleep is not worth its beginning and end
LIGHT_DOUBT = 7  # bits: the RC clock goes wrong by 0.5 % at most, allowed is a 128th

LONGEST_WAIT_MS = 10000  # for a free channel; a longer wait is the caller's to sleep through
LONGEST_EXCHANGE_MS = 60000  # no repetition begins later
SEND_TRIES = 5
ANTENNA_GAIN_DB = 2  # of the usual rod; the region's cap is for what leaves the antenna
UNIX_GPS_S = 315964800 - 18  # Unix seconds at GPS second 0, less the leap seconds since (2017 the last)
TRUE_GPS_S = (1388102418, 3786480018)  # 2024 to 2100: a clock that was never set is outside
EMPTY_MV, FULL_MV = 3000, 4200  # of a lithium cell, for DevStatus
_TIMING = "<hH"


class LorawanRadio:
    KEEPS_SETTINGS = False  # configure() is due after each start of the board

    # open_phy(max_power_dbm, (lowest, highest Hz)) -> Phy. storage: see lorawan.mac. memory: its `radio` are
    # bytes that outlive deep sleep, written by keep_radio(bytes). now_ms() runs on in deep sleep and never
    # back. clock: MicroPython's time. light_sleep(ms): sleeps in the long waits instead of clock.sleep_ms;
    # ticks and pins must live on in it, and it may end early.
    def __init__(self, open_phy, storage, memory, now_ms, clock=time, light_sleep=None):
        self._open_phy = open_phy
        self._storage = storage
        self._memory = memory
        self._now_ms = now_ms
        self._clock = clock
        self._light_sleep = light_sleep
        self._margin_us = LIGHT_MARGIN_US if light_sleep else MARGIN_US
        self._phy = None
        self._mac = None
        self._awake = False
        self._heard = None  # the last packet that was for us
        self._ended_ms = 0  # end of the last frame
        self._unix_ms = None  # Unix time less now_ms()
        self.battery_mv = 0  # as measured last, 0 unknown: the network may ask
        self.behind = 0
        self.rx_offset_us = 0
        self.rx_spread_us = 0
        self.acknowledged = False
        self.pending = False

    # --- the radio interface ---

    def configure(self, region, dev_eui, join_eui, app_key, data_rate, adr):  # noqa: PLR0917 - the interface
        if dev_eui is None or join_eui is None:
            raise RadioError(JOIN_FAILED, "no dev_eui or join_eui in this board: provision the station")
        data = _region(region)
        if data_rate >= len(data.DATA_RATES):
            raise RadioError(PROTOCOL, "%s has no data rate %d: check data_rate" % (region, data_rate))
        now = self._now_ms()
        random.seed(crc32(dev_eui) ^ now & 0xFFFFFFFF)  # each device hops in its own order
        if self._phy is None:
            self._open_chip(data)
        self._mac = Mac(
            data,
            self._storage,
            random.randrange,
            dev_eui,
            join_eui,
            app_key,
            adr,
            data_rate,
            antenna_gain=ANTENNA_GAIN_DB,
        )
        self._mac.battery = _level(self.battery_mv)
        self._restore(now)
        self._mac.use_adr(adr)
        if self._mac.joined and not adr:
            self._mac.session.data_rate = data_rate
            self._mac.session.stay_usable()
        self._phy.begin()  # whatever the chip was at before: the board may have started anew
        self._awake = True

    def joined(self):
        return self._mac is not None and self._mac.joined

    def join(self, anew=False):  # noqa: ARG002 - the MAC keeps a session until the network answers, anyway
        self._configured()
        joined = bool(self._exchange(self._ask(self._mac.join_request, self._now_ms()), JOIN_MARGIN_US))
        self.behind = 0 if joined else self._mac.behind
        return joined

    def max_payload(self):
        self._configured()
        return self._ask(self._mac.max_payload)

    def send(self, port, payload, confirmed=False):
        self._configured()
        self.acknowledged = self.pending = False
        events = self._exchange(self._uplink(port, payload, confirmed), self._margin_us)
        received = []
        for kind, one, two in events:
            if kind == DOWNLINK:
                self.pending = two
            elif kind == ACKNOWLEDGED:
                self.acknowledged = True
            elif kind == RECEIVED:
                received.append(Received(one, two, self._heard.rssi, self._heard.snr_tenths))
            elif kind == DEVICE_TIME and TRUE_GPS_S[0] <= one < TRUE_GPS_S[1]:
                self._unix_ms = 1000 * (one + UNIX_GPS_S) + 1000 * two // 256 - self._ended_ms
        return received

    def network_time(self, ask=True):
        self._configured()
        if ask:
            self._mac.request_time()
        return None if self._unix_ms is None else (self._now_ms() + self._unix_ms) // 1000

    def sleep(self):
        if self._awake:
            self._phy.sleep()
            self._awake = False

    def off(self, region):
        if self._phy is None:
            self._open_chip(_region(region))
            self._phy.begin()  # type: ignore[attr-defined]  # just opened
        self._phy.sleep()
        self._awake = False

    def wake(self):
        if not self._awake:
            self._phy.wake()
            self._awake = True

    def _open_chip(self, region):
        bands = region.BANDS
        self._phy = self._open_phy(region.MAX_EIRP - ANTENNA_GAIN_DB, (bands[0][0], bands[-1][1]))

    # --- the MAC ---

    def _configured(self):
        if self._mac is None:
            raise RadioError(JOIN_FAILED, "no key: configure first")
        self.wake()

    def _ask(self, method, *arguments):
        # A method of the Mac; its errors have the same numbers as ours.
        try:
            return method(*arguments)
        except MacError as error:
            raise RadioError(error.kind, str(error)[7:], error.wait_ms) from None

    def _uplink(self, port, payload, confirmed):
        # The frame, once a channel is free.
        tries_left = SEND_TRIES
        while True:
            data = payload() if callable(payload) else payload
            try:
                return self._ask(self._mac.uplink, port, data, confirmed, self._now_ms())
            except RadioError as failure:
                tries_left -= 1
                if failure.kind != NO_CHANNEL or not tries_left or failure.wait_ms > LONGEST_WAIT_MS:
                    raise
                wait_ms = failure.wait_ms
            self._rest(wait_ms)

    def _exchange(self, frame, margin_us):
        # Sends a frame with its repetitions until something answers: the events.
        started = self._now_ms()
        try:
            while frame:
                now = self._now_ms()
                if max(frame.at, now) - started > LONGEST_EXCHANGE_MS or frame.at - now > LONGEST_WAIT_MS:
                    break
                self._rest(max(0, frame.at - now))
                events = self._fly(frame, margin_us)
                if events:
                    return events
                frame = self._mac.windows_closed(self._now_ms())
            return ()
        finally:
            self._mac.cancel()
            self._keep()

    def _fly(self, frame, margin_us):
        # One transmission with its two windows: the events of what came.
        self._keep()
        end = self._transmit(frame)
        self._ended_ms = self._now_ms()
        for window in (frame.rx1, frame.rx2):
            events = self._listen(window, end, margin_us)
            if events:
                return events
        return ()

    def _transmit(self, frame):
        # -> ticks_us of its end.
        phy, clock = self._phy, self._clock
        gc.collect()
        due = phy.transmit(frame.frequency_hz, frame.sf, frame.bandwidth_hz, frame.power_dbm, frame.payload)
        doubt = clock.ticks_diff(due, clock.ticks_us()) >> LIGHT_DOUBT if self._light_sleep else 0
        gc.disable()
        try:
            self._rest_until(clock.ticks_add(due, -doubt))
        finally:
            gc.enable()
        return phy.transmitted(POLL_US + doubt)

    # --- windows ---

    def _listen(self, window, end, margin_us):
        # The events of what came. The window is ours to its end, whatever comes in it for others.
        delay_us, frequency_hz, sf, bandwidth_hz = window
        phy, clock = self._phy, self._clock
        symbol = symbol_us(sf, bandwidth_hz)
        if self._light_sleep:
            margin_us = max(margin_us, delay_us >> LIGHT_DOUBT)  # a network may ask for 15 s
        shift = _limited(self.rx_offset_us, margin_us // 2)
        spare = (8 - LOCK_SYMBOLS) * symbol
        shortest = phy.airtime_us(sf, bandwidth_hz, LEAST_FRAME, crc=False) - spare
        early = max(0, margin_us + SLACK_US - spare)
        opens = clock.ticks_add(end, delay_us + shift - early - phy.rx_delay_us)
        while True:
            left = early + margin_us + SLACK_US - max(0, clock.ticks_diff(clock.ticks_us(), opens))
            if left < 0:
                return ()
            timeout = left + LOCK_SYMBOLS * symbol
            phy.prepare_receive(frequency_hz, sf, bandwidth_hz, timeout)
            self._open(opens)
            packet = self._outcome(min(timeout, shortest) // 1000, max(1, symbol // 8000))
            events = self._mac.received(packet, self._now_ms()) if packet else ()
            if events:
                self._heard = packet
                self._calibrate(window, end, packet, margin_us)
                return events

    def _open(self, opens):
        # Lets the chip listen from ticks `opens` on, or at once if they are past.
        clock = self._clock
        if clock.ticks_diff(opens, clock.ticks_us()) > COLLECTING_US:
            gc.collect()
        gc.disable()
        try:
            self._rest_until(opens)
            clock.sleep_us(max(0, clock.ticks_diff(opens, clock.ticks_us())))
            self._phy.receive()
        finally:
            gc.enable()

    def _outcome(self, quiet_ms, pause_ms):
        # A Packet, or False. Nothing can be told before `quiet_ms` have passed.
        self._clock.sleep_ms(quiet_ms)
        while True:
            packet = self._phy.received()
            if packet is not None:
                return packet
            self._clock.sleep_ms(pause_ms)

    def _rest_until(self, until):
        # Sleeps until the last milliseconds before ticks `until`, because no sleep ends in time.
        left = self._clock.ticks_diff(until, self._clock.ticks_us()) - AWAKE_US
        if left > 0:
            self._rest(left // 1000)

    def _rest(self, ms):
        if self._light_sleep and ms >= LEAST_NAP_MS:
            self._light_sleep(ms)
        else:
            self._clock.sleep_ms(ms)

    def _calibrate(self, window, end, packet, margin_us):
        # Takes from a downlink that was for us by how much it came late. What no window bears is an end that
        # was noticed late.
        delay_us, _, sf, bandwidth_hz = window
        airtime = self._phy.airtime_us(sf, bandwidth_hz, len(packet.payload), crc=False)
        error = self._clock.ticks_diff(packet.done_ticks_us, end) - airtime - delay_us
        if error > 2 * margin_us:
            return
        change = error - self.rx_offset_us
        self.rx_spread_us += (min(abs(change), 0xFFFF) - self.rx_spread_us) // SMOOTHING
        self.rx_offset_us = _limited(self.rx_offset_us + change // SMOOTHING, MOST_ERROR_US)

    # --- deep sleep ---

    def _keep(self):
        timing = struct.pack(_TIMING, self.rx_offset_us, self.rx_spread_us)
        self._memory.keep_radio(timing + self._mac.dump(self._now_ms()))

    def _restore(self, now):
        # The Mac's own seal tells whether what was kept is sound.
        kept = self._memory.radio
        size = struct.calcsize(_TIMING)
        if self._mac.load(kept[size:], now, exact=True):
            self.rx_offset_us, self.rx_spread_us = struct.unpack(_TIMING, kept[:size])


def _level(millivolts):
    # 1 (empty) to 254, 255 unknown.
    if not millivolts:
        return 255
    return 1 + max(0, min(253, 253 * (millivolts - EMPTY_MV) // (FULL_MV - EMPTY_MV)))


def _limited(error_us, most_us):
    return max(-most_us, min(most_us, error_us))


def _region(name):
    module = "lorawan.regions." + name.lower()
    return __import__(module, None, None, ("NAME",))
