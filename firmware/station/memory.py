# What the station remembers over deep sleep and reset: the RTC memory (2048 bytes, lost with the power). This
# is the one place that says which byte is whose. Each owner has a block at a place of its own: owner u8,
# version u8, length u16, that many bytes, CRC-32 of all of these. Damage to one costs no other.
#
# Fields are only ever added, at the end. So an older firmware's block is read for ever (what it lacks is 0),
# and a newer one's as far as it is known: an update drops nothing, least of all the radio's session.

import struct
from binascii import crc32

_HEAD = "<BBH"
_VERSION = 3
STATION, SETTINGS, RADIO, NUMBERS = 1, 2, 3, 4
# By owner; the last is where the next one would begin. What is seldom there comes last: heap is taken, twice,
# as far as the last one reaches.
_PLACES = (0, 0, 320, 384, 1088, 1344)
_RANGES = 8
_RANGE = "<IH"

# In the order of their names: behind the ranges asked for again. Times are board seconds. (Names and codes
# apart: a pair of each would cost heap.)
_CODES = "HIBIIIBBIBHIIHIIIBIIiIBIBIBBHBHIIIB"
_NAMES = (
    "era",  # how often the clock began anew
    "slot",  # start of the slot sampled last
    "sampled",  # 1 when "slot" means anything: something was sampled in this era
    "interval",  # seconds between slots, 0 not known yet
    "woken",  # end of the last wake
    "offset",  # Unix time minus board time; 0 unknown
    "cause",  # reset cause of this wake
    "phase",  # what the station is at, see below
    "benched",  # sensors (bits) that hung in this slot
    "faults",  # sensors that did not deliver at the last sampling
    "crashes",
    "join_since",  # first refused join, 0 none
    "join_next",  # no join before
    "joins_failed",
    "radio_setup",  # checksum of the settings the modem has been given; 0 none
    "status_next",  # when the next status frame is due
    "confirmed_next",  # when the network is to confirm a frame again
    "unheard",  # frames in a row that it did not confirm
    "next_seq",  # no reading had this number or a higher one
    "offset_at",  # when "offset" held; it moves on with "drift"
    "drift",  # millionths of a second that the clock loses a second; learnt
    "doubt",  # an offset that one answer told and none has confirmed; 0 none
    "mark",  # 1: "offset" is new, and the journal does not know it yet
    "time_next",  # when the network is to tell the time again
    "owes",  # 1: a configuration waits for its answer
    "token",  # whose answer
    "asked",  # bits of the settings that it named
    "low",  # 1: the battery was too low, and has not recovered
    "trouble",  # number of the LP code that the network is to be told; 0 none
    "hung",  # watchdog's resets in a row
    "battery",  # mV as measured last, 0 not
    "quiet_until",  # the radio is silent before: airtime of earlier lives
    "accounted",  # when the airtime was written down last
    "air_ms",  # spent since
    "joins_anew",  # in a row, after which the network confirmed nothing
)
_SIZES = {"B": 1, "H": 2, "I": 4, "i": 4}
FIELDS_AT = 6 * _RANGES

# Phases: what the station is at.
BOOT, SAMPLE, JOURNAL, RADIO_ON, SLEEP, CONFIGURE = 0, 1, 2, 3, 4, 5
SENSOR = 100  # sensor k is at work: SENSOR + k; its driver is loaded: SENSOR + 32 + k
LOAD = SENSOR + 32


class Memory:
    # `rtc` offers memory() -> bytes and memory(bytes), as machine.RTC does.

    def __init__(self, rtc):
        self._rtc = rtc
        self.ranges = []  # [first seq, count] asked for again, oldest request first
        kept = rtc.memory()
        self._raw = bytearray(kept)
        found = self.block(STATION)
        if found is None:
            from station.memory_0_3 import older

            found = older(self, kept, FIELDS_AT, RADIO)
        self.valid = found is not None
        self._unpack(found or b"")

    def block(self, owner):
        # The bytes that this owner keeps, None for none or damaged ones.
        start = _PLACES[owner]
        size = struct.calcsize(_HEAD)
        if len(self._raw) < start + size:
            return None
        found, _, length = struct.unpack_from(_HEAD, self._raw, start)
        end = start + size + length
        if found != owner or len(self._raw) < end + 4:
            return None
        if struct.unpack_from("<I", self._raw, end)[0] != crc32(memoryview(self._raw)[start:end]):
            return None
        return bytes(self._raw[start + size : end])

    def keep(self, owner, data):
        # Raises ValueError for more than there is room for: it would be the next owner's.
        start = _PLACES[owner]
        end = start + len(data) + 8
        if end > _PLACES[owner + 1]:
            raise ValueError("block %d has %d bytes" % (owner, len(data)))
        raw = self._raw
        if len(raw) < end:
            raw = self._raw = raw + bytes(end - len(raw))
        struct.pack_into(_HEAD, raw, start, owner, _VERSION, len(data))
        raw[start + 4 : end - 4] = data
        struct.pack_into("<I", raw, end - 4, crc32(memoryview(raw)[start : end - 4]))
        self._rtc.memory(raw)

    def clear(self):
        self._raw = bytearray()

    def _unpack(self, data):
        at = FIELDS_AT
        for i, name in enumerate(_NAMES):
            code = _CODES[i]
            size = _SIZES[code]
            known = at + size <= len(data)
            setattr(self, name, struct.unpack_from("<" + code, data, at)[0] if known else 0)
            at += size
        for i in range(_RANGES if data else 0):
            first, count = struct.unpack_from(_RANGE, data, 6 * i)
            if count:
                self.ranges.append([first, count])

    def save(self):
        data = bytearray(FIELDS_AT + sum([_SIZES[code] for code in _CODES]))
        for i, (first, count) in enumerate(self.ranges):
            struct.pack_into(_RANGE, data, 6 * i, first, count)
        at = FIELDS_AT
        for i, name in enumerate(_NAMES):
            code = _CODES[i]
            struct.pack_into("<" + code, data, at, getattr(self, name))
            at += _SIZES[code]
        self.keep(STATION, data)

    @property
    def radio(self):
        return self.block(RADIO) or b""

    def keep_radio(self, data):
        self.keep(RADIO, data)
        self.save()

    def at(self, phase):
        # Remembers what the station is at, for the record of a crash or of the watchdog.
        self.phase = phase
        self.save()

    def ask(self, first, count):
        # Queues a range to be sent again; joined with one that overlaps or touches, dropped when the queue is
        # full (the gateway asks again for what did not come).
        last = first + count
        for kept in self.ranges:
            if first <= kept[0] + kept[1] and kept[0] <= last:
                start = min(first, kept[0])
                kept[1] = min(max(last, kept[0] + kept[1]) - start, 0xFFFF)
                kept[0] = start
                return
        if len(self.ranges) < _RANGES:
            self.ranges.append([first, count])
