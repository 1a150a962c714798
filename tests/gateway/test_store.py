"""The built-in store by itself: once by name, never written over."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from luftpegel_gateway.journal.sqlite.journal import StoredFrame
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.sinks.store import Store
from luftpegel_wire import quality


def frame(number, seq, value, time=1000):
    return StoredFrame(number, "LP-0001", 0, (Reading(seq, time, (Cell(2, value, 0, quality.OK),)),))


def deliver(path, *frames):
    async def run():
        store = Store(path)
        await store.start()
        try:
            return await store.deliver(frames)
        finally:
            await store.stop()

    return asyncio.run(run())


def rows(path):
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT seq, value, time, frame_id FROM readings ORDER BY seq").fetchall()


def test_a_frame_again_changes_nothing(tmp_path):
    store = tmp_path / "store.sqlite"
    assert deliver(store, frame(1, 5, 2000), frame(2, 6, 2010)) == []
    assert deliver(store, frame(1, 5, 2000), frame(2, 6, 2010), frame(3, 7, 2020)) == []
    assert rows(store) == [(5, 2000, 1000, 1), (6, 2010, 1000, 2), (7, 2020, 1000, 3)]


@pytest.mark.parametrize("other", [frame(2, 5, 9999), frame(2, 5, 2000, time=5)])
def test_another_reading_under_the_same_name_is_refused(tmp_path, other):
    store = tmp_path / "store.sqlite"
    deliver(store, frame(1, 5, 2000))
    (rejection,) = deliver(store, other, frame(3, 6, 2010))
    assert (rejection.frame, rejection.fault.code) == (2, "LP-421")
    assert rows(store) == [(5, 2000, 1000, 1), (6, 2010, 1000, 3)]


def test_a_file_that_is_no_database_is_a_trouble_that_can_pass(tmp_path):
    store = tmp_path / "store.sqlite"
    store.write_text("something else " * 100)
    with pytest.raises(SinkDown) as down:
        deliver(store, frame(1, 5, 2000))
    assert down.value.code == "LP-411"
    store.unlink()
    assert deliver(store, frame(1, 5, 2000)) == []


def test_a_lost_journal_cannot_spoil_the_store(site, server, station, make_station, until):
    site.started()
    server.publish(station.topic(), station.uplink(3))
    site.wait_for(range(4))
    site.stop()
    for file in site.data.glob("journal.sqlite*"):
        file.unlink()
    site.started()
    restarted = make_station(value=lambda seq: (1000 + 10 * seq, 3000))
    server.publish(station.topic(), restarted.uplink(5, history=3))
    site.wait_for(range(6))
    until(lambda: site.journal("SELECT code, sink FROM quarantine") == [("LP-421", "store")], "not refused")
    assert site.stored()[3] == station.value(3)
