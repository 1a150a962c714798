"""A sink's worker: waits for a sink that is away, and does not let one item stop the others."""

import asyncio

import pytest
from tests.gateway.memory_log import MemoryLog, Told, observed, pairs, seqs

from luftpegel_gateway.delivery import worker as worker_module
from luftpegel_gateway.delivery.backoff import Backoff
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.delivery.worker import Worker
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import Rejection
from luftpegel_gateway.sinks import SinkDown

ITEMS = 10


class Sink:
    """Takes items, but stumbles over some numbers, refuses some, and is away for some calls."""

    def __init__(self, stumbles=(), refuses=(), away=0, asks=0.0):
        self.stumbles, self.refuses, self.away = set(stumbles), set(refuses), away
        self.asks = asks
        self.got, self.calls, self.starts = [], 0, 0

    async def start(self):
        self.starts += 1

    async def deliver(self, items):
        self.calls += 1
        if self.away:
            self.away -= 1
            raise SinkDown("LP-420", "away", self.asks)
        if self.stumbles & set(seqs(items)):
            raise ZeroDivisionError("a mistake")
        self.got += [item for item in items if item.reading.seq not in self.refuses]
        return [
            Rejection(item, Fault("LP-422", "not this one"))
            for item in items
            if item.reading.seq in self.refuses
        ]

    async def stop(self):
        pass


@pytest.fixture
def log():
    return MemoryLog(*[observed(seq) for seq in range(ITEMS)])


