# The flash journal: every reading lies here before the radio hears of it. A ring of segment files within a
# budget.
#
# A segment holds readings of one layout (channels, steps) and one era of the clock, with numbers that follow
# each other without a gap; it is named by its first number in hex, so names sort by age. Layout, all
# little-endian:
#     header:  "LPJ1", era u16, offset u32, channels u8, then per channel (channel u16, step u16), CRC-32
#     record:  seq u32, time u32, per channel value i32, per channel quality u8, CRC-32
# A record is appended by one durable write. What a power cut leaves behind it is never written over: a file
# whose tail is damaged is closed for good, and the next reading opens a new one. Whatever fails its checksum
# is passed over.
#
# Numbers never repeat: all numbers in use are below a checkpoint kept outside the file system ("seq_ahead",
# moved _AHEAD at a time). Where the journal does not reach up to it, because it was wiped or damaged, numbers
# are skipped.

import struct
from binascii import crc32

_MAGIC = b"LPJ1"
_AHEAD = 64
_SEGMENT_BYTES = 16 * 1024
# Network time that moved further than this against the board's clock is worth a new header.
_CLOCK_DRIFT_S = 60
_NO_VALUE = -0x80000000
_FIXED = 15  # header without channels
_HEADER_MAX = _FIXED + 4 * 32


class Layout:
    # What the columns of a row mean. `offset` is Unix time minus board time, 0 while unknown.

    def __init__(self, channels, steps, era, offset):
        self.channels = tuple(channels)
        self.steps = tuple(steps)
        self.era = era
        self.offset = offset
        self.record = 12 + 5 * len(self.channels)
        self.fields = "<II%di%dB" % (len(self.channels), len(self.channels))
        self.header = _FIXED + 4 * len(self.channels)

    def pack(self):
        head = struct.pack("<4sHIB", _MAGIC, self.era, self.offset, len(self.channels))
        for pair in zip(self.channels, self.steps):
            head += struct.pack("<HH", *pair)
        return head + struct.pack("<I", crc32(head))

    def same_columns(self, other):
        return self.channels == other.channels and self.steps == other.steps

    def goes_on(self, other):
        # Whether a row of the other layout may stand in a segment of this one.
        known = self.offset != 0 and other.offset != 0
        apart = abs(self.offset - other.offset)
        return (
            self.same_columns(other)
            and self.era == other.era
            and (apart < _CLOCK_DRIFT_S if known else not apart)
        )


class Row:
    # One reading: seq, time (board seconds), values (int or None in base units), quality, layout.

    def __init__(self, seq, time, values, quality, layout):
        self.seq = seq
        self.time = time
        self.values = values
        self.quality = quality
        self.layout = layout


def _unpack_layout(head):
    # None when this is no whole header.
    if len(head) < _FIXED or head[:4] != _MAGIC:
        return None
    _, era, offset, count = struct.unpack_from("<4sHIB", head)
    end = _FIXED - 4 + 4 * count
    if len(head) < end + 4 or struct.unpack_from("<I", head, end)[0] != crc32(head[:end]):
        return None
    pairs = struct.unpack_from("<%dH" % (2 * count), head, 11)
    # MicroPython slices tuples without a step only.
    return Layout([pairs[2 * i] for i in range(count)], [pairs[2 * i + 1] for i in range(count)], era, offset)


def _unpack_record(data, layout):
    # None when the record is cut short or damaged.
    end = layout.record - 4
    if len(data) < end + 4 or struct.unpack_from("<I", data, end)[0] != crc32(memoryview(data)[:end]):
        return None
    fields = struct.unpack_from(layout.fields, data)
    columns = 2 + len(layout.channels)
    values = tuple([None if v == _NO_VALUE else v for v in fields[2:columns]])
    return Row(fields[0], fields[1], values, fields[columns:], layout)


