"""How far a recording has been played: in a file of the data folder, written after the commit of what was
played.

Killed at any moment, the file is the old one or the new, and what lies between is played again and known. It
names the recording by its beginning: another one, under the same path, begins at its own.
"""

import hashlib
import os
from collections import deque
from pathlib import Path

import msgspec

HEAD = 4096  # bytes that name a recording


class Position(msgspec.Struct, frozen=True):
    """Bytes that are done, of the recording whose head has this hash."""

    head: str = ""
    done: int = 0


class PositionFile:
    """The position of one source. Raises OSError."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"replay-{name}.json"

    def read(self) -> Position:
        """The last one; at the beginning where there is none, or none that can be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Position)
        except (FileNotFoundError, msgspec.DecodeError, ValueError):
            return Position()

    def write(self, position: Position) -> None:
        """On the disk when this returns."""
        part = self._path.with_suffix(".part")
        with part.open("wb") as stream:
            stream.write(msgspec.json.encode(position))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def head_of(path: Path, length: int = HEAD) -> str:
    """The hash of a recording's beginning, that of its first line if it is short. Raises OSError."""
    with path.open("rb") as stream:
        beginning = stream.read(length)
    return hashlib.sha256(beginning.split(b"\n")[0]).hexdigest()


class Done:
    """Which of the lines on their way are on the disk: the position moves over those without a gap."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._ends: deque[int] = deque()
        self._acknowledged: set[int] = set()

    def __len__(self) -> int:
        return len(self._ends)

    def sent(self, end: int) -> None:
        """A line that ends at this byte is on its way."""
        self._ends.append(end)

    def taken(self, end: int) -> None:
        """It is on the disk."""
        self._acknowledged.add(end)
        while self._ends and self._ends[0] in self._acknowledged:
            self.at = self._ends.popleft()
            self._acknowledged.discard(self.at)
