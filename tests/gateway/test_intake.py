"""Intake: one commit for what comes together, acknowledged after it and never before, and no message that can
stop the others."""

import asyncio
from dataclasses import dataclass, field

import pytest
from tests.gateway.memory_log import MemoryLog, Told, observed, pairs, seqs

from luftpegel_gateway.delivery import intake as intake_module
from luftpegel_gateway.delivery.intake import Intake
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.journal.port import Outcome, Outcomes
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink
from luftpegel_gateway.model.faults import Fault

COUNT = 9


@dataclass
class Upstream:
    """Remembers what it is told, and what the log had then."""

    log: MemoryLog
    calls: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    had: list = field(default_factory=list)
    fails: bool = False

    def acknowledge(self, tokens):
        self.calls.append(list(tokens))
        self.had.append(len(self.log.deliveries) + len(self.log.quarantine))
        if self.fails:
            raise OSError("the connection is gone")

    def answer(self, downlink):
        self.answers.append(downlink)


def decide(deliveries, _snapshot, _now):
    """A reading a message; "guilty" breaks it, "bad" is refused, "ask" is answered."""
    each, items = [], []
    for delivery in deliveries:
        kind, number = delivery.payload.split()
        if kind == b"guilty":
            raise ZeroDivisionError("a mistake")
        if kind == b"bad":
            each.append(Outcome(faults=(Fault("LP-200", "no frame"),)))
            continue
        items.append(observed(int(number)))
        answer = Downlink("down", "", 4, b"\x01", "id") if kind == b"ask" else None
        each.append(Outcome(keep=True, downlink=answer))
    return Outcomes(each, {}, {}, items)


def arrival(number, upstream, kind="good", size=0):
    return Arrival(
        Delivery("source", "kind", "topic", f"{kind} {number}".encode() + b" " * size), upstream, number
    )


class Desk:
    """An intake in a loop of its own; `go` delivers and waits until all is through."""

    def __init__(self, monkeypatch):
        self.log, self.told, self.waits, self.then = MemoryLog(), Told(), [], None
        self.up, self.other = Upstream(self.log), Upstream(self.log)
        self.monkeypatch = monkeypatch

    def go(self, *groups, **options):
        async def main():
            real = asyncio.sleep

            async def sleep(seconds):
                self.waits.append(seconds)
                if self.then is not None:
                    self.then(len(self.waits))
                await real(0)

            self.monkeypatch.setattr(intake_module.asyncio, "sleep", sleep)
            thread = LogThread(self.log)
            self.intake = Intake(thread, decide, self.told, 0.0, clock=lambda: 5.0, **options)
            self.news = self.intake.watch()
            task = asyncio.create_task(self.intake.run())
            left = [list(self.intake.deliver(group)) for group in groups]
            while self.intake.held:
                assert not task.done(), task
                await real(0.001)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            thread.close()
            return left

        return asyncio.run(asyncio.wait_for(main(), 30))


@pytest.fixture
def desk(monkeypatch):
    return Desk(monkeypatch)


def test_one_commit_and_one_acknowledgement_for_what_comes_together(desk):
    desk.go([arrival(n, desk.up) for n in range(4)], [arrival(n, desk.other) for n in range(4, COUNT)])
    assert desk.log.batches == [COUNT]
    assert desk.up.calls == [[0, 1, 2, 3]]
    assert desk.other.calls == [[4, 5, 6, 7, 8]]
    assert desk.up.had == desk.other.had == [COUNT]
    assert seqs(desk.log.items) == list(range(COUNT))
    assert desk.news.is_set()


def test_answers_go_to_where_the_question_came_from(desk):
    desk.go([arrival(0, desk.up), arrival(1, desk.other, "ask"), arrival(2, desk.up, "ask")])
    assert (len(desk.up.answers), len(desk.other.answers)) == (1, 1)


def test_a_replay_has_no_upstream(desk):
    desk.go([arrival(0, None, "ask")])
    assert seqs(desk.log.items) == [0]


def test_batches_are_bounded_in_number_and_in_bytes(desk, monkeypatch):
    monkeypatch.setattr(intake_module, "LARGEST_BATCH", 4)
    desk.go([arrival(n, desk.up) for n in range(COUNT)])
    assert desk.log.batches == [4, 4, 1]
    monkeypatch.setattr(intake_module, "LARGEST_BATCH_BYTES", 6000)
    desk.log.batches.clear()
    desk.go([arrival(n, desk.up, size=2000) for n in range(4)] + [arrival(4, desk.up, size=20_000)])
    assert desk.log.batches == [2, 2, 1]


