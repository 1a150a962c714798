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

from station.history import AT_ONCE, MAGIC, MARK, MARK_FIELDS, NO_VALUE, History, Row, is_sound

_AHEAD = 64
_SEGMENT_BYTES = 16 * 1024
_MOST_SEGMENTS = 96
_MOST_DROPPED = 200  # of what lies beyond, in one wake


def header(layout):
    # What a segment begins with.
    head = struct.pack("<4sHIB", MAGIC, layout.era, layout.offset, len(layout.channels))
    for pair in zip(layout.channels, layout.steps):
        head += struct.pack("<HH", *pair)
    return head + struct.pack("<I", crc32(head))


def sealed(layout, fields, *values):
    # One record or mark.
    data = struct.pack(fields, *values)
    data += bytes(layout.record - 4 - len(data))
    return data + struct.pack("<I", crc32(data))


class Journal(History):
    # storage: sizes() -> (name, bytes) of each file, read(name, offset, n), append(name, data) durable on
    # return, remove(name). checkpoint: read() -> int, 0 when never written; write(int) durable on return.
    # least: no number below it is free, whatever lies on flash. Any of them may raise OSError.

    def __init__(self, storage, checkpoint, budget, least=0):
        super().__init__(storage, {}, None, 0)
        self._checkpoint = checkpoint
        self._budget = budget
        self._ahead = checkpoint.read()
        self._grown = None  # layout of the newest segment while it may grow
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
            if name < oldest and len(surplus) < min(most, AT_ONCE):
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
            if not is_sound(data, layout):
                rotten += 1
            elif struct.unpack_from("<I", data)[0] != MARK:
                self.era = layout.era if layout.old else struct.unpack_from("<H", data, 8)[0]
                return struct.unpack_from("<I", data)[0] + 1 + rotten
        return int(name, 16) + rotten

    def append(self, time, values, quality, layout, mark=None):
        # Makes one reading durable and returns its Row. mark: (board second, offset, drift), what the clock
        # is worth, where that is news. When the flash refuses, the oldest segment makes room; when it refuses
        # even then, the reading is `loose`. A number that was tried is not tried again.
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
        values = [NO_VALUE if v is None else v for v in row.values]
        data = sealed(layout, layout.fields, row.seq, row.time, row.era, *(values + list(row.quality)))
        if mark:
            data += sealed(layout, MARK_FIELDS, MARK, mark[0], layout.era, mark[1], mark[2])
        name = max(self._sizes) if self._sizes else ""
        if grown is None or not grown.same_columns(layout) or self._sizes[name] + len(data) > _SEGMENT_BYTES:
            name = "%08x" % row.seq
            self._make_room(name)
            data = header(layout) + data
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

    def history(self):
        # What is left when the writing is done: it costs less heap.
        return History(self._storage, self._sizes, self.loose, self.next_seq)
