"""What leaves the journal and what never does."""

import pytest

from luftpegel_gateway.ingest.state import Station
from luftpegel_gateway.journal import retention
from luftpegel_gateway.journal.sqlite.journal import Journal
from luftpegel_gateway.model.events import Delivery

DAY = 86400


class Clock:
    now = 1_800_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def journal(tmp_path, station, clock):
    stations = [Station("LP-0001", station.dev_eui, "Mühlbach", "climate")]
    journal = Journal(tmp_path / "journal.sqlite", stations, clock)
    journal._database.execute("PRAGMA synchronous = OFF")
    yield journal
    journal.close()


@pytest.fixture
def take(journal, station):
    def take_frames(numbers):
        frames = [
            Delivery("chirpstack-mqtt", station.topic(), station.uplink(seq, history=1)) for seq in numbers
        ]
        journal.take(frames)

    return take_frames


def count(journal, table="frame"):
    return journal._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_old_delivered_frames_leave(journal, take, clock):
    take(range(10))
    clock.now += 31 * DAY
    take(range(10, 15))
    journal.advance("store", journal.after(0, 100)[-1].id)
    assert not journal.tidy(["store"], keep_days=31, keep_mib=1000)
    assert count(journal) == 15
    clock.now += 1
    journal.tidy(["store"], keep_days=31, keep_mib=1000)
    assert count(journal) == 5


def test_what_a_sink_has_not_seen_stays(journal, take, clock):
    take(range(10))
    journal.advance("store", journal.after(0, 100)[4].id)
    clock.now += 100 * DAY
    journal.tidy(["store"], keep_days=31, keep_mib=1000)
    assert len(journal.after(0, 100)) == 5
    journal.tidy(["store", "new"], keep_days=31, keep_mib=1000)
    assert len(journal.after(0, 100)) == 5


def test_quarantine_stays(journal, take, clock):
    journal.take([Delivery("chirpstack-mqtt", "x", b"garbage")])
    take(range(3))
    journal.advance("store", 4)
    clock.now += 100 * DAY
    journal.tidy(["store"], keep_days=31, keep_mib=1000)
    assert (count(journal), count(journal, "quarantine")) == (1, 1)


def test_names_are_known_for_ever(journal, take, clock):
    take(range(5000, 5010))
    take(range(10))
    journal.advance("store", 20)
    clock.now += 100 * DAY
    journal.tidy(["store"], keep_days=1, keep_mib=1000)
    assert count(journal, "reading") < 20
    take(range(10))
    assert journal.after(20, 100) == []


def test_too_large_a_file_loses_its_oldest_delivered_frames(journal, take, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 20)
    take(range(150))
    journal.advance("store", 110)
    while journal.tidy(["store"], keep_days=31, keep_mib=0):
        pass
    assert [frame.id for frame in journal.after(0, 10**6)] == list(range(111, 151))
