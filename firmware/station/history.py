# Reads the journal (see journal.py, which says what lies in its files): all that the radio's part of a wake
# needs of it.

import struct
from binascii import crc32

MAGIC, _OLD_MAGIC = b"LPJ2", b"LPJ1"
NO_VALUE = -0x80000000
MARK = 0xFFFFFFFF
MARK_FIELDS, MARK_BYTES = "<IIHIi", 22  # with its CRC
_FIXED = 15  # header without channels
HEADER_MAX = _FIXED + 4 * 32
AT_ONCE = 16  # slots read together where only marks are looked for


class Layout:
    # What the columns of a row mean; `era` and `offset` are those of the reading that begins a segment.
    # offset: Unix time minus board time, 0 while unknown.

    def __init__(self, channels, steps, era, offset, old=False):
        self.channels = tuple(channels)
        self.steps = tuple(steps)
        self.era = era
        self.offset = offset
        self.old = old
        width = len(self.channels)
        self.fields = "<II%s%di%dB" % ("" if old else "H", width, width)
        self.record = 12 + 5 * width if old else max(14 + 5 * width, MARK_BYTES)
        self.header = _FIXED + 4 * width

    def same_columns(self, other):
        return self.channels == other.channels and self.steps == other.steps


class Row:
    # One reading: seq, time (board seconds), values (int or None in base units), quality, layout, era, offset
    # (Unix time minus board time at that moment, as far as it is known now; 0 unknown).

    def __init__(self, seq, time, values, quality, layout, era, offset):
        self.seq = seq
        self.time = time
        self.values = values
        self.quality = quality
        self.layout = layout
        self.era = era
        self.offset = offset


def moved(offset, drift, seconds):
    # An offset so many seconds later (or earlier, if below 0) on a clock that loses `drift` millionths.
    return offset + (drift * seconds + 500000) // 1000000


def unpack_layout(head):
    # None when this is no whole header.
    if len(head) < _FIXED or head[:4] not in (MAGIC, _OLD_MAGIC):
        return None
    _, era, offset, count = struct.unpack_from("<4sHIB", head)
    end = _FIXED - 4 + 4 * count
    if len(head) < end + 4 or struct.unpack_from("<I", head, end)[0] != crc32(head[:end]):
        return None
    pairs = struct.unpack_from("<%dH" % (2 * count), head, 11)
    # MicroPython slices tuples without a step only.
    channels = [pairs[2 * i] for i in range(count)]
    return Layout(channels, [pairs[2 * i + 1] for i in range(count)], era, offset, head[:4] == _OLD_MAGIC)


def is_sound(data, layout):
    # Whether a record or mark is whole.
    end = layout.record - 4
    return len(data) >= end + 4 and struct.unpack_from("<I", data, end)[0] == crc32(memoryview(data)[:end])


def _unpack_record(data, layout, clock):
    # clock: the mark that counts for it.
    fields = struct.unpack_from(layout.fields, data)
    width = len(layout.channels)
    begin = 2 if layout.old else 3
    values = tuple([None if v == NO_VALUE else v for v in fields[begin : begin + width]])
    _, at, era, offset, drift = clock
    if offset and at:
        offset = moved(offset, drift, fields[1] - at)
    return Row(fields[0], fields[1], values, fields[begin + width :], layout, era, offset)


class History:
    # storage: read(name, offset, n); sizes: {name: bytes} of the segments; loose: a reading that flash
    # refused, or None; next_seq: the first number not in use.

    def __init__(self, storage, sizes, loose, next_seq):
        self._storage = storage
        self._sizes = sizes
        self.loose = loose
        self.next_seq = next_seq

    def _layout_of(self, name):
        try:
            return unpack_layout(self._storage.read(name, 0, HEADER_MAX))
        except OSError:
            return None

    def _slot(self, name, layout, i, count=1):
        try:
            return self._storage.read(name, layout.header + i * layout.record, count * layout.record)
        except OSError:
            return b""

    def oldest(self):
        # The number that the ring reaches back to.
        return int(min(self._sizes), 16) if self._sizes else self.next_seq

    def walk(self, newest, clock=None):
        # Yields rows, newest first, from number `newest` downwards, of whatever layout and era; each carries
        # its own. clock: what is known now, (anything, board second, era, offset, drift). Heap: one record.
        # Not to be mixed with append.
        if self.loose and self.loose.seq <= newest:
            yield self.loose
        for name in sorted(self._sizes, reverse=True):
            layout = self._layout_of(name)
            if layout is None:
                continue
            if layout.old and layout.offset:
                clock = (MARK, 0, layout.era, layout.offset, 0)
            count = (self._sizes[name] - layout.header) // layout.record
            if int(name, 16) > newest:
                clock = self._first_mark(name, layout, count) or clock
                continue
            for i in range(count - 1, -1, -1):
                data = self._slot(name, layout, i)
                if len(data) < layout.record:
                    continue
                seq = struct.unpack_from("<I", data)[0]
                if (seq != MARK and seq > newest) or not is_sound(data, layout):
                    continue
                if seq == MARK:
                    clock = struct.unpack_from(MARK_FIELDS, data)
                    continue
                era = layout.era if layout.old else struct.unpack_from("<H", data, 8)[0]
                if not clock or clock[2] != era:
                    clock = self._mark_before(name, layout, i, era)
                yield _unpack_record(data, layout, clock)

    def _first_mark(self, name, layout, count):
        # The mark in a segment that counts for what lies before it, None for none.
        for at in range(0, 0 if layout.old else count, AT_ONCE):
            data = self._slot(name, layout, at, min(AT_ONCE, count - at))
            for i in range(0, len(data) - layout.record + 1, layout.record):
                slot = data[i : i + layout.record]
                if struct.unpack_from("<I", slot)[0] == MARK and is_sound(slot, layout):
                    return struct.unpack_from(MARK_FIELDS, slot)
        return None

    def _mark_before(self, name, layout, i, era):
        # The latest mark of an era that ended without another one, from before slot `i`.
        if not layout.old:
            for k in range(i - 1, -1, -1):
                data = self._slot(name, layout, k)
                if len(data) < layout.record:
                    continue
                seq, _, its_era = struct.unpack_from("<IIH", data)
                if is_sound(data, layout) and its_era != era:
                    return MARK, 0, era, 0, 0
                if seq == MARK and is_sound(data, layout):
                    return struct.unpack_from(MARK_FIELDS, data)
        return MARK, 0, era, layout.offset if era == layout.era else 0, 0
