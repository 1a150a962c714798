"""The file system's flash partition: a file with the manners of NOR flash.

Erasing sets a block of 4096 bytes to FF, programming can only clear bits. Each operation is on disk (the
host's page cache) before the board goes on, so killing the board is a power cut. `cut_at` makes the cut
fall into the n-th operation from now, which is then done only in part.
"""

import os
from pathlib import Path

BLOCK = 4096
ERASE_US = 45_000  # typical sector erase and page program times of an 8 MB SPI NOR (W25Q64JV data sheet, 9.6)
PROGRAM_PAGE_US = 400
PAGE = 256


class PowerCut(Exception):  # noqa: N818 - an event
    """Power failed during this flash operation."""


class Flash:
    """The image file; `programs` and `erases` count operations, `operations` both."""

    def __init__(self, path: Path, size_kib: int):
        self.path = path
        self.blocks = size_kib * 1024 // BLOCK
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_bytes(b"\xff" * (self.blocks * BLOCK))
            fresh.rename(path)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.programs = 0
        self.erases = 0
        self._cut_at: int | None = None
        self._torn = True

    @property
    def operations(self) -> int:
        """Programs and erases so far."""
        return self.programs + self.erases

    def close(self) -> None:
        """Close the image."""
        os.close(self._fd)

    def cut_at(self, nth: int | None, *, torn: bool = True) -> None:
        """Let power fail in the n-th operation from now (1 is the next); torn: half done, else not begun."""
        self._cut_at = None if nth is None else self.operations + nth
        self._torn = torn

    def erase(self, block: int) -> int:
        """Erase a block; returns its duration in µs."""
        self.erases += 1
        self._write(block * BLOCK, b"\xff" * BLOCK)
        return ERASE_US

    def program(self, block: int, offset: int, data: bytes) -> int:
        """Program bytes: the old and the new ones, ANDed; returns its duration in µs."""
        self.programs += 1
        position = block * BLOCK + offset
        old = os.pread(self._fd, len(data), position)
        both = int.from_bytes(old, "little") & int.from_bytes(data, "little")
        self._write(position, both.to_bytes(len(data), "little"))
        return PROGRAM_PAGE_US * -(-len(data) // PAGE)

    def _write(self, position: int, data: bytes) -> None:
        if self._cut_at is not None and self.operations >= self._cut_at:
            self._cut_at = None
            if self._torn:
                os.pwrite(self._fd, data[: len(data) // 2], position)
            raise PowerCut
        os.pwrite(self._fd, data, position)
