"""A verdict depends on the readings of a life, never on the order in which they came; and on few of them."""

from collections.abc import Sequence

from checks_series import NOON, judge_as_they_come, reading, series, station
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_gateway.checks import REACH_AFTER, REACH_BEFORE, judge, limits_for
from luftpegel_gateway.model.readings import Reading
from luftpegel_wire.quality import CLIPPED, OK, SUSPECT

LIMITS = limits_for(station())
# Few values, so that rest, spikes, steps and returns all happen often.
DISTANCES = st.sampled_from([1200, 1205, 1210, 1300, 1400, 4500, 4520, 200_000])
TOLD = st.one_of(
    st.none(), DISTANCES, st.tuples(DISTANCES, st.sampled_from([OK, SUSPECT, CLIPPED]))
)
STEPS = st.sampled_from([600, 600, 600, 601, 1200, 5400, 5401, 90_000, 900_000, 0, -300])


@st.composite
def lives(draw):
    """Readings with gaps in number and time, absent ones, missing values, lost clocks."""
    readings, time = [], NOON
    for seq in sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=30))):
        time += draw(STEPS)
        kind = draw(st.sampled_from(["full", "full", "full", "absent", "untimed", "less", "turned"]))
        cells = {"distance": draw(TOLD), "humidity": draw(st.sampled_from([None, 6000, 9900]))}
        if kind == "less":
            del cells["distance"]
        if kind == "turned":
            cells = dict(reversed(cells.items()))
        one = reading(seq, None if kind == "untimed" else time, **cells)
        readings.append(Reading(seq, time, ()) if kind == "absent" else one)
    return readings


@settings(max_examples=300, deadline=None)
@given(lives(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_alike(readings, luck):
    shuffled = list(readings)
    luck.shuffle(shuffled)
    assert judge_as_they_come(shuffled, LIMITS) == judge(readings, 0, LIMITS)


@settings(max_examples=100, deadline=None)
@given(lives())
def test_judging_again_changes_nothing(readings):
    once = judge(readings, 0, LIMITS)
    assert judge(once, 0, LIMITS) == once


@settings(max_examples=100, deadline=None)
@given(lives(), st.data())
def test_context_further_back_than_its_reach_is_not_looked_at(readings, data):
    whole = judge(readings, 0, LIMITS)
    at = data.draw(st.integers(0, len(readings) - 1))
    near = whole[max(0, at - REACH_BEFORE) : at] + readings[at : at + 1 + REACH_AFTER]
    assert judge(near, min(at, REACH_BEFORE), LIMITS)[0] == whole[at]


class Watched(Sequence):
    """Readings that count which of them are looked at."""

    def __init__(self, readings):
        self.readings, self.seen = readings, set()

    def __len__(self):
        return len(self.readings)

    def __getitem__(self, place):
        places = range(len(self.readings))[place]
        self.seen |= {places} if isinstance(places, int) else set(places)
        return self.readings[place]


def test_the_work_for_a_new_reading_does_not_grow_with_history():
    for length in (100, 10_000):
        history = judge(series("distance", [1200, 1500, 1210, 1190] * (length // 4)), 0, LIMITS)
        window = Watched(history)
        judge(window, length - 1 - REACH_AFTER, LIMITS)
        assert window.seen == set(range(length - 1 - REACH_AFTER - REACH_BEFORE, length))


def test_a_memo_stays_small():
    rows = series("distance", [1200, None, 1200, 4500, 4510, (4510, SUSPECT)] * 2000)
    assert max(len(cell.memo) for one in judge(rows, 0, LIMITS) for cell in one.cells) <= 10