class Work:
    """A worker in a loop of its own. Waits are counted, not waited for."""

    def __init__(self, log, monkeypatch):
        self.log = log
        self.told = Told()
        self.waits = []
        self.then = None  # called at each wait
        self.monkeypatch = monkeypatch

    def __call__(self, sink, until, **options):
        real = asyncio.sleep

        async def sleep(seconds):
            self.waits.append(seconds)
            if self.then is not None:
                self.then(len(self.waits))
            await real(0)

        self.monkeypatch.setattr(worker_module.asyncio, "sleep", sleep)

        async def main():
            thread = LogThread(self.log)
            news = asyncio.Event()
            news.set()  # of a commit before it looked for the first time
            work = Worker("sink", sink, thread, self.told, news, clock=lambda: 5.0, **options)
            task = asyncio.create_task(work.run())
            while not until():
                assert not task.done(), task
                await real(0.001)
            # Until it is idle: a worker with nothing to do waits for news.
            for _ in range(50):
                await real(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            thread.close()

        asyncio.run(asyncio.wait_for(main(), 30))
        return [(item.reading.seq, fault.code) for _, item, fault in self.log.quarantine]

    def finished(self):
        return self.log.cursors.get("sink") == len(self.log.items)


@pytest.fixture
def work(log, monkeypatch):
    return Work(log, monkeypatch)


def test_a_sink_that_comes_back_gets_everything_once_and_in_order(work):
    sink = Sink(away=3)
    assert work(sink, work.finished) == []
    assert seqs(sink.got) == list(range(ITEMS))
    assert work.told.ever == [("sink", "LP-420")] * 3
    assert work.told.now == {}


@pytest.mark.parametrize("guilty", [(0,), (ITEMS - 1,), *pairs(2, ITEMS)[::4], tuple(range(ITEMS - 1))])
def test_what_breaks_the_sink_is_refused_alone(work, guilty):
    sink = Sink(stumbles=guilty)
    assert work(sink, work.finished) == [(seq, "LP-423") for seq in guilty]
    assert seqs(sink.got) == [seq for seq in range(ITEMS) if seq not in guilty]
    assert work.told.now == {}


def test_finding_one_guilty_item_takes_few_calls(work):
    sink = Sink(stumbles=(4,))
    work(sink, work.finished)
    assert sink.calls <= 2 * ITEMS.bit_length() + 1


def test_a_sink_that_breaks_on_everything_keeps_its_items(work):
    """A mistake of the sink, not of the items: nothing goes into quarantine, and all is delivered when it is
    mended. One output that answered each of its errors by dropping the record lost them all."""
    sink = Sink(stumbles=range(ITEMS))
    work.then = lambda waits: sink.stumbles.clear() if waits == 2 else None
    assert work(sink, work.finished) == []
    assert seqs(sink.got) == list(range(ITEMS))
    assert work.told.ever == [("sink", "LP-423")] * 2
    assert work.told.now == {}


def test_what_a_sink_refuses_is_told_to_the_log_once(work):
    """An output that answers "written" for a batch with refused records in it has them counted as written."""
    sink = Sink(refuses=(3, 8))
    assert work(sink, work.finished) == [(3, "LP-422"), (8, "LP-422")]
    assert {sink_name for sink_name, _, _ in work.log.quarantine} == {"sink"}
    assert len(sink.got) == ITEMS - 2


def test_a_sink_that_stays_away_is_asked_ever_more_rarely(work):
    """Retries without a pause load a network that is ill already."""
    sink = Sink(away=12)
    backoff = Backoff(0.5, 60.0, luck=lambda: 0.0)
    work(sink, work.finished, backoff=backoff)
    assert work.waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert backoff.wait() == 0.5


def test_waits_differ_from_worker_to_worker():
    assert Backoff(1.0, 60.0, luck=lambda: 1.0).wait() == 0.5
    assert Backoff(1.0, 60.0, luck=lambda: 0.5).wait() == 0.75


def test_only_the_present_trouble_is_told(work):
    sink = Sink(away=2)
    seen = []

    def at_wait(waits):
        seen.append(dict(work.told.now["sink"]))
        if waits == 2:
            work.log.down = ("LP-410", "disk full")
        elif waits == 4:
            work.log.down = None

    work.then = at_wait
    work(sink, work.finished)
    assert [list(codes) for codes in seen] == [["LP-420"], ["LP-420"], ["LP-410"], ["LP-410"]]
    assert work.told.now == {}


def test_a_trouble_of_the_process_before_is_cleared_by_the_first_success(work):
    work.told.report("sink", "LP-420", "told before the restart")
    work(Sink(), work.finished)
    assert work.told.now == {}


def test_a_log_that_fails_after_the_delivery_is_asked_for_the_cursor_alone(work):
    """A full disk lasts for hours, and a broker would be told the same once a minute."""
    sink = Sink(refuses={3})
    real = work.log.advance
    failures = iter([True, True])

    def advance(*details):
        if next(failures, False):
            work.log.down = ("LP-410", "disk full")
        real(*details)

    work.log.advance = advance
    work.then = lambda _waits: setattr(work.log, "down", None)
    work(sink, work.finished)
    assert seqs(sink.got) == [seq for seq in range(ITEMS) if seq != 3]
    assert (sink.calls, work.told.now) == (1, {})
    assert [item.reading.seq for _, item, _ in work.log.quarantine] == [3]


def test_batches_are_bounded(work):
    sink = Sink()
    work(sink, work.finished, largest=4)
    assert sink.calls == 3
    assert seqs(sink.got) == list(range(ITEMS))


@pytest.mark.parametrize(("asked", "waits"), [(0.0, 60.0), (120.0, 120.0), (1e6, 900.0)])
def test_a_platform_that_asks_to_be_left_alone_is_left_alone(work, monkeypatch, asked, waits):
    """Retry-After counts where it is longer than our own pause, but nobody waits a week for it."""
    sink = Sink(away=12, asks=asked)
    work(sink, work.finished, backoff=Backoff(0.5, 60.0, luck=lambda: 0.0))
    assert max(work.waits) == waits
    assert seqs(sink.got) == list(range(ITEMS))


def test_news_that_come_while_it_looks_are_not_missed(log, monkeypatch):
    """The event is set between the look into the log and the wait."""
    sink, told = Sink(), Told()

    async def main():
        thread, news = LogThread(log), asyncio.Event()
        real = log.after

        def after(name, limit):
            found = real(name, limit)
            if found is None and len(log.items) == ITEMS:
                log.items.append(observed(ITEMS))
                loop.call_soon_threadsafe(news.set)
            return found

        loop = asyncio.get_running_loop()
        log.after = after
        task = asyncio.create_task(Worker("sink", sink, thread, told, news).run())
        while log.cursors.get("sink") != ITEMS + 1:
            assert not task.done()
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        thread.close()

    asyncio.run(asyncio.wait_for(main(), 30))
    assert seqs(sink.got) == list(range(ITEMS + 1))


def test_an_idle_worker_does_nothing(work):
    calls = []
    real = work.log.after
    work.log.after = lambda *details: calls.append(details) or real(*details)
    work(Sink(), lambda: work.finished() and len(calls) >= 2)
    assert len(calls) == 2  # the batch, and that there is no other


def test_a_sink_that_cannot_correct_gets_each_reading_once(work):
    work.log.items += [observed(3, revision=1), observed(ITEMS)]
    sink = Sink()
    work(sink, work.finished, revises=False)
    assert seqs(sink.got) == list(range(ITEMS + 1))


def test_a_sink_that_cannot_start_is_started_again(work):
    class Slow(Sink):
        async def start(self):
            await super().start()
            if self.starts < 3:
                raise OSError("no such device")

    sink = Slow()
    work(sink, work.finished)
    assert sink.starts == 3
    assert seqs(sink.got) == list(range(ITEMS))
    assert work.told.now == {}


def test_the_log_is_closed_after_what_runs(log):
    async def main():
        thread = LogThread(log)
        order = []
        log.close = lambda: order.append("closed")
        waiting = asyncio.ensure_future(thread.call(lambda _: order.append("worked")))
        await asyncio.sleep(0)
        thread.close()
        await waiting
        return order

    assert asyncio.run(main()) == ["worked", "closed"]


@pytest.mark.parametrize(
    ("items", "largest", "gathers"),
    [
        pytest.param(worker_module.BUSY - 1, 2000, 0, id="few go at once"),
        pytest.param(worker_module.BUSY, 2000, 1, id="many let more come"),
        pytest.param(4 * worker_module.BUSY, 2 * worker_module.BUSY, 0, id="a full batch: more is here"),
    ],
)
def test_under_load_a_sink_gets_more_at_a_time(items, largest, gathers, work):
    work.log.items = [observed(seq) for seq in range(items)]
    sink = Sink()
    assert work(sink, work.finished, largest=largest) == []
    assert seqs(sink.got) == list(range(items))
    assert work.waits == [worker_module.GATHER_S] * gathers
