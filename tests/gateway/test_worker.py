"""A sink's worker: waits for a sink that is away, and does not let one frame stop the others."""

import asyncio

import pytest

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.delivery.journal_thread import JournalThread
from luftpegel_gateway.delivery.worker import Worker
from luftpegel_gateway.ingest.state import Station
from luftpegel_gateway.journal.sqlite.journal import Journal
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.sinks import SinkDown

FRAMES = 10


class Sink:
    """Takes frames, but stumbles over some numbers, and is away for some calls."""

    def __init__(self, stumbles=(), away=0):
        self.stumbles, self.away = stumbles, away
        self.got = []

    async def start(self):
        pass

    async def deliver(self, frames):
        if self.away:
            self.away -= 1
            raise SinkDown("LP-420", "away")
        if any(frame.id in self.stumbles for frame in frames):
            raise ZeroDivisionError("a mistake")
        self.got += [frame.id for frame in frames]
        return []

    async def stop(self):
        pass


@pytest.fixture
def journal(tmp_path, station):
    journal = Journal(
        tmp_path / "journal.sqlite", [Station("LP-0001", station.dev_eui, "Mühlbach", "climate")]
    )
    uplinks = [station.uplink(seq, history=1) for seq in range(FRAMES)]
    journal.take([Delivery("chirpstack-mqtt", station.topic(), uplink) for uplink in uplinks])
    yield journal
    journal.close()


@pytest.fixture
def work(journal, monkeypatch):
    """Let a worker run until the sink's cursor is at the end; returns the quarantine's codes by frame."""
    monkeypatch.setattr("luftpegel_gateway.sinks.worker.FIRST_WAIT_S", 0.001)

    def run(sink):
        async def main():
            thread = JournalThread(journal)
            worker = asyncio.create_task(Worker("sink", sink, thread, Health(), asyncio.Event()).run())
            while await thread.call("cursor", "sink") < FRAMES:
                assert not worker.done()
                await asyncio.sleep(0.001)
            worker.cancel()

        asyncio.run(asyncio.wait_for(main(), 30))
        return journal._database.execute("SELECT frame, code FROM quarantine ORDER BY 1").fetchall()

    return run


def test_a_sink_that_comes_back_gets_everything_once(work):
    sink = Sink(away=3)
    assert work(sink) == []
    assert sink.got == list(range(1, FRAMES + 1))


def test_a_frame_that_breaks_the_sink_is_refused_alone(work):
    sink = Sink(stumbles=(4, 7))
    assert work(sink) == [(4, "LP-423"), (7, "LP-423")]
    assert sink.got == [frame for frame in range(1, FRAMES + 1) if frame not in (4, 7)]


def test_what_was_refused_comes_again_on_replay(work, journal):
    work(Sink(stumbles=(4,)))
    assert journal.replay(1) is None
    (again,) = journal.after(FRAMES, 100)
    assert [reading.seq for reading in again.readings] == [3]