class Journal:
    # storage: sizes() -> [(name, bytes)], read(name, offset, n), append(name, data) durable on return,
    # remove(name). checkpoint: read() -> int, 0 when never written; write(int) durable on return.

    def __init__(self, storage, checkpoint, budget):
        self._storage = storage
        self._checkpoint = checkpoint
        self._budget = budget
        self._ahead = checkpoint.read()
        self._sizes = dict(storage.sizes())
        self._grown = None  # layout of the newest segment while it may grow
        self.era = 0  # of the newest segment that can be read; 0 when there is none
        self.next_seq = self._end() if self._sizes else self._ahead
        if self._ahead - self.next_seq > _AHEAD:  # an older journal was put back: numbers in between are used
            self.next_seq = self._ahead
            self._grown = None

    def _end(self):
        # The number after the newest segment, reckoned from its size: a record that rotted keeps its number.
        names = sorted(self._sizes, reverse=True)
        name = names[0]
        layout = self._layout_of(name)
        known = layout or next((older for older in map(self._layout_of, names[1:]) if older), None)
        self.era = known.era if known else 0
        if layout is None:
            # Empty: LittleFS was cut off while the segment was begun, and its first number was never sent.
            # Otherwise it was damaged later, and nobody knows how many rows it had.
            return self._ahead if self._sizes[name] else int(name, 16)
        records, torn = divmod(self._sizes[name] - layout.header, layout.record)
        if records and not torn:
            self._grown = layout
        return int(name, 16) + records

    def _layout_of(self, name):
        return _unpack_layout(self._storage.read(name, 0, _HEADER_MAX))

    def append(self, time, values, quality, layout):
        # Makes one reading durable and returns its Row. When the flash refuses, the oldest segment makes
        # room; raises OSError only when it refuses even then. A number that was tried is not tried again.
        if self.next_seq + 1 >= self._ahead:
            self._ahead = self.next_seq + _AHEAD
            self._checkpoint.write(self._ahead)
        row = Row(self.next_seq, time, tuple(values), tuple(quality), layout)
        try:
            self._commit(row)
        except OSError:
            if len(self._sizes) < 2:
                raise
            self._drop(min(self._sizes))
            row.seq = self.next_seq
            self._commit(row)
        return row

    def _commit(self, row):
        layout = row.layout
        grown, self._grown = self._grown, None
        self.next_seq = row.seq + 1
        values = [_NO_VALUE if v is None else v for v in row.values]
        data = struct.pack(layout.fields, row.seq, row.time, *(values + list(row.quality)))
        data += struct.pack("<I", crc32(data))
        name = max(self._sizes) if self._sizes else ""
        if grown is None or not grown.goes_on(layout) or self._sizes[name] + layout.record > _SEGMENT_BYTES:
            name = "%08x" % row.seq
            self._make_room(name)
            data = layout.pack() + data
            grown = layout
        self._storage.append(name, data)
        self._sizes[name] = self._sizes.get(name, 0) + len(data)
        self._grown = grown

    def _make_room(self, name):
        # Keeps the ring within its budget and removes the torn leftover of an earlier try at the same name.
        if name in self._sizes:
            self._drop(name)
        while self._sizes and sum(self._sizes.values()) + _SEGMENT_BYTES > self._budget:
            self._drop(min(self._sizes))

    def _drop(self, name):
        self._storage.remove(name)
        del self._sizes[name]

    def oldest(self):
        # The number that the ring reaches back to.
        return int(min(self._sizes), 16) if self._sizes else self.next_seq

    def walk(self, newest):
        # Yields rows, newest first, from number `newest` downwards, of whatever layout and era; each carries
        # its own. Heap: one record. Not to be mixed with append.
        offsets = {}  # era -> offset learnt later in the same era
        for name in sorted(self._sizes, reverse=True):
            layout = self._layout_of(name)
            if layout is None:
                continue
            layout.offset = layout.offset or offsets.get(layout.era, 0)
            offsets[layout.era] = layout.offset
            first = int(name, 16)
            count = min((self._sizes[name] - layout.header) // layout.record, newest - first + 1)
            for i in range(count - 1, -1, -1):
                data = self._storage.read(name, layout.header + i * layout.record, layout.record)
                row = _unpack_record(data, layout)
                if row and row.seq == first + i:
                    yield row
