# The device: what to send and when, where to listen, and what came.
#
# join_request() and uplink() give a Transmission. Its user keeps dump(), waits until the transmission's time,
# sends it and listens in its two windows. Each packet heard goes to received(); an empty answer means that it
# was not for us: go on listening. windows_closed() then gives the repetition, or None.
#
# `now` is in milliseconds; the clock runs on in deep sleep and never back.

from . import (
    ACKNOWLEDGED,
    BUSY,
    DOWNLINK,
    JOIN_FAILED,
    JOINED,
    NO_CHANNEL,
    NOT_JOINED,
    RECEIVED,
    TOO_LONG,
    MacError,
    adr,
    blob,
    commands,
    frames,
)
from .airtime import airtime_ms
from .backoff import JoinBackoff
from .channels import Channels
from .dutycycle import Ledger
from .regions import band_of
from .session import Session

JOIN_DELAY = 5  # seconds to RX1; RX2 is a second later
AHEAD = 32  # frame counters reserved in storage at once
_LAST_PORT = 224  # ports above are reserved


class Transmission:
    # `at`: not before this time (ms). `payload` goes with `sf`, `bandwidth_hz` on `frequency_hz` at
    # `power_dbm` (what the radio gives to the antenna). rx1, rx2: (microseconds after the end of the frame,
    # frequency in Hz, spreading factor, bandwidth in Hz).
    def __init__(self, at, frequency_hz, rate, power_dbm, payload, rx1, rx2):
        self.at = at
        self.frequency_hz = frequency_hz
        self.sf, self.bandwidth_hz = rate
        self.power_dbm = power_dbm
        self.payload = payload
        self.rx1 = rx1
        self.rx2 = rx2


