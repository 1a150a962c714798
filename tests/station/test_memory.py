"""RTC memory: kept whole, or counted as lost."""

import struct
from binascii import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import memory


class Rtc:
    def __init__(self, kept=b""):
        self.kept = kept

    def memory(self, data=None):
        if data is None:
            return self.kept
        self.kept = bytes(data)
        return None


SIZES = {"B": 255, "H": 65535, "I": 2**32 - 1, "i": -(2**31)}
LAYOUT = tuple(zip(memory._NAMES, memory._CODES, strict=True))
STATION_BYTES = 4 + 48 + struct.calcsize("<" + memory._CODES) + 4


def test_every_field_and_range_comes_back():
    rtc = Rtc()
    first = memory.Memory(rtc)
    assert not first.valid
    for name, code in LAYOUT:
        setattr(first, name, SIZES[code])
    first.ask(7, 3)
    first.ask(2**32 - 9, 9)
    first.save()
    second = memory.Memory(rtc)
    assert second.valid
    assert all(getattr(second, name) == SIZES[code] for name, code in LAYOUT)
    assert second.ranges == [[7, 3], [2**32 - 9, 9]]


def test_each_owner_has_a_block_of_its_own():
    rtc = Rtc()
    state = memory.Memory(rtc)
    state.keep_radio(b"session" * 50)
    state.keep(memory.NUMBERS, b"numbers")
    state.at(memory.SAMPLE)
    again = memory.Memory(rtc)
    assert (again.radio, again.block(memory.NUMBERS)) == (b"session" * 50, b"numbers")
    assert again.phase == memory.SAMPLE
    assert len(rtc.kept) <= 2048


def test_a_block_too_large_for_its_place_is_refused_and_harms_nobody():
    rtc = Rtc()
    state = memory.Memory(rtc)
    state.keep(memory.NUMBERS, b"numbers")
    with pytest.raises(ValueError, match="block 3"):
        state.keep_radio(bytes(697))
    assert memory.Memory(rtc).block(memory.NUMBERS) == b"numbers"


@pytest.mark.parametrize("bit", range(0, STATION_BYTES * 8, 5))
def test_any_damage_counts_as_lost_power_and_costs_the_radio_nothing(bit):
    rtc = Rtc()
    memory.Memory(rtc).keep_radio(b"session")
    damaged = bytearray(rtc.kept)
    damaged[bit // 8] ^= 1 << bit % 8
    state = memory.Memory(Rtc(bytes(damaged)))
    assert not state.valid
    assert (state.era, state.sampled, state.ranges) == (0, 0, [])
    assert state.radio == b"session"


@pytest.mark.parametrize("count", [1, 18, len(LAYOUT) - 1])
def test_a_block_of_an_older_firmware_is_read_for_ever(count, monkeypatch):
    rtc = Rtc()
    whole = LAYOUT
    monkeypatch.setattr(memory, "_NAMES", memory._NAMES[:count])
    monkeypatch.setattr(memory, "_CODES", memory._CODES[:count])
    older = memory.Memory(rtc)
    for name, code in whole[:count]:
        setattr(older, name, SIZES[code])
    older.ask(7, 3)
    older.keep_radio(b"session")
    monkeypatch.undo()
    state = memory.Memory(rtc)
    assert (state.valid, state.radio, state.ranges) == (True, b"session", [[7, 3]])
    assert [getattr(state, name) for name, _ in whole] == [
        SIZES[code] if at < count else 0 for at, (_, code) in enumerate(whole)
    ]


def test_a_block_of_a_newer_firmware_is_read_as_far_as_it_is_known(monkeypatch):
    rtc = Rtc()
    monkeypatch.setattr(memory, "_NAMES", (*memory._NAMES, "of_tomorrow"))
    monkeypatch.setattr(memory, "_CODES", memory._CODES + "I")
    newer = memory.Memory(rtc)
    newer.era, newer.of_tomorrow = 7, 9
    newer.keep_radio(b"session")
    monkeypatch.undo()
    state = memory.Memory(rtc)
    assert (state.valid, state.era, state.radio) == (True, 7, b"session")


# As firmware 0.3.0 wrote it: era 3, slot 1200, sampled, interval 600, woken 1210, offset 1790000000, cause 4,
# phase 4, 2 faults, 1 crash, status_next 90000, confirmed_next 22000, range 5..7; then the radio's bytes.
OF_0_3_0 = struct.pack(
    "<BHIBIIIBBIBHIIHIIIB" + 8 * "IH",
    2, 3, 1200, 1, 600, 1210, 1_790_000_000, 4, 4, 0, 2, 1, 0, 0, 0, 77, 90000, 22000, 1, 5, 3, *[0] * 14,
)  # fmt: skip
OF_0_3_0 += bytes(124 - len(OF_0_3_0))
OF_0_3_0 += struct.pack("<I", crc32(OF_0_3_0)) + b"session of 0.3.0"


def test_an_update_from_0_3_0_drops_nothing():
    state = memory.Memory(Rtc(OF_0_3_0))
    assert (state.valid, state.radio, state.ranges) == (True, b"session of 0.3.0", [[5, 3]])
    assert (state.era, state.slot, state.interval, state.offset) == (3, 1200, 600, 1_790_000_000)
    assert (state.status_next, state.confirmed_next) == (90000, 22000)
    assert (state.unheard, state.radio_setup) == (1, 77)
    assert (state.next_seq, state.drift, state.mark) == (0, 0, 0)
    state.save()
    assert memory.Memory(Rtc(state._rtc.kept)).era == 3


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 40)), max_size=20))
def test_ranges_are_joined_and_none_is_invented(asked):
    state = memory.Memory(Rtc())
    wanted = set()
    for first, count in asked:
        state.ask(first, count)
        wanted |= set(range(first, first + count))
    kept = {number for first, count in state.ranges for number in range(first, first + count)}
    assert kept <= wanted
    assert len(state.ranges) <= 8
    if len(asked) <= 8:
        assert kept == wanted
    state.save()