@pytest.mark.parametrize("guilty", [(0,), (COUNT - 1,), *pairs(2, COUNT)[::5], tuple(range(COUNT))])
def test_a_message_that_breaks_the_decision_goes_into_quarantine_alone(desk, guilty):
    desk.go([arrival(n, desk.up, "guilty" if n in guilty else "good") for n in range(COUNT)])
    assert sorted(seqs(desk.log.items)) == [n for n in range(COUNT) if n not in guilty]
    found = [(delivery.payload, fault.code) for _, delivery, fault in desk.log.quarantine]
    assert found == [(f"guilty {n}".encode(), "LP-254") for n in guilty]
    assert desk.up.calls == [list(range(COUNT))]
    assert desk.told.now == {}


def test_what_cannot_even_lie_in_quarantine_stays_with_its_upstream(desk):
    """The engine breaks on it whatever is decided: it is not acknowledged, and the others are."""
    real = desk.log.transact

    def transact(deliveries, *details):
        if any(delivery.payload == b"good 3" for delivery in deliveries):
            raise OverflowError("the engine's mistake")
        return real(deliveries, *details)

    desk.log.transact = transact
    desk.go([arrival(n, desk.up) for n in range(COUNT)])
    assert desk.up.calls == [[n for n in range(COUNT) if n != 3]]
    assert desk.told.now == {"intake": {"LP-254": "OverflowError: the engine's mistake"}}


def test_a_journal_that_is_down_holds_the_batch_and_says_so(desk):
    desk.log.down = ("LP-410", "disk full")
    seen = []

    def at_wait(waits):
        seen.append((list(desk.up.calls), list(desk.told.now)))
        if waits == 6:
            desk.log.down = None

    desk.then = at_wait
    desk.go([arrival(n, desk.up) for n in range(COUNT)])
    assert seen[1:] == [([], ["journal"])] * 5  # the first wait is the linger
    assert desk.up.calls == [list(range(COUNT))]
    assert desk.told.now == {}
    assert all(half <= wait <= full for wait, half, full in
               zip(desk.waits[1:], (0.25, 0.5, 1, 2, 4), (0.5, 1, 2, 4, 8), strict=True))  # fmt: skip


def test_only_the_journals_present_trouble_is_told(desk):
    desk.log.down = ("LP-410", "disk full")

    def at_wait(waits):
        if waits == 2:
            desk.log.down = ("LP-413", "the file is gone")
        elif waits == 3:
            assert list(desk.told.now["journal"]) == ["LP-413"]
            desk.log.down = None

    desk.then = at_wait
    desk.go([arrival(0, desk.up)])
    assert desk.told.ever == [("journal", "LP-410"), ("journal", "LP-413")]
    assert desk.told.now == {}


def test_a_trouble_of_the_process_before_is_cleared_by_the_first_commit(desk):
    desk.told.report("journal", "LP-410", "told before the restart")
    desk.go([arrival(0, desk.up)])
    assert desk.told.now == {}


def test_memory_is_bounded_whoever_publishes(desk):
    """Queues without a bound in front of a store that is away have filled memories elsewhere."""
    desk.log.down = ("LP-410", "disk full")
    limit = 20_000

    def at_wait(waits):
        assert desk.intake.held <= limit
        assert set(desk.told.now) <= {"journal", "intake"}
        if waits == 4:
            desk.log.down = None

    desk.then = at_wait
    (left,) = desk.go([arrival(n, desk.up, size=1000) for n in range(100)], largest_held=limit)
    taken = [token for call in desk.up.calls for token in call]
    assert taken == list(range(len(taken)))  # in order, and what was left is the rest
    assert [item.token for item in left] == list(range(len(taken), 100))
    assert 0 < len(taken) < 100
    assert ("intake", "LP-416") in desk.told.ever
    assert desk.told.now == {}


def test_one_message_larger_than_the_bound_is_taken_when_nothing_else_waits(desk):
    assert desk.go([arrival(0, desk.up, size=30_000)], largest_held=20_000) == [[]]
    assert desk.up.calls == [[0]]


def test_an_upstream_that_fails_does_not_stop_the_others(desk):
    desk.up.fails = True
    desk.go([arrival(0, desk.up), arrival(1, desk.other)])
    assert (desk.up.calls, desk.other.calls) == ([[0]], [[1]])
