"""What happens to the journal's files while it is open, and what is saved then."""

import os
import shutil
from contextlib import closing

import pytest
from ingest_heart import NOON, Heart

from luftpegel_gateway.journal.port import Budgets
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.faults import JournalDown


@pytest.fixture
def heart(tmp_path, board):
    """Takes a few frames, some of which lie in the write-ahead log only; no sink has them."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(SqliteLog(folder / "journal.sqlite")):
        pass
    heart = Heart(folder / "journal.sqlite")
    heart._deliver = lambda _now: None
    heart.log.tidy(["sink"], Budgets(), NOON)
    heart.take(*(board.uplink(seq, network=0) for seq in range(20)))
    yield heart
    heart.log.close()


def side(path, suffix):
    return path.with_name(path.name + suffix)


def remove(path):
    path.unlink()


def move(path):
    path.rename(path.with_name("elsewhere.sqlite"))


def move_folder(path):
    path.parent.rename(path.parent.with_name("moved"))


def replace(path):
    other = path.with_name("other")
    SqliteLog(other).close()
    other.replace(path)


def overwrite(path):
    other = path.with_name("other")
    SqliteLog(other).close()
    with path.open("r+b") as file:
        file.write(other.read_bytes())


def truncate(path):
    os.truncate(path, 0)


def remove_log(path):
    side(path, "-wal").unlink()


def replace_log(path):
    remove_log(path)
    side(path, "-wal").write_bytes(b"")


def remove_index(path):
    side(path, "-shm").unlink()


def hide_folder(path):
    """As an unmounted disk looks: the folder is there, and it is another one."""
    move_folder(path)
    path.parent.mkdir()


RESCUED = {
    remove: "was removed",
    move: "was moved to",
    replace: "was replaced",
    hide_folder: "was moved to",
}
WRITTEN_BACK = {remove_log: "was removed", replace_log: "was replaced", remove_index: "was removed"}
GONE = {overwrite: "was written to", truncate: "was written to"}
EVERY = RESCUED | WRITTEN_BACK | GONE | {move_folder: "was moved to"}


def refused(heart, message):
    with pytest.raises(JournalDown) as down:
        heart.take(message)
    assert down.value.code == "LP-414"
    return down.value.detail


@pytest.mark.parametrize("change", EVERY, ids=lambda change: change.__name__)
def test_nothing_more_is_taken(heart, board, change):
    change(heart.path)
    for _ in range(2):
        assert EVERY[change] in refused(heart, board.uplink(20, network=0))
    log, budgets = heart.log, Budgets()
    for write in (
        lambda: log.advance("sink", 1, (), NOON),
        lambda: log.discard([1]),
        lambda: log.tidy(["sink"], budgets, NOON),
        lambda: log.replay(1, heart.decider.decide_again, NOON),
    ):
        with pytest.raises(JournalDown, match="LP-414"):
            write()


def items(path):
    with closing(SqliteLog(path)) as log:
        return {item.reading.seq for item in log.after("sink", 1000).items}


@pytest.mark.parametrize("change", RESCUED, ids=lambda change: change.__name__)
def test_all_that_was_acknowledged_is_saved(heart, board, change):
    change(heart.path)
    detail = refused(heart, board.uplink(20, network=0))
    [rescued] = heart.path.parent.glob("journal.sqlite.rescued-*")
    assert str(rescued) in detail
    heart.log.close()
    assert items(rescued) == set(range(20))


def test_no_journal_begins_anew_beside_a_rescued_one(heart, board):
    remove(heart.path)
    refused(heart, board.uplink(20, network=0))
    heart.log.close()
    with pytest.raises(JournalDown, match="LP-414"):
        SqliteLog(heart.path)
    [rescued] = heart.path.parent.glob("journal.sqlite.rescued-*")
    rescued.rename(heart.path)
    assert items(heart.path) == set(range(20))


@pytest.mark.parametrize("change", WRITTEN_BACK, ids=lambda change: change.__name__)
def test_what_only_the_write_ahead_log_had_goes_into_the_file(heart, board, change):
    change(heart.path)
    assert str(heart.path) in refused(heart, board.uplink(20, network=0))
    copy = shutil.copy(heart.path, heart.path.with_name("copy"))
    assert items(copy if isinstance(copy, type(heart.path)) else heart.path.with_name("copy")) == set(
        range(20)
    )


@pytest.mark.parametrize("change", GONE, ids=lambda change: change.__name__)
def test_what_cannot_be_saved_is_told(heart, board, change):
    change(heart.path)
    assert "cannot be saved" in refused(heart, board.uplink(20, network=0))
    assert not list(heart.path.parent.glob("*.rescued-*"))


def test_a_rescue_without_room_is_told(heart, board, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    remove(heart.path)
    monkeypatch.setattr("luftpegel_gateway.journal.sqlite.backup.put_in_place", full)
    assert "No space left" in refused(heart, board.uplink(20, network=0))
    assert not list(heart.path.parent.glob("*.rescued-*"))


def test_goes_on_when_the_file_is_back(heart, board):
    away = heart.path.with_name("away")
    heart.path.rename(away)
    refused(heart, board.uplink(20, network=0))
    away.rename(heart.path)
    heart.take(board.uplink(20, network=0))
    assert {item.reading.seq for item in heart.log.after("sink", 1000).items} == set(range(21))


def test_a_file_that_vanishes_during_the_commit(heart, board):
    """Then it is not acknowledged either."""
    real = heart.log._write

    def write(*arguments, **options):
        numbers = real(*arguments, **options)
        heart.path.unlink()
        return numbers

    heart.log._write = write
    assert "was removed" in refused(heart, board.uplink(20, network=0))


def test_our_own_writing_is_no_trouble(heart, board, open_heart):
    """Checkpoints, a vacuum, a reader that comes and goes."""
    for seq in range(20, 200):
        with closing(SqliteReader(heart.path)) as reader:
            reader.account(["sink"])
        heart.take(board.uplink(seq, network=0))
        if seq % 10 == 0:
            heart.log.tidy(["sink"], Budgets(), board.time(seq))
    assert len(heart.log.after("sink", 1000).items) == 200
