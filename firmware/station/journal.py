# The flash journal: every reading lies here before the radio hears of it. A ring of segment files within a
# budget.
#
# A segment holds readings of one layout (channels, steps); it is named by its first number in hex, so names
# sort by age. Layout, all little-endian:
#     header:  "LPJ2", era u16, offset u32, channels u8, then per channel (channel u16, step u16), CRC-32
#     record:  seq u32, time u32, era u16, per channel value i32, per channel quality u8, zeros, CRC-32
#     mark:    FFFFFFFF, time u32, era u16, offset u32, drift i32, zeros, CRC-32; as long as a record
# An era is one life of the clock. A mark says what it was worth: at board second `time` of that era Unix time
# was `offset` more, and since the mark before it had lost `drift` millionths of a second a second. It holds
# for the readings before it, back to the mark before. So power that comes and goes costs a few bytes, and no
# segment. (Segments "LPJ1" of firmware 0.3.0 hold one era each, which their header tells, and are read on.)
#
# Records are appended by one durable write. What a power cut leaves behind it is never written over: a file
# whose tail is damaged is closed for good, and the next reading opens a new one. Whatever fails its checksum
# is passed over, and a file that nobody here wrote is none of ours.
#
# Numbers never repeat: all numbers in use are below a checkpoint kept outside the file system ("seq_ahead",
# moved _AHEAD at a time). Where the journal does not reach up to it, because it was wiped or damaged, numbers
# are skipped. A flash that refuses stops no reading: it travels once, and is told as `loose`.

import struct
from binascii import crc32

_MAGIC, _OLD_MAGIC = b"LPJ2", b"LPJ1"
_AHEAD = 64
_SEGMENT_BYTES = 16 * 1024
_MOST_SEGMENTS = 96
_MOST_DROPPED = 200  # of what lies beyond, in one wake
_NO_VALUE = -0x80000000
_MARK = 0xFFFFFFFF
_MARK_FIELDS, _MARK_BYTES = "<IIHIi", 22  # with its CRC
_FIXED = 15  # header without channels
_HEADER_MAX = _FIXED + 4 * 32
_AT_ONCE = 16  # slots read together where only marks are looked for


class Layout:
    # What the columns of a row mean; `era` and `offset` are those of the reading that begins a segment. offset:
    # Unix time minus board time, 0 while unknown.

    def __init__(self, channels, steps, era, offset, old=False):
        self.channels = tuple(channels)
        self.steps = tuple(steps)
        self.era = era
        self.offset = offset
        self.old = old
        width = len(self.channels)
        self.fields = "<II%s%di%dB" % ("" if old else "H", width, width)
        self.record = 12 + 5 * width if old else max(14 + 5 * width, _MARK_BYTES)
        self.header = _FIXED + 4 * width

    def pack(self):
        head = struct.pack("<4sHIB", _MAGIC, self.era, self.offset, len(self.channels))
        for pair in zip(self.channels, self.steps):
            head += struct.pack("<HH", *pair)
        return head + struct.pack("<I", crc32(head))

    def sealed(self, fields, *values):
        # One record or mark.
        data = struct.pack(fields, *values)
        data += bytes(self.record - 4 - len(data))
        return data + struct.pack("<I", crc32(data))

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


def _unpack_layout(head):
    # None when this is no whole header.
    if len(head) < _FIXED or head[:4] not in (_MAGIC, _OLD_MAGIC):
        return None
    _, era, offset, count = struct.unpack_from("<4sHIB", head)
    end = _FIXED - 4 + 4 * count
    if len(head) < end + 4 or struct.unpack_from("<I", head, end)[0] != crc32(head[:end]):
        return None
    pairs = struct.unpack_from("<%dH" % (2 * count), head, 11)
    # MicroPython slices tuples without a step only.
    channels = [pairs[2 * i] for i in range(count)]
    return Layout(channels, [pairs[2 * i + 1] for i in range(count)], era, offset, head[:4] == _OLD_MAGIC)


