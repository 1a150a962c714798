# The readings frame: the newest reading of a station and as many older ones as fit the payload.
#
#     [1, seq, age, body]        version, number of the newest reading, its age in seconds, packed rows
#
# The body is one byte (rows - 1) and a range-coded string: channels, steps, then row by row, newest first:
# what is unusual about the row, the seconds to the row before, one value a channel. docs/wire.md tells all.
#
# Here are the model and what a station writes with it; readings_reader.py reads with the same model.

from .cbor import BYTES, dumps, head
from .column import MAX_MAGNITUDE, Column
from .errors import OUT_OF_RANGE, TOO_LARGE, WireError
from .quality import MISSING, OK, UNKNOWN
from .quantities import default_step
from .rangecoder import HALF, ONE, Encoder

VERSION = 1
MAX_ROWS = 256
MAX_CHANNELS = 31
MAX_CHANNEL = 255
MAX_SEQ = (1 << 32) - 1
MAX_INTERVAL = MAX_MAGNITUDE  # seconds, two years; beyond, the time between two readings is unknown
MAX_AGE = (1 << 31) - 1
UNKNOWN_AGE = -1

# Resolutions that a frame can name, in base units of the quantity.
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 125, 200, 250, 500, 1000, 2000, 5000, 10000)
# Intervals that cost no more than a few bits.
INTERVALS = (60, 120, 300, 600, 900, 1200, 1800, 3600)

_LIKELY = ONE * 3 // 4
_SURPRISE = ONE // 64  # a row is as unusual as this, to begin with


class Row:
    # One reading: values in base units (None where the quality says that there is none) and qualities.
    # age: seconds from sampling to transmission; None beyond a lost clock.
    # interval: seconds to the next newer reading of the frame; None if the clock was lost in between.
    # absent: the station has no such reading (channels without cells, no time).

    def __init__(self, seq, age, interval, values, quality, absent=False):
        self.seq = seq
        self.age = age
        self.interval = interval
        self.values = values
        self.quality = quality
        self.absent = absent


def encode_readings(channels, rows, limit, steps=None):
    # (payload of at most `limit` bytes, rows taken). channels: rising numbers. rows: an iterable, newest
    # first, numbered without a gap; as many are taken as fit. steps: base units a channel; a list of rows,
    # unlike a generator, can be looked through for a resolution that is coarser and yet exact.
    # Raises WireError if not even the first row fits, or there is none.
    steps = steps or [default_step(channel) for channel in channels]
    if isinstance(rows, (list, tuple)):
        from .resolution import encode_listed  # a station's rows come from a generator

        return encode_listed(channels, rows, limit, list(steps))
    rows = iter(rows)
    row = newest = next(rows, None)
    age = None  # of the newest row taken that is there
    coder = Encoder()
    code_channels(coder, channels)
    code_steps(coder, channels, steps)
    model = Rows(len(channels))
    taken, packed = 0, b""
    while row is not None and taken < MAX_ROWS:
        model.code(coder, row.absent, row.interval, *_in_steps(row, steps))
        told = _told_age(row) if age is None and not row.absent else age
        longer = coder.finished()
        if len(_head(newest, told, len(longer))) + 1 + len(longer) > limit:
            break
        taken, packed, age = taken + 1, longer, told
        row = next(rows, None)
    if not taken:
        raise WireError(TOO_LARGE, "no row of %d channels fits into %d bytes" % (len(channels), limit))
    return _head(newest, age, len(packed)) + bytes([taken - 1]) + packed, taken


def _told_age(row):
    return row.age if row.age is not None and 0 <= row.age <= MAX_AGE else UNKNOWN_AGE


def _head(newest, age, packed):
    # All before the body's first byte: array of four, version, number, age, length of the body.
    number, body = dumps(newest.seq), head(BYTES, 1 + packed)
    return b"\x84\x01" + number + dumps(UNKNOWN_AGE if age is None else age) + body


