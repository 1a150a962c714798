"""Is the journal's file still the one that we opened? And what is saved when it is not.

SQLite goes on writing into a file that somebody removed, and into one that somebody copied another over; both
look well until the next start. We are the only writer, so between two of our commits nothing about the files
changes; what does is somebody else's doing. As long as the open handle still holds everything, it is saved
into a file beside the journal before anybody can end this process.
"""

import os
import sqlite3
import time
from pathlib import Path

import msgspec

from luftpegel_gateway.journal.sqlite import backup
from luftpegel_gateway.model.faults import JournalDown

RESCUED = ".rescued-"
_SUFFIXES = ("", "-wal", "-shm")  # the file itself, its write-ahead log, and the index of that


class _Seen(msgspec.Struct, frozen=True):
    """A file as it was: which one it is, and what it looked like. `-shm` changes behind everybody's back."""

    identity: tuple[int, int]  # device, inode
    looks: tuple[int, int]  # size, modified (ns)


class _Lost(msgspec.Struct, frozen=True):
    """What happened to one of the files; `held`: the open handle still has all that was in it."""

    path: Path
    what: str
    held: bool


class Watch:
    """Looks at the files before and after each commit."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        """`database` is open on `path` and has been read from."""
        self._path = path
        self._database = database
        # A name for the file that outlives its path. O_PATH: closing it drops none of SQLite's locks.
        self._handle = os.open(path, os.O_PATH)
        self._seen = {suffix: self._look(suffix) for suffix in _SUFFIXES}
        self._saved = ""  # what was done about the present loss

    def close(self) -> None:
        """The database is closed."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def check(self) -> None:
        """Raises JournalDown LP-414 when the files are not as we left them."""
        self._judge(looks=True)

    def left(self) -> None:
        """We have written. Raises JournalDown LP-414 when it was not into these files any more."""
        self._judge(looks=False)
        self._seen = {suffix: self._look(suffix) for suffix in _SUFFIXES}

    def _judge(self, *, looks: bool) -> None:
        for suffix, before in self._seen.items():
            lost = self._compare(suffix, before, looks=looks and suffix != "-shm")
            if lost is not None:
                self._saved = self._saved or self._save(lost)
                raise JournalDown("LP-414", f"{lost.path} {lost.what}; {self._saved}")
        self._saved = ""

    def _compare(self, suffix: str, before: _Seen | None, *, looks: bool) -> _Lost | None:
        path = self._path.with_name(self._path.name + suffix)
        try:
            now = self._look(suffix)
        except OSError as error:
            return _Lost(path, f"cannot be reached: {error.strerror}", held=True)
        if before is None:
            return None
        if now is None:
            return _Lost(path, "was removed" if suffix else self._whereto(), held=True)
        if now.identity != before.identity:
            return _Lost(path, "was replaced by another file", held=True)
        if looks and now.looks != before.looks:
            return _Lost(path, "was written to by another program", held=False)
        return None

    def _look(self, suffix: str) -> _Seen | None:
        try:
            found = self._path.with_name(self._path.name + suffix).stat()
        except FileNotFoundError:
            return None
        return _Seen((found.st_dev, found.st_ino), (found.st_size, found.st_mtime_ns))

    def _whereto(self) -> str:
        """Removed, or moved and where to."""
        if not os.fstat(self._handle).st_nlink:
            return "was removed"
        return f"was moved to {Path(f'/proc/self/fd/{self._handle}').readlink()}"

    def _save(self, lost: _Lost) -> str:
        """Save what the handle still holds; in words, what came of it."""
        if not lost.held:
            return "what was in it before cannot be saved"
        try:
            if lost.path != self._path:
                return self._into_the_file()
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            rescued = self._path.with_name(f"{self._path.name}{RESCUED}{stamp}")
            backup.copy(self._database, rescued)
        except (OSError, sqlite3.Error) as error:
            return f"what was in it could not be saved: {error}"
        return f"all that was in it has been saved as {rescued}"

    def _into_the_file(self) -> str:
        """The write-ahead log is lost to others, not to us: what it holds goes into the file itself."""
        busy, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the journal is being read")
        for suffix, before in list(self._seen.items()):
            now = self._look(suffix)
            if before and now and now.identity == before.identity:
                self._seen[suffix] = now
        return f"all that was in it has been written into {self._path}"


def refuse_after_loss(path: Path) -> None:
    """Raises JournalDown LP-414 where a journal would begin anew beside one that was rescued.

    What had not been delivered lies there, and nobody would look.
    """
    rescued = sorted(path.parent.glob(f"{path.name}{RESCUED}*"))
    if rescued and not path.exists():
        raise JournalDown("LP-414", f"{path} was removed; what was in it is {rescued[-1]}, to be put back")
