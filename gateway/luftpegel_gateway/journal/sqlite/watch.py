"""Is the journal's file still the one that we opened?

SQLite goes on writing into a file that somebody removed, and into one that somebody copied another over; both
look well until the next start. We are the only writer, so between two of our commits nothing about the files
changes; what does is somebody else's doing.
"""

from pathlib import Path

from luftpegel_gateway.model.faults import JournalDown

Seen = tuple[int, int, int, int] | None  # device, inode, size, modified (ns)


class Watch:
    """Looks at the file and its write-ahead log before each commit, and remembers them after it."""

    def __init__(self, path: Path) -> None:
        self._paths = (path, path.with_name(path.name + "-wal"))
        self._seen = self._look()

    def check(self) -> None:
        """Raises JournalDown when the files are not as we left them."""
        for path, before, now in zip(self._paths, self._seen, self._look(), strict=True):
            if before == now:
                continue
            if now is None:
                raise JournalDown("LP-414", f"{path} was removed")
            if before is None or before[:2] != now[:2]:
                raise JournalDown("LP-414", f"{path} was replaced by another file")
            raise JournalDown("LP-414", f"{path} was written to by another program")

    def left(self) -> None:
        """We have written: this is how the files are now."""
        self._seen = self._look()

    def _look(self) -> tuple[Seen, ...]:
        return tuple(_look(path) for path in self._paths)


def _look(path: Path) -> Seen:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
