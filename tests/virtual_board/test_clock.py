"""The virtual clock: order, cancelling, limits, pace."""

import os

import pytest

from luftpegel_tools.virtual_board.clock import VirtualClock


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
