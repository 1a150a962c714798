"""The flash journal: nothing journalled is lost, no number comes twice, no value comes back changed."""

import itertools
import struct
from binascii import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station import journal
from station.history import Layout
from station.journal import Journal


class PowerCut(BaseException):
    """No program sees the end of its power."""


class Power:
    """Counts down the writes until the cut. `torn`: how much of the cut write gets done, 0.0 to 1.0."""

    def __init__(self):
        self.writes_left = None
        self.torn = 0.0

    def cuts(self):
        if self.writes_left is None:
            return False
        self.writes_left -= 1
        return self.writes_left < 0


class Storage:
    """A folder of files. Unlike LittleFS it leaves torn tails, which is the harder case."""

    def __init__(self, power, room=1 << 30):
        self.files = {}
        self.power = power
        self.room = room

    def sizes(self):
        return [(name, len(data)) for name, data in self.files.items()]

    def read(self, name, offset, count):
        return bytes(self.files[name][offset : offset + count])

    def append(self, name, data):
        if sum(map(len, self.files.values())) + len(data) > self.room:
            raise OSError(28)
        cut = self.power.cuts()
        done = round(len(data) * self.power.torn) if cut else len(data)
        self.files[name] = self.files.get(name, b"") + data[:done]
        if cut:
            raise PowerCut

    def remove(self, name):
        cut = self.power.cuts()
        if not cut or self.power.torn >= 0.5:
            del self.files[name]
        if cut:
            raise PowerCut


class Checkpoint:
    def __init__(self, power):
        self.value = 0
        self.power = power

    def read(self):
        return self.value

    def write(self, value):
        cut = self.power.cuts()
        if not cut or self.power.torn >= 0.5:
            self.value = value
        if cut:
            raise PowerCut


CLIMATE = Layout((2, 4, 6), (10, 50, 10), 1, 0)
LAYOUTS = [
    CLIMATE,
    Layout((2, 4, 6), (10, 50, 10), 2, 0),
    Layout((2, 4, 6), (10, 50, 10), 2, 1_700_000_000),
    Layout((8,), (10,), 2, 1_700_000_000),
    Layout((2, 4, 6), (10, 50, 1), 3, 0),
]


@pytest.fixture(autouse=True)
def small_segments(monkeypatch):
    monkeypatch.setattr(journal, "_SEGMENT_BYTES", 300)


class Bench:
    def __init__(self, budget=1 << 20, room=1 << 30):
        self.power = Power()
        self.storage = Storage(self.power, room)
        self.checkpoint = Checkpoint(self.power)
        self.budget = budget
        self.boot()

    def boot(self):
        self.power.writes_left = None
        self.journal = Journal(self.storage, self.checkpoint, self.budget)

    def append(self, number, layout=CLIMATE):
        row = self.journal.append(1000 + 600 * number, *cells(number, layout), layout)
        return content(row)

    def rows(self, newest=None):
        return [content(row) for row in self.journal.walk(newest if newest is not None else 1 << 31)]


def cells(number, layout):
    values = tuple(None if (number + i) % 7 == 0 else number * 100 + i for i in range(len(layout.channels)))
    return values, tuple(9 if value is None else number % 3 for value in values)


def content(row):
    return row.seq, row.time, tuple(row.values), tuple(row.quality), row.layout.channels, row.era


def test_readings_come_back_newest_first_over_segments_and_boots():
    bench = Bench()
    written = []
    for number in range(40):
        written.insert(0, bench.append(number))
        if number % 5 == 0:
            bench.boot()
    assert [row[0] for row in written] == list(range(39, -1, -1))
    assert bench.rows() == written
    assert bench.rows(newest=17) == written[-18:]
    assert len(bench.storage.files) > 3


def test_a_row_without_value_keeps_its_quality():
    bench = Bench()
    row = bench.journal.append(5, [None, 2153, None], [9, 0, 11], CLIMATE)
    bench.boot()
    assert bench.rows() == [(row.seq, 5, (None, 2153, None), (9, 0, 11), (2, 4, 6), 1)]


def test_the_ring_keeps_its_budget_and_the_newest():
    bench = Bench(budget=1500)
    written = [bench.append(number) for number in range(300)]
    assert sum(size for _, size in bench.storage.sizes()) <= 1500
    kept = bench.rows()
    assert kept == written[: -len(kept) - 1 : -1]
    assert len(kept) > 20
    assert bench.journal.oldest() == kept[-1][0]


def test_a_full_flash_gives_up_the_oldest_rows_only():
    bench = Bench(room=1000)
    written = [bench.append(number) for number in range(100)]
    kept = {row[0] for row in bench.rows()}
    assert written[-1][0] in kept
    assert len(kept) > 10
    assert len({row[0] for row in written}) == 100