def _sound(data, layout):
    # Whether a record or mark is whole.
    end = layout.record - 4
    return len(data) >= end + 4 and struct.unpack_from("<I", data, end)[0] == crc32(memoryview(data)[:end])


def _unpack_record(data, layout, clock):
    # clock: the mark that counts for it.
    fields = struct.unpack_from(layout.fields, data)
    width = len(layout.channels)
    begin = 2 if layout.old else 3
    values = tuple([None if v == _NO_VALUE else v for v in fields[begin : begin + width]])
    _, at, era, offset, drift = clock
    if offset and at:
        offset = moved(offset, drift, fields[1] - at)
    return Row(fields[0], fields[1], values, fields[begin + width :], layout, era, offset)


class Journal:
    # storage: sizes() -> (name, bytes) of each file, read(name, offset, n), append(name, data) durable on
    # return, remove(name). checkpoint: read() -> int, 0 when never written; write(int) durable on return.
    # least: no number below it is free, whatever lies on flash. Any of them may raise OSError.

    def __init__(self, storage, checkpoint, budget, least=0):
        self._storage = storage
        self._checkpoint = checkpoint
        self._budget = budget
        self._ahead = checkpoint.read()
        self._sizes = {}
        self._grown = None  # layout of the newest segment while it may grow
        self.loose = None  # the reading that flash refused
        self.era = 0  # of the newest reading; 0 when there is none
        self._list()
        self.next_seq = self._end() if self._sizes else self._ahead
        if self._ahead - self.next_seq > _AHEAD:  # an older journal was put back: numbers in between are used
            self.next_seq = self._ahead
            self._grown = None
        self.next_seq = max(self.next_seq, least)

    def _list(self):
        # The newest segments. A name too high for any number of ours, with nothing of ours in it, is somebody
        # else's.
        more = 0
        try:
            for name, size in self._storage.sizes():
                if size and self._ahead and int(name, 16) >= self._ahead and not self._layout_of(name):
                    continue
                self._sizes[name] = size
                if len(self._sizes) > _MOST_SEGMENTS:
                    del self._sizes[min(self._sizes)]
                    more = min(more + 1, _MOST_DROPPED)
            while more > 0:
                more = self._drop_surplus(more)
        except OSError as error:
            print("LP-218 the journal's folder cannot be read (%r). Next: free the board's flash" % error)

    def _drop_surplus(self, most):
        # Removes some of what is older than the segments that count; how many are left to be removed.
        oldest = min(self._sizes)
        surplus = []
        for name, _ in self._storage.sizes():
            if name < oldest and len(surplus) < min(most, _AT_ONCE):
                surplus.append(name)
        for name in surplus:
            self._storage.remove(name)
        return most - len(surplus) if surplus else 0

    def _end(self):
        # The number after the newest one: a record that rotted keeps its number.
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
        if records > 0 and not torn and not layout.old:
            self._grown = layout
        rotten = 0
        for i in range(records - 1, -1, -1):
            data = self._slot(name, layout, i)
            if not _sound(data, layout):
                rotten += 1
            elif struct.unpack_from("<I", data)[0] != _MARK:
                self.era = layout.era if layout.old else struct.unpack_from("<H", data, 8)[0]
                return struct.unpack_from("<I", data)[0] + 1 + rotten
        return int(name, 16) + rotten

    def _layout_of(self, name):
        try:
            return _unpack_layout(self._storage.read(name, 0, _HEADER_MAX))
        except OSError:
            return None

    def _slot(self, name, layout, i, count=1):
        return self._storage.read(name, layout.header + i * layout.record, count * layout.record)

    def append(self, time, values, quality, layout, mark=None):
        # Makes one reading durable and returns its Row. mark: (board second, offset, drift), what the clock is
        # worth, where that is news. When the flash refuses, the oldest segment makes room; when it refuses even
        # then, the reading is `loose`. A number that was tried is not tried again.
        if self.next_seq + 1 >= self._ahead:
            self._move_checkpoint()
        row = Row(self.next_seq, time, tuple(values), tuple(quality), layout, layout.era, layout.offset)
        try:
            self._commit(row, mark)
        except OSError as error:
            if not self._retry(row, mark):
                print("LP-218 flash refuses the reading (%r): it is sent, not kept. Next:" % error)
                print("free the board's flash, or replace the board")
                self.loose = row
        return row

    def _retry(self, row, mark):
        try:
            if len(self._sizes) < 2:
                return False
            self._drop(min(self._sizes))
            row.seq = self.next_seq
            self._commit(row, mark)
            return True
        except OSError:
            return False

    def _move_checkpoint(self):
        ahead = self.next_seq + _AHEAD
        try:
            self._checkpoint.write(ahead)
            self._ahead = ahead
        except OSError as error:
            print("LP-219 NVS refuses the journal's number (%r): readings go on, but a wiped" % error)
            print("flash would use numbers twice. Next: erase the board's NVS, provision it anew")

    def _commit(self, row, mark):
        layout = row.layout
        grown, self._grown = self._grown, None
        self.next_seq = row.seq + 1
        values = [_NO_VALUE if v is None else v for v in row.values]
        data = layout.sealed(layout.fields, row.seq, row.time, row.era, *(values + list(row.quality)))
        if mark:
            data += layout.sealed(_MARK_FIELDS, _MARK, mark[0], layout.era, mark[1], mark[2])
        name = max(self._sizes) if self._sizes else ""
        if grown is None or not grown.same_columns(layout) or self._sizes[name] + len(data) > _SEGMENT_BYTES:
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
        while self._sizes and (
            sum(self._sizes.values()) + _SEGMENT_BYTES > self._budget or len(self._sizes) >= _MOST_SEGMENTS
        ):
            self._drop(min(self._sizes))

    def _drop(self, name):
        del self._sizes[name]
        self._storage.remove(name)

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
                clock = (_MARK, 0, layout.era, layout.offset, 0)
            count = (self._sizes[name] - layout.header) // layout.record
            if int(name, 16) > newest:
                clock = self._first_mark(name, layout, count) or clock
                continue
            for i in range(count - 1, -1, -1):
                data = self._slot(name, layout, i)
                seq = struct.unpack_from("<I", data)[0]
                if (seq != _MARK and seq > newest) or not _sound(data, layout):
                    continue
                if seq == _MARK:
                    clock = struct.unpack_from(_MARK_FIELDS, data)
                    continue
                era = layout.era if layout.old else struct.unpack_from("<H", data, 8)[0]
                if not clock or clock[2] != era:
                    clock = self._mark_before(name, layout, i, era)
                yield _unpack_record(data, layout, clock)

    def _first_mark(self, name, layout, count):
        # The mark in a segment that counts for what lies before it, None for none.
        for at in range(0, 0 if layout.old else count, _AT_ONCE):
            data = self._slot(name, layout, at, min(_AT_ONCE, count - at))
            for i in range(0, len(data) - layout.record + 1, layout.record):
                slot = data[i : i + layout.record]
                if struct.unpack_from("<I", slot)[0] == _MARK and _sound(slot, layout):
                    return struct.unpack_from(_MARK_FIELDS, slot)
        return None

    def _mark_before(self, name, layout, i, era):
        # The latest mark of an era that ended without another one, from before slot `i`.
        if not layout.old:
            for k in range(i - 1, -1, -1):
                data = self._slot(name, layout, k)
                seq, _, its_era = struct.unpack_from("<IIH", data)
                if _sound(data, layout) and its_era != era:
                    return _MARK, 0, era, 0, 0
                if seq == _MARK and _sound(data, layout):
                    return struct.unpack_from(_MARK_FIELDS, data)
        return _MARK, 0, era, layout.offset if era == layout.era else 0, 0
