"""The built-in store by itself: once by name, corrected by a higher revision, never written over."""

import asyncio
import itertools
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.gateway.memory_log import observed

from luftpegel_gateway.model import quality
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.sinks import Context, SinkDown, module_of
from luftpegel_gateway.sinks.store import Store
from luftpegel_wire.quality import RATE, SILENT, STALE, SUSPECT


@pytest.fixture
def file(tmp_path):
    return tmp_path / "store.sqlite"


@pytest.fixture(autouse=True)
def nothing_stays_open(tmp_path):
    """Each SQLite file is closed when the sink is stopped, also where it could not be used."""
    yield
    links = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert [link for link in links if link.is_relative_to(tmp_path) and ".sqlite" in link.name] == []


@pytest.fixture
def deliver(file):
    """Deliver batch after batch to one open store; all rejections as (seq, code)."""

    def run(*batches, between=None):
        async def main():
            store = Store(file)
            await store.start()
            found = []
            try:
                for batch in batches:
                    found += await store.deliver(batch if isinstance(batch, list | tuple) else [batch])
                    if between is not None:
                        between()
            finally:
                await store.stop()
            return [(getattr(r.item, "reading", r.item).seq, r.fault.code) for r in found]

        return asyncio.run(main())

    return run


@pytest.fixture
def rows(file):
    def read(what="seq, value, time", tail="ORDER BY station, life, seq, channel", table="readings"):
        with closing(sqlite3.connect(file)) as database:
            return database.execute(f"SELECT {what} FROM {table} {tail}").fetchall()

    return read


def test_an_item_again_changes_nothing(deliver, rows):
    items = [observed(5, 2000, 40), observed(6, 2010, 41)]
    assert deliver(items, items, [*items, observed(7, 2020)]) == []
    assert rows("seq, channel, value, revision") == [
        (5, 2, 2000, 0), (5, 4, 40, 0), (6, 2, 2010, 0), (6, 4, 41, 0), (7, 2, 2020, 0)]  # fmt: skip


def test_a_crash_before_the_cursor_moved_changes_nothing(deliver, rows):
    """The whole batch again, corrections among it: nothing doubled, nothing refused, nothing undone."""
    batch = [observed(5, None, wire=SILENT), observed(6, 7), observed(5, 2000, revision=1),
             observed(5, 2000, revision=2, flags=quality.SPIKE)]  # fmt: skip
    assert deliver(batch) == []
    once = rows("*")
    assert deliver(batch, batch) == []
    assert rows("*") == once


REVISIONS = [
    observed(5, None, wire=SILENT),
    observed(5, 2000, revision=1),
    observed(5, 2000, time=990, revision=2),
    observed(5, 2000, time=990, revision=3, flags=quality.SPIKE | quality.FREEZING),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(REVISIONS)))))
@pytest.mark.parametrize("together", [True, False])
def test_the_highest_revision_stays_in_whatever_order_they_come(deliver, rows, order, together):
    """An upsert that takes whatever came last had stores go back to older values elsewhere."""
    batch = [REVISIONS[place] for place in order]
    assert deliver(*([batch] if together else batch)) == []
    assert rows("value, time, quality, flags, revision") == [(2000, 990, RATE, "spike,freezing", 3)]


def test_a_value_that_came_as_a_fault_and_is_corrected_is_updated(deliver, rows):
    deliver(observed(5, None, wire=SILENT), observed(5, 2000, revision=1))
    assert rows("value, quality, revision") == [(2000, 0, 1)]


@pytest.mark.parametrize(
    "other",
    [observed(5, 9999), observed(5, 9999, time=5), observed(5, None, wire=SILENT), observed(5, 2000, 3)],
)
def test_another_value_under_the_same_name_is_refused(deliver, rows, other):
    known = observed(5, 2000, 4)
    assert deliver(known, [observed(4, 1), other, observed(6, 2010)]) == [(5, "LP-421")]
    assert rows("seq, channel, value") == [(4, 2, 1), (5, 2, 2000), (5, 4, 4), (6, 2, 2010)]


def test_another_value_with_an_older_revision_is_refused_not_dropped(deliver, rows):
    """A journal that was removed while the store was kept counts revisions anew."""
    assert deliver(observed(5, 2000, revision=2), observed(5, 7)) == [(5, "LP-421")]
    assert rows("value, revision") == [(2000, 2)]


def test_other_time_alone_is_no_contradiction(deliver, rows):
    assert deliver(observed(5, 2000, time=1000), observed(5, 2000, time=1060)) == []
    assert rows("time") == [(1000,)]


def test_a_time_that_was_not_known_is_filled_in(deliver, rows):
    assert deliver(observed(5, 2000, time=None), observed(5, 2000, time=1000)) == []
    assert deliver(observed(5, 2000, time=None)) == []
    assert rows("time") == [(1000,)]


