"""A backup of a gateway at work, its way to another machine, and what is refused."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from luftpegel_gateway.journal.sqlite import saving
from luftpegel_gateway.model.faults import CannotStart

from .conftest import run

# Commits a numbered row into the journal, then into the store, as the gateway and its sink do.
WRITER = """
import sqlite3, sys
journal, store = (sqlite3.connect(name, isolation_level=None) for name in sys.argv[1:])
for database in (journal, store):
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, filling)")
for number in range(10**9):
    for database in (journal, store):
        database.execute("INSERT INTO row VALUES (?, randomblob(2000))", (number,))
    if number == 2000:
        print("writing", flush=True)
"""
SAVER = """
import sys
from pathlib import Path
from luftpegel_gateway.journal.sqlite import saving
data, to = map(Path, sys.argv[1:])
saving.save({name: data / name for name in ("journal.sqlite", "store.sqlite")}, {}, to, 0)
"""
RESTORER = """
import sys
from pathlib import Path
from luftpegel_gateway.journal.sqlite import saving
folder, data = map(Path, sys.argv[1:])
saving.read(folder)
saving.put_back(folder, {name: data / name for name in ("store.sqlite", "journal.sqlite")})
"""
KILLS = 15


def command(*words):
    return run(sys.executable, "-m", "luftpegel_tools.cli", "gateway", *words)


@pytest.fixture
def at_work(tmp_path):
    """A data folder that is written without a pause."""
    data = tmp_path / "data"
    data.mkdir()
    order = [sys.executable, "-c", WRITER, str(data / "journal.sqlite"), str(data / "store.sqlite")]
    with subprocess.Popen(order, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        yield data
        writer.kill()


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return database.execute("SELECT min(n), max(n), count(*) FROM row").fetchone()


def test_under_writing_a_store_never_lacks_what_its_journal_counts_as_there(at_work, tmp_path):
    databases = {name: at_work / name for name in ("journal.sqlite", "store.sqlite")}
    for number in range(5):
        before = rows_now(at_work / "journal.sqlite")
        saving.save(databases, {}, tmp_path / str(number), 0)
        journal, store = (rows(tmp_path / str(number) / name) for name in databases)
        assert journal[0] == 0
        assert journal[1] == journal[2] - 1  # without a gap
        assert before <= journal[2] <= store[2] + 1
        assert store[1] == store[2] - 1


def rows_now(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT count(*) FROM row").fetchone()[0]


def test_a_killed_backup_leaves_none_and_the_next_one_is_whole(at_work, tmp_path):
    rng, complete = random.Random(7), 0
    for number in range(KILLS):
        to = tmp_path / f"b{number}"
        with subprocess.Popen([sys.executable, "-c", SAVER, str(at_work), str(to)]) as saver:
            _wait_until(lambda to=to: to.with_name(to.name + saving.GROWING).exists() or to.exists())
            time.sleep(rng.uniform(0, 0.05))
            saver.send_signal(signal.SIGKILL)
        if to.exists():
            complete += 1
            saving.read(to)
        else:
            saving.save({"journal.sqlite": at_work / "journal.sqlite"}, {}, to, 0)
            assert rows(to / "journal.sqlite")[0] == 0
        assert not to.with_name(to.name + saving.GROWING).exists()
    print(f"{KILLS} kills, {complete} after the end, 0 half backups")


def test_a_killed_restore_goes_on(at_work, tmp_path):
    databases = {name: at_work / name for name in ("journal.sqlite", "store.sqlite")}
    saving.save(databases, {}, tmp_path / "b", 0)
    rng = random.Random(8)
    for number in range(KILLS):
        data = tmp_path / f"d{number}"
        order = [sys.executable, "-c", RESTORER, str(tmp_path / "b"), str(data)]
        with subprocess.Popen(order) as restorer:
            _wait_until(data.exists)
            time.sleep(rng.uniform(0, 0.03))
            restorer.send_signal(signal.SIGKILL)
        if (data / "journal.sqlite").exists():
            assert (data / "store.sqlite").exists()
        assert run(*order).returncode == 0
        for name in databases:
            assert (data / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def _wait_until(true):
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.001)


@pytest.fixture
def gateway(site):
    """A gateway that runs, and the command for its files."""
    order = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config"]
    socket = site / "data" / "control.sock"
    with subprocess.Popen([*order, str(site / "gateway.toml")], stderr=subprocess.DEVNULL) as running:
        _wait_until(socket.exists)
        yield running
        running.kill()


def test_a_running_gateway_moves_to_another_machine(gateway, site, tmp_path):
    config = ("--config", site / "gateway.toml", "--lang", "en")
    told = command("backup", tmp_path / "b", *config)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"Saved into {tmp_path / 'b'}: ")
    kept = {"journal.sqlite", "gateway.toml", "stations.toml", saving.MANIFEST}
    assert {path.name for path in (tmp_path / "b").iterdir()} >= kept
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    refused = command("restore", tmp_path / "b", *config)
    assert refused.returncode == 1
    assert "LP-412" in refused.stderr  # a gateway runs on this folder
    other = tmp_path / "other"
    other.mkdir()
    for name in ("gateway.toml", "stations.toml"):
        (other / name).write_bytes((tmp_path / "b" / name).read_bytes())
    there = ("--config", other / "gateway.toml", "--lang", "en")
    told = command("restore", tmp_path / "b", *there)
    assert (told.returncode, told.stderr) == (0, "")
    again = command("status", "--json", *there)  # it opens the database, and changes nothing
    assert json.loads(again.stdout)["frames"] == 0
    again = command("restore", tmp_path / "b", *there)
    assert again.returncode == 0  # the same is there already
    (other / "data" / "journal.sqlite").write_bytes(b"another")
    again = command("restore", tmp_path / "b", *there)
    assert again.returncode == 1
    assert "LP-398" in again.stderr


def test_without_a_journal_there_is_nothing_to_save(site, tmp_path):
    told = command("backup", tmp_path / "b", "--config", site / "gateway.toml", "--lang", "de")
    assert told.returncode == 1
    assert "LP-331" in told.stderr


@pytest.fixture
def backup(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "j")) as database:
        database.execute("CREATE TABLE row (n)")
    saving.save({"journal.sqlite": tmp_path / "j"}, {"gateway.toml": tmp_path / "j"}, tmp_path / "b", 5)
    return tmp_path / "b"


def test_a_backup_is_read_as_it_was_written(backup):
    made = saving.read(backup)
    assert (made.made_at, [file.name for file in made.files]) == (5, ["journal.sqlite", "gateway.toml"])
    assert all(path.stat().st_mode & 0o077 == 0 for path in backup.glob("*.toml"))


@pytest.mark.parametrize("name", ["journal.sqlite", "gateway.toml", saving.MANIFEST])
@pytest.mark.parametrize("harm", ["one bit", "cut", "gone"])
def test_a_damaged_backup_is_refused(backup, name, harm):
    file = backup / name
    content = bytearray(file.read_bytes())
    if harm == "gone":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(content[:-30])
    else:
        content[len(content) // 2] ^= 128
        file.write_bytes(content)
    with pytest.raises(CannotStart) as refused:
        saving.read(backup)
    assert refused.value.code == "LP-398"


def test_a_manifest_of_somebody_else_names_no_file_elsewhere(backup):
    manifest = json.loads((backup / saving.MANIFEST).read_text())
    manifest["files"][0]["name"] = "../j"
    (backup / saving.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(CannotStart):
        saving.read(backup)


@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
def test_nothing_is_written_over_nor_put_beside_an_old_log(backup, tmp_path, beside):
    (tmp_path / f"journal.sqlite{beside}").write_bytes(b"old")
    with pytest.raises(CannotStart) as refused:
        saving.put_back(backup, {"journal.sqlite": tmp_path / "journal.sqlite"})
    assert refused.value.code == "LP-398"
    assert (tmp_path / f"journal.sqlite{beside}").read_bytes() == b"old"


def test_a_folder_in_use_and_a_full_one_are_refused(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "photo").touch()
    with pytest.raises(CannotStart, match="there already"):
        saving.save({}, {}, tmp_path / "b", 0)
    (tmp_path / "text").write_text("no database " * 1000)
    with pytest.raises(CannotStart, match="LP-398"):
        saving.save({"journal.sqlite": tmp_path / "text"}, {}, tmp_path / "c", 0)
    assert not (tmp_path / "c").exists()
    with pytest.raises(CannotStart, match="LP-398"):
        saving.save({}, {"full": tmp_path / "text"}, tmp_path / "b" / "photo" / "x", 0)


def test_as_the_wrong_user_the_cause_is_told(tmp_path):
    with pytest.raises(CannotStart, match="LP-398"):
        saving.save({}, {}, type(tmp_path)("/proc/luftpegel"), 0)


@pytest.mark.parametrize("there", [True, False])
def test_what_is_restored_belongs_to_whom_the_folder_belongs(backup, site, there):
    """Called with sudo, it would else be root's, and the service could not read it."""
    owner = 1234 if os.geteuid() == 0 else os.geteuid()
    data = site / "data"
    if there:
        data.mkdir()
        os.chown(data, owner, -1)
    for name in ("gateway.toml", "stations.toml"):
        os.chown(site / name, owner, -1)
    told = command("restore", backup, "--config", site / "gateway.toml", "--lang", "en")
    assert (told.returncode, told.stderr) == (0, "")
    found = {path.name: path.stat().st_uid for path in (data, *data.iterdir())}
    assert found == dict.fromkeys(("data", "lock", "journal.sqlite"), owner)


def test_what_init_writes_belongs_to_whom_the_folder_belongs(tmp_path):
    owner = 1234 if os.geteuid() == 0 else os.geteuid()
    etc = tmp_path / "etc"
    etc.mkdir()
    os.chown(etc, owner, -1)
    answers = tmp_path / "answers.toml"
    answers.write_text('broker_user = "town"\nbroker_password = "x"\n')
    answers.chmod(0o600)
    words = ("--answers", answers, "--no-dial", "--config", etc / "gateway.toml")
    command("init", *words)
    found = {path.name: path.stat().st_uid for path in (etc, *etc.rglob("*"))}
    assert found == dict.fromkeys(
        ("etc", "gateway.toml", "stations.toml", "secrets", "broker-password"), owner
    )
