"""RTC memory: kept whole, or counted as lost."""

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


def test_every_field_and_range_comes_back():
    rtc = Rtc()
    first = memory.Memory(rtc)
    assert not first.valid
    sizes = {"B": 255, "H": 65535, "I": 2**32 - 1}
    for name, code in memory._LAYOUT:
        setattr(first, name, sizes[code])
    first.ask(7, 3)
    first.ask(2**32 - 9, 9)
    first.save()
    second = memory.Memory(rtc)
    assert second.valid
    assert all(getattr(second, name) == sizes[code] for name, code in memory._LAYOUT)
    assert second.ranges == [[7, 3], [2**32 - 9, 9]]


def test_what_another_owner_keeps_behind_it_stays():
    rtc = Rtc()
    memory.Memory(rtc).save()
    rtc.kept += b"session"
    state = memory.Memory(rtc)
    state.at(memory.SAMPLE)
    assert rtc.kept[128:] == b"session"
    assert memory.Memory(rtc).phase == memory.SAMPLE


@pytest.mark.parametrize("bit", range(0, 128 * 8, 5))
def test_any_damage_counts_as_lost_power(bit):
    rtc = Rtc()
    memory.Memory(rtc).save()
    damaged = bytearray(rtc.kept)
    damaged[bit // 8] ^= 1 << bit % 8
    state = memory.Memory(Rtc(bytes(damaged)))
    assert not state.valid
    assert (state.era, state.sampled, state.ranges) == (0, 0, [])


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
