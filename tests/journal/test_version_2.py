"""A journal of version 2 (release 0.3.0), whose notices and quarantine knew no tenant, and the way back."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from luftpegel_gateway.journal.port import Outcome, Outcomes
from luftpegel_gateway.journal.sqlite import schema, version_2
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.events import Delivery, Notice
from luftpegel_gateway.model.faults import Fault, JournalDown
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, StationState

MORTAL = Path(__file__).with_name("mortal_migration.py")
NOW = 1_790_000_000
EUI = "70b3d57ed0000001"
# What version 2 made, word for word where it differs.
OLD_NOTICE = """CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_at INTEGER NOT NULL,
    dev_eui TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT"""
OLD_QUARANTINE = """CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,
    code TEXT NOT NULL,
    sink TEXT NOT NULL,
    detail TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    resolved_at INTEGER,
    dev_eui TEXT NOT NULL,
    station TEXT NOT NULL,
    size INTEGER NOT NULL,
    message BLOB NOT NULL,
    UNIQUE (digest, code, sink)
) STRICT"""
MOMENTS = ("before copy", "after copy", "before put_in_place", "after put_in_place", "before commit",
           "after commit", "after 1/10", "after 1/2", "after 9/10")  # fmt: skip


def fill(path):
    """Readings of two tenants with one id, frames, notices, and entries of both."""
    log = SqliteLog(path)
    for place, key in enumerate((("a", "X"), ("b", "X"), ("b", "ONLY"))):
        readings = {(Ref(*key, 0), seq): Reading(seq, NOW + seq, (Cell(2, seq, 0, 0),)) for seq in range(5)}
        each = [
            Outcome(keep=True, key=key),
            Outcome(key=key, dev_eui=EUI, faults=(Fault("LP-250", "odd"),)),
            Outcome(notice=Notice(EUI, "ERROR", "CODE", str(place))),
        ]
        items = [Observed(ref, one, NOW) for (ref, _), one in readings.items()]
        states = {key: StationState(lives=(Life(0, seen=Intervals().add(range(5))),))}
        outcomes = Outcomes(each, states, readings, items)
        deliveries = [Delivery("s", "k", f"t{place}", bytes([number])) for number in range(3)]
        log.transact(deliveries, lambda *_, outcomes=outcomes: outcomes, NOW)
    log.close()


def dumped(path):
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: database.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in tables}


@pytest.fixture
def old(tmp_path):
    """A journal as version 2 wrote it."""
    path = tmp_path / "journal.sqlite"
    fill(path)
    with closing(sqlite3.connect(path)) as database:
        for name, statement in (("notice", OLD_NOTICE), ("quarantine", OLD_QUARANTINE)):
            database.execute(f"ALTER TABLE {name} RENAME TO new")
            database.execute(statement)
            columns = ", ".join(row[1] for row in database.execute(f"PRAGMA table_info({name})"))
            database.execute(f"INSERT INTO {name} SELECT {columns} FROM new")
            database.execute("DROP TABLE new")
        database.execute("CREATE INDEX quarantine_device ON quarantine (dev_eui, code, id)")
        database.execute("CREATE INDEX notice_device ON notice (dev_eui, id)")
        database.execute("PRAGMA user_version = 2")
        database.commit()
    return path


def test_nothing_is_lost_and_each_entry_is_its_tenants(old):
    before = dumped(old)
    SqliteLog(old).close()
    after = dumped(old)
    for name, rows in before.items():
        width = len(rows[0]) if rows else 0
        assert [row[:width] for row in after[name]] == rows, name
    with closing(SqliteReader(old)) as reader:
        whose = {(entry.station, entry.tenant) for entry in reader.quarantine()}
        assert whose == {("X", ""), ("ONLY", "b")}, "what two tenants have is shown to none"
        assert reader.notices(EUI, 9, "a") == reader.notices(EUI, 9, "b") == []
        assert len(reader.notices(EUI, 9)) == 3
    assert dumped(old.with_name("journal.sqlite.0.3.0")) == before


def test_a_reader_asks_for_the_gateway_first(old):
    with pytest.raises(JournalDown) as down:
        SqliteReader(old)
    assert down.value.code == "LP-417"


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment(old, tmp_path, moment):
    whole = tmp_path / "whole"
    whole.mkdir()
    shutil.copy(old, whole)
    SqliteLog(whole / old.name).close()
    died = subprocess.run([sys.executable, str(MORTAL), str(old), moment], check=False, timeout=120)
    assert died.returncode == -signal.SIGKILL
    SqliteLog(old).close()
    assert dumped(old) == dumped(whole / old.name)
    assert {one.name for one in tmp_path.glob("journal*")} <= {"journal.sqlite", "journal.sqlite.0.3.0"}


def test_there_and_back_is_the_same(old, tmp_path):
    before = dumped(old)
    SqliteLog(old).close()
    back = tmp_path / "back.sqlite"
    told = version_2.export(old, back)
    assert dumped(back) == before
    assert (told.frames, told.readings, told.quarantined) == (3, 15, 3)
    with closing(sqlite3.connect(back)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    names = {one.name for one in tmp_path.iterdir()}
    assert names == {"journal.sqlite", "journal.sqlite.0.3.0", "back.sqlite"}


def test_a_new_journal_has_the_tables_of_a_migrated_one(old, tmp_path):
    def shape(path):
        with closing(sqlite3.connect(path)) as database:
            return {
                name: database.execute(f"PRAGMA table_info({name})").fetchall()
                for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            }

    SqliteLog(old).close()
    SqliteLog(tmp_path / "new.sqlite").close()
    assert shape(old) == shape(tmp_path / "new.sqlite")
    assert schema.VERSION == 3
