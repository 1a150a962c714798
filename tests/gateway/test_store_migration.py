"""A store of version 0.2.0 becomes one of today, whole or not at all, and its copy is the way back."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.gateway.memory_log import observed

from luftpegel_gateway.sinks.store import Store
from luftpegel_gateway.sinks.store_schema import VERSION

PROGRAM = Path(__file__).with_name("migrating_store.py")
REPOSITORY = Path(__file__).resolve().parents[2]
READINGS = 1000  # larger than the shared memory beside a write-ahead log, which a limit would meet first

# What version 0.2.0 wrote.
OLDER = """
CREATE TABLE readings (
    station TEXT NOT NULL, seq INTEGER NOT NULL, channel INTEGER NOT NULL, time INTEGER, value INTEGER,
    quality INTEGER NOT NULL, frame_id INTEGER NOT NULL, PRIMARY KEY (station, seq, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX readings_by_time ON readings (station, time);
CREATE VIEW of_people AS SELECT station, value / 100.0 AS degrees FROM readings WHERE channel = 2;
"""
OLD_ROWS = [
    ("LP-0001", seq, channel, None if seq == 3 else 600 * seq, None if seq == 4 else seq, seq % 3, seq // 2)
    for seq in range(READINGS)
    for channel in (2, 4)
]
LATER = 10_000  # the number of what is delivered to the migrated store
NEW_ROWS = [("", row[0], 0, *row[1:6], "", 0) for row in OLD_ROWS]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """An old store; part of it still lies in its write-ahead log, as after a kill."""
    made = tmp_path_factory.mktemp("made")
    kept = tmp_path_factory.mktemp("kept")
    with closing(sqlite3.connect(made / "store.sqlite", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(OLDER)
        for rows in OLD_ROWS[:1500], OLD_ROWS[1500:]:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.execute("BEGIN")
            database.executemany("INSERT INTO readings VALUES (?,?,?,?,?,?,?)", rows)
            database.execute("COMMIT")
        for file in made.iterdir():
            if not file.name.endswith("-shm"):
                shutil.copy(file, kept)
    assert (kept / "store.sqlite-wal").stat().st_size
    return kept


@pytest.fixture
def place(older, tmp_path):
    """Makes a folder with the old store in it; returns the store's file."""

    def make(name="site"):
        return Path(shutil.copytree(older, tmp_path / name)) / "store.sqlite"

    return make


def migrate(file, step=0, limit=0):
    """(return code, what was printed)"""
    command = [sys.executable, str(PROGRAM), str(file), str(step), str(limit)]
    found = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": found}, check=False
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode, done.stdout


def deliver(file):
    """Open the store as the gateway does, with room and undisturbed."""

    async def main():
        store = Store(file)
        assert await store.deliver([observed(LATER, 7)]) == []
        await store.stop()

    asyncio.run(main())


def content(file):
    """(version, rows) of an old or a new store; looks at a copy, so that the file stays as it was."""
    looked = file.parent / "looked-at"
    looked.mkdir()
    for part in ("", "-wal"):
        if (source := file.with_name(file.name + part)).exists():
            shutil.copy(source, looked)
    with closing(sqlite3.connect(looked / file.name)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        found = version, database.execute("SELECT * FROM readings ORDER BY station, seq, channel").fetchall()
    shutil.rmtree(looked)
    return found


def assert_migrated(file):
    version, rows = content(file)
    assert version == VERSION
    assert [row for row in rows if row[3] != LATER] == NEW_ROWS
    assert content(file.with_name("store.sqlite.0.2.0")) == (0, OLD_ROWS)
    names = sorted(found.name for found in file.parent.iterdir())
    assert [name for name in names if not name.endswith(("-wal", "-shm"))] == [
        "store.sqlite", "store.sqlite.0.2.0"]  # fmt: skip


def test_an_older_store_keeps_every_row_and_its_copy(place):
    file = place()
    code, printed = migrate(file)
    assert (code, printed.split()[0]) == (0, "steps")
    assert_migrated(file)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT degrees FROM of_people ORDER BY 1 DESC").fetchone() == (9.99,)
        assert database.execute("SELECT count(*) FROM current").fetchone() == (2,)


def test_it_is_done_once(place):
    file = place()
    migrate(file)
    copy = file.with_name("store.sqlite.0.2.0")
    before = copy.stat().st_ino
    migrate(file)
    assert copy.stat().st_ino == before
    assert_migrated(file)


def test_killed_at_any_step_it_is_the_old_or_the_new_store_and_goes_on(place):
    """Half-changed databases that no start can repair are the usual report about such changes."""
    steps = int(migrate(place("counted"))[1].split()[1])
    versions = []
    for step in range(1, steps + 1):
        file = place(f"killed-{step}")
        code, _ = migrate(file, step)
        assert code == -signal.SIGKILL, step
        version, rows = content(file)
        versions.append(version)
        if version == 0:
            assert rows == OLD_ROWS, step
        else:
            assert [row for row in rows if row[3] != LATER] == NEW_ROWS, step
        copy = file.with_name("store.sqlite.0.2.0")
        assert copy.exists() or version == 0, step
        if copy.exists():
            assert content(copy) == (0, OLD_ROWS), step
        deliver(file)
        assert_migrated(file)
    assert versions == sorted(versions)
    assert set(versions) == {0, VERSION}


def test_the_way_back_is_the_copy(place):
    file = place()
    migrate(file)
    copy = file.with_name("store.sqlite.0.2.0")
    for part in ("", "-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    shutil.copy(copy, file)
    assert content(file) == (0, OLD_ROWS)
    migrate(file)
    assert_migrated(file)


def test_a_full_disk_changes_nothing_and_says_so(place):
    """The copy finds no room, or the change behind it does not."""
    whole = place("whole")
    migrate(whole)
    size = whole.with_name("store.sqlite.0.2.0").stat().st_size
    for limit, copied in ((size // 2, False), (size - 1, False), (size + 1, True)):
        file = place(f"full-{limit}")
        _, printed = migrate(file, limit=limit)
        assert printed.startswith("LP-411"), limit
        assert file.with_name("store.sqlite.0.2.0").exists() == copied
        assert content(file) == (0, OLD_ROWS)
        assert not list(file.parent.glob("*.part*"))
        deliver(file)
        assert_migrated(file)


# A store of version 1 had no names of quantities; they are put beside what is there.


@pytest.fixture
def without_names(tmp_path):
    file = tmp_path / "store.sqlite"
    deliver(file)
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "DROP VIEW measurements; DROP TABLE quantities; DROP TABLE qualities; PRAGMA user_version = 1"
        )
    return file


def measurements(file):
    with closing(sqlite3.connect(file)) as database:
        asked = "SELECT time_utc, quantity, unit, value, quality FROM measurements"
        return database.execute(asked).fetchall()


def test_a_store_without_names_gets_them_and_no_copy(without_names):
    deliver(without_names)
    assert content(without_names)[0] == VERSION
    assert measurements(without_names) == [("1970-03-23T00:26:40Z", "temperature", "Cel", 0.07, "ok")]
    assert not list(without_names.parent.glob("*.0.2.0"))


def test_killed_while_names_are_put_in_it_goes_on(without_names, tmp_path):
    kept = [(file.name, file.read_bytes()) for file in tmp_path.iterdir() if not file.name.endswith("-shm")]
    for step in range(1, 100, 3):
        place = tmp_path / str(step)
        place.mkdir()
        for name, raw in kept:
            (place / name).write_bytes(raw)
        code, _ = migrate(place / "store.sqlite", step)
        assert content(place / "store.sqlite")[0] in {1, VERSION}
        deliver(place / "store.sqlite")
        assert len(measurements(place / "store.sqlite")) == 1
        if code == 0:
            break
    assert step > 10


def test_a_newer_gateways_names_come_into_an_older_store(tmp_path):
    file = tmp_path / "store.sqlite"
    deliver(file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE quantities SET name = 'old' WHERE channel = 2")
        database.execute("DELETE FROM qualities")
        database.commit()
    deliver(file)
    assert [row[1::3] for row in measurements(file)] == [("temperature", "ok")]