def test_lives_and_tenants_are_other_names(deliver, rows):
    same = [observed(5, value, life=life, tenant=tenant) for value, (tenant, life) in
            enumerate(itertools.product(("", "b"), range(3)))]  # fmt: skip
    assert deliver(same) == []
    assert sorted(rows("tenant, life, value", "")) == [
        ("", 0, 0), ("", 1, 1), ("", 2, 2), ("b", 0, 3), ("b", 1, 4), ("b", 2, 5)]  # fmt: skip


def test_flags_are_words_and_the_gravest_is_the_quality(deliver, rows):
    deliver([
        observed(0, 1),
        observed(1, 1, flags=quality.HUMID | quality.SPIKE),
        observed(2, 1, unsure=True),
        observed(3, 1, wire=STALE, flags=quality.SPIKE),
    ])  # fmt: skip
    assert rows("quality, flags") == [
        (0, ""), (RATE, "spike,humid"), (SUSPECT, "time"), (STALE, "spike")]  # fmt: skip


def test_an_absent_reading_is_no_row(deliver, rows):
    absent = observed(5)
    assert deliver([type(absent)(absent.ref, type(absent.reading)(5, None, ()), 0)]) == []
    assert rows() == []


def alarm(value=3100, time=1000, kind="above"):
    return AlarmRaised(Ref("", "LP-0001"), 7, time, 2, kind, value, 3000, 10**15)


def test_an_alarm_is_stored_once(deliver, rows):
    assert deliver(alarm(time=None), [alarm(), observed(7, 3100)], alarm(time=None)) == []
    assert rows("seq, channel, kind, time, value, threshold", "", "alarms") == [
        (7, 2, "above", 1000, 3100, 3000)]  # fmt: skip
    assert deliver([alarm(9), alarm(kind="rate")]) == [(7, "LP-421")]
    assert rows("kind, value", "ORDER BY 1", "alarms") == [("above", 3100), ("rate", 3100)]


def test_columns_that_people_added_survive_a_correction(deliver, rows, file):
    """Replacing a row as a whole empties what others wrote beside it."""
    deliver(observed(5, 2000))
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("ALTER TABLE readings ADD COLUMN note TEXT")
        database.execute("UPDATE readings SET note = 'checked on site'")
    assert deliver([observed(5, 2000, revision=1, flags=quality.SPIKE), observed(6, 1)]) == []
    assert rows("seq, flags, note") == [(5, "spike", "checked on site"), (6, "", None)]


def test_what_sqlite_cannot_take_is_the_items_fault(deliver, rows):
    with pytest.raises(sqlite3.IntegrityError):
        deliver([observed(5, 1), observed(6, "no number")])
    assert deliver(observed(5, 1)) == []
    assert rows("seq") == [(5,)]


# The view `current`.


def test_current_is_the_newest_by_time_in_whatever_order_it_came(deliver, rows):
    """The newest is not what was written last: platforms that took it so showed history as the present."""
    luck = random.Random(5)
    items = [
        observed(
            seq, seq, 10 * seq, station=station, life=life, tenant=tenant,
            time=1000 * life + seq if luck.random() < 0.9 else None, channels=luck.sample((2, 3, 9), 2),
        )
        for station in ("LP-0001", "LP-0002", "M")
        for life in range(2)
        for tenant in ("", "b")
        for seq in range(12)
    ]  # fmt: skip
    luck.shuffle(items)
    deliver(items)
    newest = {}
    for row in rows("tenant, station, channel, time, life, seq, value"):
        place = row[:3]
        order = (row[3] is not None, row[3] or 0, row[4], row[5])
        newest[place] = max(newest.get(place, (order, row)), (order, row))
    expected = sorted(row for _, row in newest.values())
    assert sorted(rows("tenant, station, channel, time, life, seq, value", "", "current")) == expected


def test_current_costs_what_there_are_channels_not_readings(deliver, file):
    def steps():
        counted = [0]
        with closing(sqlite3.connect(file)) as database:
            database.set_progress_handler(lambda: counted.__setitem__(0, counted[0] + 1), 10)
            assert len(database.execute("SELECT * FROM current").fetchall()) == 60
        return counted[0]

    def hour(seqs):
        return [observed(seq, 1, 2, 3, station=f"LP-{s:04d}") for seq in seqs for s in range(20)]

    deliver(hour(range(3)))
    few = steps()
    deliver(hour(range(3, 60)))
    assert steps() < 1.2 * few


@pytest.mark.parametrize(
    "query",
    [
        "SELECT value FROM readings WHERE station = 'LP-0001' AND channel = 2 AND time > 5",
        "SELECT value FROM readings WHERE station = 'LP-0001'",
        "SELECT value FROM readings WHERE tenant = '' AND station = 'LP-0001' AND life = 0 AND seq > 5",
    ],
)
def test_the_questions_of_readers_do_not_read_everything(deliver, file, query):
    deliver(observed(5, 1))
    with closing(sqlite3.connect(file)) as database:
        plan = " ".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "SEARCH" in plan
    assert "SCAN" not in plan