def test_a_flash_that_refuses_everything_costs_no_reading_and_no_number_twice(capsys):
    bench = Bench(room=10)
    numbers = [bench.append(number)[0] for number in range(5)]
    assert numbers == [0, 1, 2, 3, 4]
    assert [row.seq for row in bench.journal.walk(99)] == [4]  # it travels once
    assert "LP-218" in capsys.readouterr().out


def test_what_was_given_without_flash_is_not_given_again():
    bench = Bench()
    fresh = Journal(bench.storage, bench.checkpoint, 1 << 20, least=40)
    assert fresh.append(0, *cells(0, CLIMATE), CLIMATE).seq == 40


def test_a_checkpoint_that_refuses_stops_no_reading(capsys):
    bench = Bench()
    bench.append(0)

    def refuse(_value):
        raise OSError(-0x1105)

    bench.checkpoint.write = refuse
    assert [bench.append(number)[0] for number in range(1, 200)] == list(range(1, 200))
    bench.boot()
    assert bench.append(200)[0] == 200
    assert "LP-219" in capsys.readouterr().out


def test_a_folder_that_cannot_be_listed_costs_the_past_only(capsys):
    bench = Bench()
    used = {bench.append(number)[0] for number in range(5)}

    def broken():
        raise OSError(5)

    bench.storage.sizes = broken
    bench.boot()
    assert bench.append(5)[0] not in used
    assert "LP-218" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ffffffff", "7fffffff"])
def test_a_file_of_somebody_else_that_is_named_like_ours_is_left_alone(name):
    bench = Bench()
    written = [bench.append(number) for number in range(5)]
    bench.storage.files[name] = b"none of ours"
    bench.boot()
    written.append(bench.append(5))
    assert bench.rows() == written[::-1]
    assert bench.storage.files[name] == b"none of ours"


def test_a_wiped_file_system_skips_numbers_and_repeats_none():
    bench = Bench()
    used = {bench.append(number)[0] for number in range(70)}
    bench.storage.files.clear()
    bench.boot()
    fresh = bench.append(70)[0]
    assert fresh not in used
    assert fresh - max(used) <= 64


def test_an_older_file_system_put_back_skips_numbers_and_repeats_none():
    bench = Bench()
    used = {bench.append(number)[0] for number in range(10)}
    backup = dict(bench.storage.files)
    used |= {bench.append(number)[0] for number in range(10, 200)}
    bench.storage.files = backup
    bench.boot()
    assert bench.append(200)[0] not in used


def test_a_frame_can_tell_layouts_apart():
    bench = Bench()
    for number, layout in enumerate(LAYOUTS):
        bench.append(number, layout)
    layouts = [row.layout for row in bench.journal.walk(99)]
    assert len(bench.storage.files) == 3  # other columns need a segment of their own, another era does not
    assert [one.same_columns(two) for one, two in itertools.pairwise(layouts)] == [
        False,
        False,
        True,
        True,
    ]


def test_power_that_comes_and_goes_opens_no_segments(monkeypatch):
    monkeypatch.setattr(journal, "_SEGMENT_BYTES", 16 * 1024)
    bench = Bench(budget=64 * 1024)
    for number in range(5000):
        bench.boot()
        era = bench.journal.era % 0xFFFF + 1
        bench.append(number, Layout((2, 4, 6), (10, 50, 10), era, 0))
    assert len(bench.storage.files) <= 5
    newest = list(itertools.islice(bench.journal.walk(1 << 31), 1000))
    assert [row.seq for row in newest] == list(range(4999, 3999, -1))
    assert [row.era for row in newest] == list(range(5000, 4000, -1))


def test_more_segments_than_a_board_can_look_through_become_fewer():
    bench = Bench()
    for number in range(700):
        head = Layout((8,), (10,), 1, 0)
        record = journal.sealed(head, head.fields, number, 600 * number, 1, 5, 0)
        bench.storage.files[f"{number:08x}"] = journal.header(head) + record
    bench.checkpoint.value = 764
    for _ in range(12):
        bench.boot()
    assert len(bench.storage.files) <= 97
    assert bench.rows()[0][0] == 699


def test_a_clock_that_drifts_is_set_right_for_what_lies_before_and_behind_each_correction():
    bench = Bench()
    drift = 2778  # 10 s an hour
    layout = Layout((8,), (10,), 1, 0)
    truth = {}
    for number in range(200):
        true_s = 1_000_000 + 600 * number
        board_s = 5 + 600 * number * 1_000_000 // (1_000_000 + drift)
        mark = (board_s, true_s - board_s, drift if number > 50 else 0) if number in (50, 100) else None
        if mark:
            clock = (0, board_s, 1, *mark[1:])
        truth[number] = true_s
        bench.journal.append(board_s, [1], [0], layout, mark)
    walk = bench.journal.walk(199, clock)
    errors = [abs(row.time + row.offset - truth[row.seq]) for row in walk]
    assert max(errors[:149]) <= 1  # extrapolated from the last correction, and interpolated
    assert max(errors) < 90
    asked = list(bench.journal.walk(99))[:49]
    assert all(abs(row.time + row.offset - truth[row.seq]) <= 1 for row in asked)


