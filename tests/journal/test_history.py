"""What is offered again, or to a new sink, asked of every engine: all of it, once, whatever comes between."""

import pytest
from backends import BACKENDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_contract import KEY, NOW, REF, Journal, decided, message, numbers, reading

from luftpegel_gateway.journal.port import Budgets, Offer, Outcome
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed

OTHER = Ref("", "LP-0002")


@pytest.fixture(params=BACKENDS)
def journal(request, tmp_path):
    journal = Journal(request.param, tmp_path / "journal")
    yield journal
    journal.log.close()


def empty_outbox(journal, *sinks):
    for sink in sinks:
        journal.read(sink)
    while journal.log.tidy(sinks, Budgets(), NOW):
        pass


def test_a_sink_of_a_new_journal_gets_each_reading_once(journal):
    journal.log.welcome("a")
    assert journal.read("a") == []
    journal.take(1, 2)
    journal.reopen()
    assert journal.log.welcome("a") is False
    assert numbers(journal.read("a")) == [1, 2]


def test_a_sink_that_is_added_later_gets_what_is_kept_and_then_what_is_new(journal):
    journal.log.welcome("a")
    journal.take(1, 2, 3)
    journal.take(1, ref=OTHER)
    empty_outbox(journal, "a")
    assert journal.log.welcome("b") is True
    journal.take(4)
    found = [(item.ref.station, item.reading.seq, item.late) for item in journal.read("b", limit=2)]
    late = [item for item in found if item[2]]
    assert {item[:2] for item in late} >= {*(("LP-0001", seq) for seq in (1, 2, 3)), ("LP-0002", 1)}
    assert len(late) == len(set(late))
    assert ("LP-0001", 4, False) in found[: found.index(late[0])]  # what is new goes first
    assert journal.read("b") == []
    assert journal.log.welcome("b") is False
    assert numbers(journal.read("a")) == [4]


def test_a_new_sink_is_told_once_what_every_other_has(journal):
    """The outbox keeps its last row: what lies there is history to a sink that is added now."""
    journal.log.welcome("a")
    journal.take(1)
    journal.take(2, 3)
    assert sorted(numbers(journal.read("a"))) == [1, 2, 3]
    assert journal.log.welcome("b") is True
    assert sorted(numbers(journal.read("b"))) == [1, 2, 3]
    journal.take(4)
    assert numbers(journal.read("b")) == [4]


def test_what_another_sink_still_waits_for_a_new_one_gets_as_well(journal):
    """A sink that is renamed while its platform is down: its alarms lie in the outbox alone."""
    for sink in ("a", "b"):
        journal.log.welcome(sink)
    journal.take(1)
    journal.read("a")
    assert journal.log.welcome("c") is True
    assert numbers(journal.log.after("c", 9).items) == [1]


def test_a_sink_that_was_taken_out_for_a_while_gets_what_it_missed(journal):
    for sink in ("a", "b"):
        journal.log.welcome(sink)
    journal.take(1)
    empty_outbox(journal, "a", "b")
    journal.take(2)
    journal.take(3)
    empty_outbox(journal, "a")  # b stands in no file now
    journal.reopen()
    assert journal.log.welcome("a") is False
    assert journal.log.welcome("b") is True
    assert set(numbers(journal.read("b"))) >= {2, 3}