# Files that are not what they should be.


def test_a_file_that_is_no_database_is_a_trouble_that_can_pass(deliver, file, rows):
    file.write_text("something else " * 100)
    with pytest.raises(SinkDown) as down:
        deliver(observed(5, 2000))
    assert down.value.code == "LP-411"
    assert file.read_text().startswith("something else")
    file.unlink()
    assert deliver(observed(5, 2000)) == []
    assert rows("seq") == [(5,)]


def test_the_database_of_another_program_is_left_alone(deliver, file, rows):
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE holidays (day TEXT)")
    with pytest.raises(SinkDown) as down:
        deliver(observed(5, 2000))
    assert down.value.code == "LP-411"
    assert rows("name", "", "sqlite_schema") == [("holidays",)]


def test_a_store_of_a_later_version_is_left_alone(deliver, file):
    deliver(observed(5, 2000))
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(SinkDown, match="99"):
        deliver(observed(6, 2000))


def test_a_file_that_is_removed_while_in_use_is_noticed(file, rows):
    """Written to without an error, and gone with the process: what was acknowledged so was lost elsewhere."""

    async def main():
        store = Store(file)
        try:
            await store.deliver([observed(5, 1)])
            for leftover in file.parent.glob("store.sqlite*"):
                leftover.unlink()
            with pytest.raises(SinkDown) as down:
                await store.deliver([observed(6, 1)])
            assert down.value.code == "LP-411"
            assert await store.deliver([observed(6, 1)]) == []
        finally:
            await store.stop()

    asyncio.run(main())
    assert rows("seq") == [(6,)]


def test_a_file_that_is_written_over_while_in_use_is_noticed(file):
    """The same file by name and number, so nothing but a look into it tells."""

    async def main():
        store = Store(file)
        try:
            await store.deliver([observed(5, 1)])
            file.write_bytes(b"somebody else's" * 1000)
            with pytest.raises(SinkDown) as down:
                await store.deliver([observed(6, 1)])
            assert down.value.code == "LP-411"
        finally:
            await store.stop()

    asyncio.run(main())


def test_a_reader_in_another_process_that_comes_and_goes_takes_nothing_away(file):
    """The last that closes a file in WAL mode removes its log; no reader must take itself for the last."""
    read = "import sqlite3, sys; print(len(list(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]))))"

    def count():
        return int(subprocess.check_output([sys.executable, "-c", read, file, "SELECT 1 FROM readings"]))

    async def main():
        store = Store(file)
        seen = []
        try:
            for seq in range(5):
                await store.deliver([observed(seq, 1)])
                seen.append(count())
        finally:
            await store.stop()
        return seen

    assert asyncio.run(main()) == [1, 2, 3, 4, 5]
    assert count() == 5


def test_a_write_ahead_log_that_is_removed_while_in_use_is_noticed_and_nothing_is_lost(file, rows):
    async def main():
        store = Store(file)
        try:
            await store.deliver([observed(5, 1)])
            file.with_name("store.sqlite-wal").unlink()
            with pytest.raises(SinkDown, match="-wal"):
                await store.deliver([observed(6, 1)])
            assert await store.deliver([observed(6, 1), observed(7, 1)]) == []
        finally:
            await store.stop()

    asyncio.run(main())
    assert [seq for seq, *_ in rows()] == [5, 6, 7]


def test_a_reader_that_holds_the_file_delays_nothing(file, deliver, rows):
    deliver(observed(5, 1))
    with closing(sqlite3.connect(file)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM readings").fetchall()
        assert deliver(observed(6, 1)) == []
    assert rows("seq") == [(5,), (6,)]


def test_it_is_made_from_its_options(tmp_path):
    module = module_of("store")
    for path, place in ((None, tmp_path / "store.sqlite"), (tmp_path / "x", tmp_path / "x")):
        store = module.create(Context("store", {"path": path}, tmp_path))

        async def main(store=store):
            await store.deliver([observed(5, 1)])
            await store.stop()

        asyncio.run(main())
        assert place.exists()
    assert module.REVISES


# The question whether it could be written.


def test_the_probe_leaves_no_trace_and_says_what_is_wrong(tmp_path):
    file = tmp_path / "made" / "later" / "store.sqlite"
    asyncio.run(module_of("store").probe({"path": file}, "store"))
    asyncio.run(module_of("store").probe({"path": None}, "store"))
    assert list(tmp_path.iterdir()) == []
    file.parent.mkdir(parents=True)
    file.write_text("rubbish" * 1000)
    with pytest.raises(SinkDown) as down:
        asyncio.run(module_of("store").probe({"path": file}, "store"))
    assert down.value.code == "LP-411"
    assert [found.name for found in file.parent.iterdir()] == ["store.sqlite"]