def test_what_is_learnt_holds_for_the_rows_before_it_in_its_era_and_for_no_other_era():
    bench = Bench()
    bench.append(0, Layout((8,), (10,), 1, 0))
    bench.append(1, Layout((8,), (10,), 2, 0))
    layout = Layout((8,), (10,), 2, 1_700_000_000)
    bench.journal.append(2200, [1], [0], layout, (2200, 1_700_000_000, 0))
    for number in range(3, 60):
        bench.append(number, layout)
    bench.boot()
    assert len(bench.storage.files) > 3
    for newest in (99, 2, 1):
        offsets = {row.seq: row.offset for row in bench.journal.walk(newest)}
        assert (offsets[1], offsets[0]) == (1_700_000_000, 0)


# A segment as firmware 0.3.0 wrote it: era 2, Unix time 1700000000 more, columns 2 and 4; rows 5 and 6.
HEADER_1 = struct.pack("<4sHIBHHHH", b"LPJ1", 2, 1_700_000_000, 2, 2, 10, 4, 50)
ROW_1 = [struct.pack("<IIiiBB", 5 + i, 600 * i, 2150 + i, -(1 << 31), 0, 9) for i in range(2)]
SEGMENT_1 = b"".join(part + struct.pack("<I", crc32(part)) for part in (HEADER_1, *ROW_1))


def test_a_journal_of_0_3_0_is_read_on():
    bench = Bench()
    bench.storage.files["00000005"] = SEGMENT_1
    bench.checkpoint.value = 69
    bench.boot()
    assert (bench.journal.next_seq, bench.journal.era) == (7, 2)
    bench.append(9, Layout((2, 4), (10, 50), 3, 0))
    rows = list(bench.journal.walk(99))
    assert [(row.seq, row.era, row.offset, row.values) for row in rows[1:]] == [
        (6, 2, 1_700_000_000, (2151, None)),
        (5, 2, 1_700_000_000, (2150, None)),
    ]
    assert rows[0].seq == 7
    assert bench.storage.files["00000005"] == SEGMENT_1


@pytest.mark.parametrize("torn", [0.0, 0.1])
def test_the_era_is_known_although_the_newest_segment_was_cut_while_it_was_begun(torn):
    bench = Bench()
    bench.append(0, LAYOUTS[1])
    bench.power.writes_left, bench.power.torn = 0, torn
    with pytest.raises(PowerCut):
        bench.append(1, LAYOUTS[4])
    bench.boot()
    assert bench.journal.era == LAYOUTS[1].era


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_flipped_bit_costs_its_row_and_changes_none(place):
    bench = Bench()
    written = {row[0]: row for row in (bench.append(number) for number in range(12))}
    name = max(bench.storage.files)
    data = bytearray(bench.storage.files[name])
    data[place % len(data)] ^= 0x10
    bench.storage.files[name] = bytes(data)
    bench.boot()
    found = bench.rows()
    assert all(written[row[0]] == row for row in found)
    assert bench.append(99)[0] not in written


# step: (layout, writes until a cut or None, share of the cut write that gets done)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(LAYOUTS),
        st.one_of(st.none(), st.integers(0, 4)),
        st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from([900, 1 << 20]))
def test_power_cuts_cost_at_most_the_reading_being_written(steps, budget):
    bench = Bench(budget)
    promised = {}  # what append returned from
    tried = set()  # what it was given, for a row that was cut after its last byte
    for number, (layout, writes_left, torn) in enumerate(steps):
        bench.power.writes_left, bench.power.torn = writes_left, torn
        tried.add((1000 + 600 * number, *cells(number, layout)))
        try:
            row = bench.append(number, layout)
            assert row[0] not in promised
            promised[row[0]] = row
        except PowerCut:
            bench.boot()
    bench.boot()
    found = bench.rows()
    numbers = [row[0] for row in found]
    assert numbers == sorted(set(numbers), reverse=True)
    for row in found:
        if row[0] in promised:
            assert row == promised[row[0]]
        else:
            assert row[1:4] in tried
    if budget > 900:
        assert set(promised) <= set(numbers)
    assert bench.append(99)[0] > max(numbers, default=-1)
    assert all(bench.journal.next_seq - 1 > seq for seq in promised)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.sampled_from([0.0, 1.0]))
def test_cuts_alone_skip_no_number_but_that_of_the_cut_row(cuts, torn):
    # LittleFS leaves a file as it was (a new one empty) or whole. The gateway asks for every number that is
    # missing, so a cut there must not leave a hole of 64.
    bench = Bench()
    for number in range(3):
        bench.append(number)
    for number, writes_left in enumerate(cuts, 3):
        bench.power.writes_left, bench.power.torn = writes_left, torn
        try:
            bench.append(number)
        except PowerCut:
            bench.boot()
    assert bench.journal.next_seq <= 3 + len(cuts)