def _in_steps(row, steps):
    # Values from base units to steps, rounded half up, and the qualities. A number that the wire cannot
    # carry comes from a broken sensor: it travels as a fault.
    quality = list(row.quality or [OK] * len(steps))
    values = []
    for index, value in enumerate(row.values):
        if value is None:
            quality[index] = max(quality[index], MISSING)
        elif quality[index] < MISSING:
            value = (2 * value + steps[index]) // (2 * steps[index])
            if not -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
                quality[index] = UNKNOWN
        values.append(value)
    return values, quality


def code_channels(coder, channels):
    # Count and gaps. What is usually measured together stands together in the table, and there is mostly
    # one sensor of a quantity: a gap of 2 is likely, a small even one not rare.
    count = coder.bits(5, 0 if channels is None else len(channels))
    found = []
    last = 0
    for index in range(count):
        gap = 0 if channels is None else channels[index] - last
        if coder.bit(_LIKELY, gap == 2):
            gap = 2
        else:
            near = coder.bits(3, gap // 2 - 1 if gap % 2 == 0 and 2 < gap < 18 else 0)
            gap = 2 + 2 * near if near else coder.bits(8, gap)
        last += gap
        if gap < 1 or not 2 <= last <= MAX_CHANNEL:
            raise WireError(OUT_OF_RANGE, "channel %d; they rise, from 2 to %d" % (last, MAX_CHANNEL))
        found.append(last)
    return tuple(found)


def code_steps(coder, channels, steps):
    # One bit if all are the usual ones; else for each channel whether it is, or which.
    usual = [default_step(channel) for channel in channels]
    if coder.bit(HALF, steps is not None and list(steps) == usual):
        return tuple(usual)
    found = []
    for index, step in enumerate(usual):
        wanted = step if steps is None else steps[index]
        if not coder.bit(HALF, wanted == step):
            step = STEPS[coder.bits(4, 0 if steps is None else STEPS.index(wanted))]
        found.append(step)
    return tuple(found)


class Rows:
    # What encoder and decoder both remember from row to row.

    def __init__(self, width):
        self._columns = [Column() for _ in range(width)]
        self._quality = [OK] * width
        self._clock = None  # the column of intervals
        self._first = True  # no reading with a time has been told yet
        self._plain = ONE - _SURPRISE  # probability that a row has nothing unusual

    def code(self, coder, absent, interval, values, quality):
        # (absent, interval, values, quality) of one row; when decoding, what is handed in does not count.
        lost = not self._first and (interval is None or not 0 <= interval <= MAX_INTERVAL)
        plain = coder.bit(self._plain, not absent and not lost and quality == self._quality)
        self._plain += ((ONE - 32 - self._plain) >> 4) if plain else -(self._plain >> 4)
        if not plain:
            if coder.bit(HALF, absent):
                return True, None, [None] * len(values), [MISSING] * len(values)
            lost = not self._first and coder.bit(HALF, lost)
            self._quality = [self._one_quality(coder, *pair) for pair in zip(self._quality, quality)]
        else:
            lost = False
        interval = self._interval(coder, lost, interval)
        return False, interval, self._values(coder, values), self._quality

    @staticmethod
    def _one_quality(coder, before, quality):
        return before if coder.bit(_LIKELY, before == quality) else coder.bits(4, quality)

    def _interval(self, coder, lost, interval):
        if self._first:
            self._first = False
            return 0
        if lost:
            return None
        if self._clock is None:
            self._clock = Column(mean=1)
            if coder.bit(_LIKELY, interval in INTERVALS):
                interval = INTERVALS[coder.bits(3, INTERVALS.index(interval) if interval in INTERVALS else 0)]
                self._clock.begin(interval)
                return interval
        interval, _ = self._clock.code(coder, interval, 0)
        if not 0 <= interval <= MAX_INTERVAL:
            raise WireError(OUT_OF_RANGE, "an interval of %d seconds" % interval)
        return interval

    def _values(self, coder, values):
        drive = 0
        columns, quality = self._columns, self._quality
        found = [None] * len(columns)
        for index in range(len(columns)):
            if quality[index] >= MISSING:
                drive = 0
            else:
                column = columns[index]
                found[index], drive = column.code(coder, values[index], drive)
        return found
