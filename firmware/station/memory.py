# What the station remembers over deep sleep and reset: the RTC memory (2048 bytes, lost with the power).
# This is the one place that says which byte is whose:
#     0..127     the station: fields of _LAYOUT below, then the queue of ranges asked for again, then CRC-32
#     128..2047  a radio that keeps its session itself: bytes that it seals itself
# A block of another version, or with a wrong checksum, counts as lost power.

import struct
from binascii import crc32

_VERSION = 2
_SIZE = 128
_RANGES = 8

# name, struct code. Times are board seconds.
_LAYOUT = (
    ("era", "H"),  # how often the clock began anew
    ("slot", "I"),  # start of the slot sampled last
    ("sampled", "B"),  # 1 when "slot" means anything: something was sampled in this era
    ("interval", "I"),  # seconds between slots, 0 not known yet
    ("woken", "I"),  # end of the last wake
    ("offset", "I"),  # Unix time minus board time; 0 unknown
    ("cause", "B"),  # reset cause of this wake
    ("phase", "B"),  # what the station is at, see below
    ("benched", "I"),  # sensors (bits) that hung in this slot
    ("faults", "B"),  # sensors that did not deliver at the last sampling
    ("crashes", "H"),
    ("join_since", "I"),  # first refused join, 0 none
    ("join_next", "I"),  # no join before
    ("joins_failed", "H"),
    ("radio_setup", "I"),  # checksum of the settings the modem has been given; 0 none
    ("status_next", "I"),  # when the next status frame is due
    ("confirmed_next", "I"),  # when the network is to confirm a frame again
    ("unheard", "B"),  # frames in a row that it did not confirm
)
_FORMAT = "<B" + "".join([code for _, code in _LAYOUT])
_QUEUE = struct.calcsize(_FORMAT)
_RANGE = "<IH"
_CRC = _SIZE - 4

# Phases: what the station is at.
BOOT, SAMPLE, JOURNAL, RADIO, SLEEP = 0, 1, 2, 3, 4
SENSOR = 100  # sensor k is at work: SENSOR + k


class Memory:
    # `rtc` offers memory() -> bytes and memory(bytes), as machine.RTC does.

    def __init__(self, rtc):
        self._rtc = rtc
        self.ranges = []  # [first seq, count] asked for again, oldest request first
        kept = rtc.memory()
        self.valid = (
            len(kept) >= _SIZE
            and kept[0] == _VERSION
            and struct.unpack_from("<I", kept, _CRC)[0] == crc32(kept[:_CRC])
        )
        self._raw = bytearray(kept if self.valid else _SIZE)
        values = struct.unpack_from(_FORMAT, self._raw)
        for i, (name, _) in enumerate(_LAYOUT):
            setattr(self, name, values[i + 1])
        for i in range(_RANGES):
            first, count = struct.unpack_from(_RANGE, self._raw, _QUEUE + 6 * i)
            if count:
                self.ranges.append([first, count])

    def save(self):
        raw = self._raw
        struct.pack_into(_FORMAT, raw, 0, _VERSION, *[getattr(self, name) for name, _ in _LAYOUT])
        for i in range(_RANGES):
            first, count = self.ranges[i] if i < len(self.ranges) else (0, 0)
            struct.pack_into(_RANGE, raw, _QUEUE + 6 * i, first, count)
        struct.pack_into("<I", raw, _CRC, crc32(memoryview(raw)[:_CRC]))
        self._rtc.memory(raw)

    @property
    def radio(self):
        return bytes(self._raw[_SIZE:])

    def keep_radio(self, data):
        self._raw[_SIZE:] = data
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
