"""A backup of the data folder's databases while the gateway runs, and back.

A folder has the name that was asked for only when it is complete: it grows under another one, each database
is read back, and the manifest has what each file must be. The journal is copied first. What a store gets
meanwhile the journal's copy still holds as waiting, so it is told again and nothing is missing; the other way
round, a store would lack what its journal calls delivered.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from luftpegel_gateway.journal.sqlite import backup
from luftpegel_gateway.journal.sqlite.database import open_for_reading
from luftpegel_gateway.model.faults import CannotStart

MANIFEST = "backup.json"
GROWING = ".unfinished"
CODE = "LP-398"
_BESIDE = ("-wal", "-shm", "-journal")  # SQLite would play these into a file that is put beside them


class Saved(msgspec.Struct, frozen=True):
    """One file of a backup."""

    name: str
    bytes: int
    sha256: str


class Backup(msgspec.Struct, frozen=True):
    """The manifest. `made_at`: Unix seconds."""

    made_at: int
    files: list[Saved]


def save(databases: Mapping[str, Path], plain: Mapping[str, Path], to: Path, now: int) -> Backup:
    """Write the folder `to`: databases by their names in it, in this order, then plain files.

    CannotStart LP-398: `to` has something in it, or a file cannot be read or written; then there is no `to`.
    """
    growing = to.with_name(to.name + GROWING)
    with _told(to):
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise CannotStart(CODE, f"{to} is there already")
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(mode=0o700, parents=True)
        for name, source in databases.items():
            _copy_database(source, growing / name)
        for name, source in plain.items():
            _copy(source, growing / name)
        made = Backup(now, [_saved(growing / name) for name in (*databases, *plain)])
        _write(growing / MANIFEST, msgspec.json.format(msgspec.json.encode(made)))
        growing.replace(to)
        _sync_folder(to.parent)
        return made


def read(folder: Path) -> Backup:
    """The manifest of a backup whose files are all as they were written; CannotStart LP-398 for another."""
    with _told(folder):
        if not (folder / MANIFEST).is_file():
            raise CannotStart(CODE, f"{folder} has no {MANIFEST}, so it is no complete backup")
        try:
            made = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Backup)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise CannotStart(CODE, f"{folder / MANIFEST} is damaged: {error}") from error
        for file in made.files:
            if Path(file.name).name != file.name or _saved(folder / file.name) != file:
                raise CannotStart(CODE, f"{folder / file.name!s} is not as it was written")
        return made


def put_back(folder: Path, places: Mapping[str, Path]) -> None:
    """Copy files of a backup that `read` has accepted to their places, in this order: the journal last.

    Nothing is written over: CannotStart LP-398. What an interrupted call has put there already may stay.
    """
    with _told(folder):
        for name, place in places.items():
            for there in (place, *(place.with_name(place.name + suffix) for suffix in _BESIDE)):
                if there.exists() and (
                    there != place or _saved(place).sha256 != _saved(folder / name).sha256
                ):
                    raise CannotStart(CODE, f"{there} is there already")
        for name, place in places.items():
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                part = place.with_name(place.name + backup.PART)
                _copy(folder / name, part)
                backup.put_in_place(part, place)


def _copy_database(source: Path, to: Path) -> None:
    with contextlib.closing(open_for_reading(source)) as database:
        database.isolation_level = None
        # One view from beginning to end: without it, each commit of the gateway would begin the copy anew.
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        backup.copy(database, to)
    with contextlib.closing(sqlite3.connect(to)) as copied:
        found = copied.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise CannotStart(CODE, f"{source} is damaged: {found}")


def _copy(source: Path, to: Path) -> None:
    with source.open("rb") as reading, _new(to) as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def _write(to: Path, content: bytes) -> None:
    with _new(to) as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    _sync_folder(to.parent)


def _new(path: Path) -> BinaryIO:
    """A file that only its owner may read, in place of what an interrupted call left there."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _saved(path: Path) -> Saved:
    with path.open("rb") as reading:
        digest = hashlib.file_digest(reading, "sha256").hexdigest()
    return Saved(path.name, path.stat().st_size, digest)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextlib.contextmanager
def _told(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotStart(CODE, f"{error.filename or where}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise CannotStart(CODE, f"{where}: {error}") from error
