"""The virtual clock: order, cancelling, limits, pace."""

import os

import pytest

from luftpegel_tools.virtual_time import clock as clock_module
from luftpegel_tools.virtual_time.clock import VirtualClock


def test_events_run_by_time_then_by_registration():
    clock, seen = VirtualClock(), []
    for name, when in (("c", 20), ("a", 10), ("d", 20), ("b", 10)):
        clock.call_at(when, seen.append, name)
    clock.run(lambda: False)
    assert seen == ["a", "b", "c", "d"]
    assert clock.now_us == 20


def test_a_cancelled_event_does_not_run():
    clock, seen = VirtualClock(), []
    timer = clock.call_later(5, seen.append, "never")
    timer.cancel()
    assert not timer.active
    assert clock.next_us() is None
    assert clock.run_next() is False
    assert seen == []


def test_run_until_stands_at_its_end_and_leaves_later_events():
    clock, seen = VirtualClock(), []
    clock.call_at(10, seen.append, "in")
    clock.call_at(11, seen.append, "out")
    clock.run_until(10)
    assert (seen, clock.now_us) == (["in"], 10)
    clock.run_until(500)
    assert (seen, clock.now_us) == (["in", "out"], 500)


def test_an_event_in_the_past_runs_now():
    clock = VirtualClock()
    clock.run_until(100)
    times = []
    clock.call_at(5, lambda: times.append(clock.now_us))
    clock.run_next()
    assert times == [100]


def test_advance_is_refused_while_something_is_due():
    clock = VirtualClock()
    clock.call_at(50, lambda: None)
    assert clock.try_advance(49)
    assert clock.now_us == 49
    assert not clock.try_advance(50)
    assert clock.now_us == 49


def test_run_tells_whether_its_condition_came():
    clock, seen = VirtualClock(), []
    clock.call_at(1, seen.append, 1)
    assert clock.run(lambda: bool(seen)) is True
    assert clock.run(lambda: len(seen) == 2) is False


def test_utc_counts_from_the_epoch():
    clock = VirtualClock(epoch=1000)
    clock.run_until(2_500_000)
    assert clock.utc() == 1002.5


@pytest.mark.parametrize("speed", [1000.0, float("inf")])
def test_serving_watches_descriptors(speed):
    clock, seen = VirtualClock(speed=speed), []
    reader, writer = os.pipe()
    clock.add_reader(reader, lambda: seen.append(os.read(reader, 10)))
    clock.call_later(2000, os.write, writer, b"key")
    clock.serve(lambda: bool(seen), lambda: False)
    clock.remove_reader(reader)
    os.close(reader)
    os.close(writer)
    assert seen == [b"key"]
    assert clock.speed == speed


@pytest.fixture
def real(monkeypatch):
    """Real time, in seconds, that passes only when told to."""

    class Real:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    passing = Real()
    monkeypatch.setattr(clock_module, "time", passing)
    return passing


def due_at(clock, when_us):
    """When (virtual) an event at `when_us` finds itself."""
    seen = []
    clock.call_at(when_us, lambda: seen.append(clock.now_us))
    clock.run(lambda: bool(seen))
    return seen[0]


def test_a_paced_clock_hurries_after_what_it_missed(real):
    clock = VirtualClock(speed=1.0)
    real.now_s += 0.25
    assert due_at(clock, 250_000) == 250_000  # at once: the real time is already there


def test_what_is_forgiven_is_not_hurried_after_until_it_is_caught_up(real):
    clock = VirtualClock(speed=1.0)
    real.now_s += 0.25
    clock.forgive()
    assert clock.forgiven_us == 250_000
    clock._follow_real_time(float("inf"))
    assert clock.now_us == 0
    real.now_s += 0.125
    clock._follow_real_time(float("inf"))
    assert clock.now_us == 125_000
    clock.forgive()  # nothing was missed since
    assert clock.forgiven_us == 250_000
    clock.catch_up()
    clock._follow_real_time(float("inf"))
    assert (clock.now_us, clock.forgiven_us) == (375_000, 0)


def test_a_new_pace_begins_without_a_debt(real):
    clock = VirtualClock(speed=1.0)
    real.now_s += 0.25
    clock.forgive()
    clock.set_speed(2.0)
    clock.catch_up()
    real.now_s += 1
    clock._follow_real_time(float("inf"))
    assert clock.now_us == 2_000_000


def test_a_clock_at_full_speed_has_nothing_to_forgive(real):
    clock = VirtualClock()
    real.now_s += 5
    clock.forgive()
    assert clock.forgiven_us == 0
