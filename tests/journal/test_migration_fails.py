"""The migration when the disk is full or the process is killed, and the backup that it leaves."""

import filecmp
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.database import open_for_writing, told_as_down
from luftpegel_gateway.journal.sqlite.migrations import bring_up_to_date
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.faults import JournalDown

MORTAL = Path(__file__).with_name("mortal_migration.py")
MOMENTS = (
    "before copy", "after copy", "before put_in_place", "after put_in_place", "before commit", "after commit",
    "after 1/10", "after 1/3", "after 2/3", "after 9/10",
)  # fmt: skip


@pytest.fixture
def old_file(old, board):
    """A journal with all kinds of things in it, partly in its write-ahead log."""
    frames = [board.uplink(seq, told=-9000 if seq == 30 else 0, network=0) for seq in range(60)]
    old.take(*frames)
    old.run(["deliver", "sink", 20, [3]])
    return old


def content(path):
    """Everything in a journal, whatever its version."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def migrated(path):
    SqliteLog(path).close()
    return content(path)


def test_the_backup_is_the_old_journal(old_file):
    before = old_file.look("sink")
    SqliteLog(old_file.path).close()
    backup = old_file.path.with_name("journal.sqlite.0.2.0")
    assert old_file.look("sink", path=backup) == before


def test_the_backup_holds_the_write_ahead_log(old_file, tmp_path):
    """A copy of the file without its write-ahead log would lack what was written last."""
    holder = sqlite3.connect(old_file.path, isolation_level=None)
    holder.execute("SELECT count(*) FROM frame").fetchone()
    holder.execute("PRAGMA wal_autocheckpoint = 0")
    holder.execute("UPDATE station SET state = state")
    holder.execute(
        "INSERT INTO notice (taken_at, dev_eui, level, code, text) VALUES (1, 'x', 'x', 'x', 'last')"
    )
    SqliteLog(old_file.path).close()
    holder.close()
    notices = old_file.look(path=tmp_path / "journal.sqlite.0.2.0")["notices"]
    assert [notice[4] for notice in notices] == ["last"]


def test_a_backup_of_another_time_is_kept(old_file, board):
    backup = old_file.path.with_name("journal.sqlite.0.2.0")
    older = old_file.path.with_name("journal.sqlite.0.2.0.older")
    SqliteLog(old_file.path).close()
    first = content(backup)
    shutil.copy(backup, old_file.path)
    SqliteLog(old_file.path).close()
    assert not older.exists(), "the same again is no other backup"
    shutil.copy(backup, old_file.path)
    old_file.take(board.uplink(60, network=0))
    SqliteLog(old_file.path).close()
    assert content(older) == first
    assert content(backup) != first


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment(old_file, tmp_path, moment):
    whole = tmp_path / "whole"
    whole.mkdir()
    shutil.copy(old_file.path, whole)
    expected = migrated(whole / "journal.sqlite")
    died = subprocess.run([sys.executable, str(MORTAL), str(old_file.path), moment], check=False)
    assert died.returncode == -signal.SIGKILL
    assert migrated(old_file.path) == expected
    assert content(tmp_path / "journal.sqlite.0.2.0") == content(whole / "journal.sqlite.0.2.0")
    names = {path.name for path in tmp_path.glob("journal.sqlite*")}
    assert names <= {"journal.sqlite", "journal.sqlite.0.2.0"}


@pytest.mark.parametrize("share", [0.6, 1.0, 1.5], ids=["the backup", "the tables", "the end"])
def test_a_full_disk_leaves_the_old_file(old_file, share):
    """The limit on file sizes stands in for the full disk: no file may grow beyond this."""
    before = content(old_file.path)
    size = int(old_file.path.stat().st_size * share)
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from luftpegel_gateway.journal.sqlite.backend import SqliteLog\n"
        "from luftpegel_gateway.model.faults import JournalDown\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "try:\n    SqliteLog(Path(sys.argv[1]))\n"
        "except JournalDown as down:\n    print(down.code, down.detail)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(old_file.path)], check=True, capture_output=True, text=True
    )
    assert told.stdout.startswith("LP-418 "), told
    assert "MiB of room" in told.stdout
    assert content(old_file.path) == before
    assert old_file.look("sink")["waiting"] == {"sink": 40}
    assert migrated(old_file.path)


def test_a_full_disk_at_each_page(old_file, tmp_path):
    """SQLite's own bound on pages: however far it comes, the old file is untouched."""
    before = content(old_file.path)
    for more in range(0, 40, 4):
        with closing(sqlite3.connect(old_file.path)) as database:
            pages = database.execute("PRAGMA page_count").fetchone()[0]
        log_error = _migrate_with(old_file.path, pages + more)
        if log_error is None:
            break
        assert log_error.code == "LP-418"
        assert content(old_file.path) == before
    else:
        pytest.fail("never enough pages")
    assert more, "it did not need a page"


def _migrate_with(path, pages):
    with closing(open_for_writing(path)) as database:
        database.execute(f"PRAGMA max_page_count = {pages}")
        try:
            with told_as_down(path):
                bring_up_to_date(database, path)
        except JournalDown as down:
            return down
    return None


def test_an_old_file_is_not_read_as_a_new_one(old_file):
    with pytest.raises(JournalDown) as told:
        SqliteReader(old_file.path)
    assert told.value.code == "LP-417"


def test_a_later_file_is_refused_and_untouched(tmp_path):
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    with pytest.raises(JournalDown) as told:
        SqliteLog(path)
    assert told.value.code == "LP-415"
    assert filecmp.cmp(path, copy, shallow=False)
