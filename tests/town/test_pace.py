"""Real time: no answer loses time by what the boards' computing takes, and the time of day is kept."""

import pytest

from luftpegel_tools.town import pace as pace_module
from luftpegel_tools.town.pace import ANSWER_US, MOST_BEHIND_US, Pace, keep_real_time
from luftpegel_tools.virtual_time import clock as clock_module
from luftpegel_tools.virtual_time.clock import VirtualClock


@pytest.fixture
def real(monkeypatch):
    """Real time, in seconds, that passes only when told to."""

    class Real:
        now_s = 1_800_000_000.0

        def monotonic(self):
            return self.now_s

        def time(self):
            return self.now_s

    passing = Real()
    monkeypatch.setattr(clock_module, "time", passing)
    monkeypatch.setattr(pace_module, "time", passing)
    return passing


@pytest.fixture
def clock(real):
    made = VirtualClock(epoch=1_800_000_000)
    real.now_s += 2.5
    keep_real_time(made)
    return made


def now_s(clock, real):
    """Virtual time, after it has followed the real one."""
    clock._follow_real_time(float("inf"))
    return clock.utc() - 1_800_000_000


def test_the_time_of_day_is_met_at_once(clock, real):
    assert now_s(clock, real) == 2.5


def test_computing_is_caught_up_when_nothing_is_awaited(clock, real):
    real.now_s += 0.5
    assert now_s(clock, real) == 3.0


def test_while_an_answer_is_awaited_time_does_not_hurry(clock, real):
    pace = Pace(clock)
    real.now_s += 0.5  # computing
    pace.hold()
    assert now_s(clock, real) == 2.5
    real.now_s += 1
    assert now_s(clock, real) == 3.5
    real.now_s += ANSWER_US / 1e6
    clock.run_next()
    assert now_s(clock, real) == 4 + ANSWER_US / 1e6


def test_the_next_message_prolongs_the_wait(clock, real):
    pace = Pace(clock)
    real.now_s += 0.5
    pace.hold()
    real.now_s += 4
    clock._follow_real_time(float("inf"))
    pace.hold()
    real.now_s += ANSWER_US / 1e6 - 1
    clock._follow_real_time(float("inf"))
    assert clock.forgiven_us == 500_000
    real.now_s += 1
    clock.run_next()
    assert clock.forgiven_us == 0


def test_it_does_not_fall_behind_for_ever(clock, real):
    pace = Pace(clock)
    for _ in range(5):
        real.now_s += MOST_BEHIND_US / 4e6
        pace.hold()
    assert clock.forgiven_us == 0
    assert now_s(clock, real) == 2.5 + 5 * MOST_BEHIND_US / 4e6