class Mac:
    # region: a module of lorawan.regions.
    # storage: read(name) -> int, 0 for what was never written; write(name, int), durable when it returns.
    # random: n -> one of 0 to n - 1, different in each device (random.randrange).
    # dev_eui, join_eui, app_key: bytes as printed. `data_rate`: of the first uplink; kept if `adr` is False.
    # max_eirp: dBm, to stay below the region's cap; antenna_gain: dB of antenna less cable.
    def __init__(
        self,
        region,
        storage,
        random,
        dev_eui,
        join_eui,
        app_key,
        adr=True,
        data_rate=None,
        max_eirp=None,
        antenna_gain=0,
    ):
        if data_rate is not None and data_rate >= len(region.DATA_RATES):
            raise ValueError("%s has no data rate %d" % (region.NAME, data_rate))
        self.region = region
        self.dev_eui = dev_eui
        self.app_key = app_key
        self._join_eui = join_eui
        self._storage = storage
        self._random = random
        self._adr = adr
        self._data_rate = data_rate
        self._max_eirp = region.MAX_EIRP if max_eirp is None else min(max_eirp, region.MAX_EIRP)
        self._antenna_gain = antenna_gain
        self.ledger = Ledger(region.BANDS)
        self.backoff = JoinBackoff()
        self.session = None
        self.battery = 255  # for DevStatus: 0 mains, 1 (empty) to 254, 255 unknown
        self.quiet_until = 0  # ms: no new frame before
        self.acknowledged = False  # whether the network has confirmed the last confirmed uplink
        self.behind = 0  # after a join: how many more the network has to count before an accept can be taken
        self._requests = b""  # MAC commands of our own for the next uplink
        self._join_channels = Channels(region)
        self._flight = None  # the frame whose windows are open

    @property
    def joined(self):
        return self.session is not None

    @property
    def busy(self):
        return self._flight is not None

    # Joining

    def join_request(self, now):
        # MacError NO_CHANNEL (wait_ms) or JOIN_FAILED. An older session goes on until the network answers.
        self._be_idle()
        number = self._storage.read("dev_nonce")
        if number > 0xFFFF:
            raise MacError(JOIN_FAILED, "all join numbers are used up: give the device a new AppKey")
        rate = self._join_rate(number)
        self._wait(self._join_free_at(rate, now), now)
        self._storage.write("dev_nonce", number + 1)
        self.behind = 0
        frame = frames.join_request(self.app_key, self._join_eui, self.dev_eui, number)
        self._flight = _Flight(None, frame, rate, JOIN_DELAY, number, False, 1, b"")
        self.backoff.charge(self._airtime(rate, len(frame)), now)
        return self._transmit(now)

    def next_join_at(self, now):
        # When join_request() may be called: duty cycle, and the back-off that grows with the attempts.
        return self._join_free_at(self._join_rate(self._storage.read("dev_nonce")), now)

    def _join_rate(self, number):
        rates = self.region.JOIN_DATA_RATES
        return rates[number % len(rates)]

    def _join_free_at(self, rate, now):
        airtime = self._airtime(rate, frames.JOIN_REQUEST_BYTES)
        start = max(now, self.quiet_until, self.backoff.free_at(airtime, now))
        return max(start, self._free_channels(self._join_channels, rate, airtime, now)[0])

    def _accept_join(self, packet):
        accepted = frames.join_accept(self.app_key, packet.payload)
        if accepted is None:
            return []
        number = 1 + (accepted[0] | accepted[1] << 8 | accepted[2] << 16)
        known = self._storage.read("join_nonce")
        if number <= known:
            # An accept of an earlier join, played again; or of a network that has begun to count anew.
            self.behind = known - number + 1
            return []
        # First this: from now on no dump of an older session is taken.
        self._storage.write("join_nonce", number)
        self._storage.write("fcnt_up", 0)
        self._storage.write("fcnt_down", 0)
        keys = frames.session_keys(self.app_key, accepted, self._flight.number)
        rate = self._flight.rate if self._data_rate is None else self._data_rate
        self.session = Session(self.region, accepted[6:10], keys, number, rate, self._adr)
        self.session.settle(accepted)
        self.backoff.reset()
        self.ledger.exponent = 0
        self._flight = None
        return [(JOINED, self.session.address, 0)]

    # Sending

    def uplink(self, port, payload, confirmed, now):
        # A frame with `payload` on `port` (1 to 224), or an empty one (port None): it carries acknowledgement
        # and MAC answers. MacError NOT_JOINED, BUSY, TOO_LONG, NO_CHANNEL (wait_ms).
        if port is not None and not 0 < port <= _LAST_PORT:
            raise ValueError("port %d" % port)
        self._be_idle()
        session = self._joined_session()
        options = self._options(port is None)
        if len(options) > frames.MAX_OPTIONS:
            port, payload, options = 0, options, b""
        if len(payload) + len(options) > self.region.MAX_PAYLOAD[session.data_rate]:
            raise MacError(TOO_LONG, "at most %d bytes go now" % self.max_payload())
        self._wait(self._free_at(len(payload) + len(options), now), now)
        counter = self._next_counter()
        control = frames.ADR if session.adr else 0
        control |= frames.ADR_ACK_REQUEST if adr.wants_answer(session) else 0
        control |= frames.ACK if session.owes_ack else 0
        frame = frames.uplink(
            session.keys, session.address, counter, confirmed, control, options, port, payload
        )
        rate, delay, repeats = session.data_rate, session.rx_delay, session.repeats
        self._flight = _Flight(
            session, frame, rate, delay, counter, confirmed, repeats, self._requests
        )
        self._carried()
        return self._transmit(now)

    def max_payload(self):
        # Bytes that uplink() takes now, beside the MAC answers that wait.
        return self.region.MAX_PAYLOAD[self._joined_session().data_rate] - len(self._options(False))

    def next_transmission_at(self, length, now):
        # When a frame with `length` bytes of payload may go.
        return self._free_at(length + len(self._options(False)), now)

    def link_check(self):
        # The next uplink asks how well it is heard.
        self._ask(commands.LINK_CHECK_COMMAND)

    def request_time(self):
        # The next uplink asks for the time.
        self._ask(commands.DEVICE_TIME_COMMAND)

    def use_adr(self, on):
        # Whether the network steers data rate and power, from the next uplink on.
        self._adr = on
        if self.session:
            self.session.adr = on

    def cancel(self):
        # Gives up the repetitions of the frame that is under way.
        self._flight = None

    def _ask(self, command):
        if command not in self._requests:
            self._requests += bytes((command,))

    def _options(self, alone):
        # The MAC commands of the next uplink: as many as fit, whole ones, first the answers. A frame without
        # payload may carry more than a header can.
        most = self.region.MAX_PAYLOAD[0] if alone else frames.MAX_OPTIONS
        options = b""
        answers = self._joined_session().answers
        for command in answers + [self._requests[i : i + 1] for i in range(len(self._requests))]:
            if len(options) + len(command) > most:
                break
            options += command
        return options

    def _carried(self):
        # An uplink has taken what was to be told; some answers are told again until they are heard.
        session = self.session
        session.answers = [answer for answer in session.answers if answer[0] in commands.STICKY]
        session.owes_ack = False
        self._requests = b""
        self.acknowledged = False
        adr.sent(session)

    def _next_counter(self):
        # Storage is always ahead of what has been sent: a power cut skips counters and repeats none.
        counter = self.session.up
        if counter >= frames.LAST_COUNTER:
            raise MacError(NOT_JOINED, "all frame counters are used up: join anew")
        if counter >= self._storage.read("fcnt_up"):
            self._storage.write("fcnt_up", counter + AHEAD)
        self.session.up = counter + 1
        return counter

    def _free_at(self, length, now):
        session = self.session
        airtime = self._airtime(session.data_rate, frames.OVERHEAD + 1 + length)
        free = self._free_channels(session.channels, session.data_rate, airtime, now)[0]
        return max(free, self.quiet_until)

    def _free_channels(self, channels, rate, airtime, now):
        # (time, indexes): when a frame may go at the earliest, and on which channels then.
        times = {}
        for index in channels.usable(rate):
            band = band_of(self.region, channels.frequencies[index])
            times[index] = self.ledger.free_at(band, airtime, now)
        first = min(times.values())
        return first, [index for index in sorted(times) if times[index] == first]

    def _transmit(self, at):
        # The frame in flight as a Transmission, on a channel that is free: now, or later for a repetition.
        flight = self._flight
        session = flight.session
        channels = session.channels if session else self._join_channels
        airtime = self._airtime(flight.rate, len(flight.frame))
        free, indexes = self._free_channels(channels, flight.rate, airtime, at)
        index = channels.hop(indexes, self._random)
        frequency = channels.frequencies[index]
        self.ledger.charge(band_of(self.region, frequency), airtime, free)
        flight.left -= 1
        rates = self.region.DATA_RATES
        rx1, rx2 = self._windows(flight, channels.downlink(index))
        power = self._power(session.power if session else 0)
        return Transmission(free, frequency, rates[flight.rate], power, flight.frame, rx1, rx2)

    def _windows(self, flight, frequency):
        rates = self.region.DATA_RATES
        session = flight.session
        rx2_frequency, rx2_rate = self.region.RX2
        rx1_rate = flight.rate
        if session:
            rx2_frequency, rx2_rate = session.rx2_frequency, session.rx2_rate
            rx1_rate = session.rx1_rate(flight.rate)
        first = 1000000 * flight.delay
        return (first, frequency) + rates[rx1_rate], (first + 1000000, rx2_frequency) + rates[rx2_rate]

    def _power(self, step):
        # The one place where power is decided. The cap is the region's, or less; nothing passes it.
        asked = self.region.MAX_EIRP - 2 * step
        return min(asked, self._max_eirp) - self._antenna_gain

    def _airtime(self, rate, length):
        sf, bandwidth = self.region.DATA_RATES[rate]
        return airtime_ms(sf, bandwidth, length)

    # Receiving

    def received(self, packet, now):
        # What a packet (its `payload` and `snr_tenths`) in a receive window means: a list of events, of three
        # values each; empty when it is not for us.
        if self._flight is None:
            return []
        session = self._flight.session
        if session is None:
            return self._accept_join(packet)
        frame = frames.downlink(session.keys, session.address, session.down, packet.payload)
        return [] if frame is None else self._accept(frame, packet.snr_tenths // 10, now)

    def windows_closed(self, now):
        # Both windows are over. The same frame again, as a Transmission, or None: it is settled.
        flight = self._flight
        if flight is None:
            return None
        if flight.session is None or flight.confirmed:
            self.quiet_until = now + self._pause()
        if flight.left:
            return self._transmit(max(now, self.quiet_until))
        self._flight = None
        if flight.session:
            adr.unanswered(flight.session)
        return None

    def _accept(self, frame, snr, now):
        session = self.session
        flight = self._flight
        self._flight = None
        self._storage.write("fcnt_down", frame.counter + 1)
        session.down = frame.counter + 1
        session.adr_count = 0
        session.owes_ack = frame.confirmed
        events = [(DOWNLINK, frame.counter, frame.pending)]
        if flight.confirmed and frame.ack:
            self.acknowledged = True
            events.append((ACKNOWLEDGED, 0, 0))
        elif flight.confirmed:
            self.quiet_until = now + 1000 + self._pause()
        found = frame.payload if frame.port == 0 else frame.options
        context = commands.Context(session, self.ledger, self.battery, snr, flight.asked, events)
        session.answers = commands.process(found, context)
        session.stay_usable()
        if frame.port and frame.port <= _LAST_PORT:
            events.append((RECEIVED, frame.port, frame.payload))
        return events

    # Keeping the session

    def dump(self, now):
        # Everything, sealed; for RTC memory. It holds the session's keys.
        return blob.dump(self, now)

    def load(self, data, now, exact=False):
        # True if the session goes on. `exact`: the dump was kept before the last transmission went; without
        # it, counters go on from storage. A dump that is damaged, of another version, region, device or of an
        # older session is refused: the device is then not joined, its accounts are empty.
        return blob.load(self, data, now, exact)

    def resume(self, exact):
        # Joins a loaded session to what storage knows; True if it goes on.
        session = self.session
        if session is None:
            return False
        if session.number != self._storage.read("join_nonce"):
            self.session = None
            return False
        if not exact:
            session.up = max(session.up, self._storage.read("fcnt_up"))
        session.down = max(session.down, self._storage.read("fcnt_down"))
        session.adr = self._adr
        if not self._adr and self._data_rate is not None:
            session.data_rate = self._data_rate
            session.stay_usable()
        return True

    def _pause(self):
        # RETRANSMIT_TIMEOUT, in ms from the end of the second window.
        return 1000 + self._random(2000)

    def _joined_session(self):
        if self.session is None:
            raise MacError(NOT_JOINED, "not joined")
        return self.session

    def _be_idle(self):
        if self._flight is not None:
            raise MacError(BUSY, "the receive windows of a frame are open")

    def _wait(self, until, now):
        if until > now:
            raise MacError(NO_CHANNEL, "no channel before %d ms" % (until - now), until - now)


class _Flight:
    # A frame on its way: its session (None: a join request), data rate, seconds to RX1, DevNonce or frame
    # counter, whether it wants an acknowledgement, how often it may still go, the MAC commands it asked.
    def __init__(self, session, frame, rate, delay, number, confirmed, left, asked):
        self.session = session
        self.frame = frame
        self.rate = rate
        self.delay = delay
        self.number = number
        self.confirmed = confirmed
        self.left = left
        self.asked = asked