def test_an_offer_that_nothing_was_delivered_of_is_not_begun_twice(journal):
    for seq in (1, 2):
        journal.take(seq)
    empty_outbox(journal, "a")  # the outbox begins with the second now
    assert journal.log.welcome("b") is True
    journal.reopen()
    assert journal.log.welcome("b") is False
    batch = journal.log.after("b", 100)
    journal.log.advance("b", batch.position, (), NOW)
    assert journal.log.welcome("b") is False
    assert set(numbers([*batch.items, *journal.read("b")])) == {1, 2}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Offer(), {("LP-0001", 1), ("LP-0001", 2), ("LP-0001", 3), ("LP-0001", 9), ("LP-0002", 2)}),
        (Offer(since=NOW + 1200), {("LP-0001", 2), ("LP-0001", 3), ("LP-0002", 2)}),
        (Offer(until=NOW + 1200), {("LP-0001", 1), ("LP-0001", 2), ("LP-0002", 2)}),
        (Offer(NOW + 1200, NOW + 1200), {("LP-0001", 2), ("LP-0002", 2)}),
        (Offer(stations=(KEY,)), {("LP-0001", seq) for seq in (1, 2, 3, 9)}),
        (Offer(NOW + 1800, None, (KEY,)), {("LP-0001", 3)}),
        (Offer(stations=(("", "nobody"),)), set()),
    ],
)
def test_what_an_offer_holds(journal, wanted, expected):
    journal.take(1, 2, 3)
    journal.take(2, ref=OTHER)
    rows = [reading(4, cells=()), reading(9, time=None)]
    journal.log.transact(
        [message("absent")],
        decided([Outcome(keep=True)], readings={(REF, row.seq): row for row in rows}),
        NOW,
    )
    empty_outbox(journal, "a")
    counted = journal.ask("kept", wanted)
    assert sum(counted.values()) == len(expected)
    journal.log.offer("a", wanted)
    assert journal.ask("account", ["a", "b"]).offered == ("a",)
    found = journal.read("a", limit=2)
    assert {(item.ref.station, item.reading.seq) for item in found} == expected
    assert len(found) == len(expected)
    assert journal.ask("account", ["a", "b"]).offered == ()


def test_an_offer_is_of_the_readings_as_they_are_known_by_then(journal):
    journal.take(1, 2)
    empty_outbox(journal, "a")
    journal.log.offer("a", Offer())
    row = reading(2, revision=3)
    journal.log.transact([message("x")], decided([Outcome(keep=True)], readings={(REF, 2): row}), NOW)
    assert [(item.reading.seq, item.reading.revision) for item in journal.read("a")] == [(1, 0), (2, 3)]


def test_a_second_offer_while_one_is_under_way_holds_both(journal):
    journal.take(*range(1, 9))
    empty_outbox(journal, "a")
    journal.log.offer("a", Offer(since=NOW + 3600))
    batch = journal.log.after("a", 1)
    journal.log.offer("a", Offer(until=NOW + 1200))
    journal.log.advance("a", batch.position, (), NOW)  # of the first: it says nothing of the second
    assert set(numbers(journal.read("a"))) >= {1, 2, 6, 7, 8}


@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_between_nothing_is_left_out(tmp_path_factory, data):
    """New readings, restarts, other sinks, and a step of any size: the sink has all in the end."""
    kind = data.draw(st.sampled_from(sorted(BACKENDS)))
    journal = Journal(kind, tmp_path_factory.mktemp("journal") / "journal")
    try:
        seq, got = 0, set()
        for _ in range(data.draw(st.integers(1, 4))):
            seq += 1
            journal.take(seq)
        empty_outbox(journal, "a")
        journal.log.welcome("b")
        for step in data.draw(st.lists(st.sampled_from(["take", "reopen", "read", "lost", "a"]), max_size=9)):
            if step == "take":
                seq += 1
                journal.take(seq)
            elif step == "reopen":
                journal.reopen()
                journal.log.welcome("b")
            elif step == "a":
                journal.read("a")
                journal.log.tidy(("a", "b"), Budgets(), NOW)
            elif (batch := journal.log.after("b", data.draw(st.integers(1, 3)))) and step == "read":
                got |= set(numbers(batch.items))
                journal.log.advance("b", batch.position, (), NOW)
        got |= set(numbers(journal.read("b", limit=1)))
        assert got == set(range(1, seq + 1))
        assert journal.log.after("b", 1) is None
    finally:
        journal.log.close()


def test_items_of_history_say_when_they_were_measured(journal):
    journal.take(1)
    empty_outbox(journal, "a")
    journal.log.offer("a", Offer())
    [item] = journal.log.after("a", 5).items
    assert item == Observed(REF, reading(1), (NOW + 600) * 1_000_000, late=True)
