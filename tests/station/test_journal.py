"""The flash journal: nothing journalled is lost, no number comes twice, no value comes back changed."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station import journal
from station.journal import Journal, Layout


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
    return row.seq, row.time, tuple(row.values), tuple(row.quality), row.layout.channels, row.layout.era


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


def test_a_flash_that_refuses_everything_is_told():
    bench = Bench(room=10)
    with pytest.raises(OSError, match="28"):
        bench.append(0)


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
    assert [one.same_columns(two) for one, two in itertools.pairwise(layouts)] == [
        False,
        False,
        True,
        True,
    ]


def test_an_offset_learnt_later_holds_for_the_whole_era():
    bench = Bench()
    bench.append(0, Layout((8,), (10,), 1, 0))
    bench.append(1, Layout((8,), (10,), 2, 0))
    bench.append(2, Layout((8,), (10,), 2, 1_700_000_000))
    assert [row.layout.offset for row in bench.journal.walk(99)] == [1_700_000_000, 1_700_000_000, 0]


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
