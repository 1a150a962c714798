"""The board's flash chip: a file with the manners of NOR flash, with a window for the file system.

Erasing sets a block of 4096 bytes to FF, programming can only clear bits. Each operation is on disk (the
host's page cache) before the board goes on, so killing the board is a power cut. `cut_at` makes the cut
fall into the n-th operation from now, which is then done only in part; `faults` break single addresses.
"""

import os
from pathlib import Path

BLOCK = 4096
ERASE_US = 45_000  # typical sector erase and page program times of an 8 MB SPI NOR (W25Q64JV data sheet, 9.6)
PROGRAM_PAGE_US = 400
PAGE = 256
FILES_BLOCK = 0x200000 // BLOCK  # where the "vfs" partition of MicroPython's builds begins
FAULT_FAIL, FAULT_STUCK, FAULT_CUT, FAULT_UNPLUG = "fail", "stuck", "cut", "unplug"
FAULTS = (FAULT_FAIL, FAULT_STUCK, FAULT_CUT, FAULT_UNPLUG)


class PowerCut(Exception):  # noqa: N818 - an event
    """Power failed during this flash operation; `unplugged`: with the cable that brought it."""

    def __init__(self, *, unplugged: bool = False):
        super().__init__()
        self.unplugged = unplugged


class FlashFault(Exception):  # noqa: N818 - an event
    """The chip reports that it could not program or erase."""


class Flash:
    """The chip's file of `size_kib`; the file system has the blocks of `window` (first, count), else all.

    `programs` and `erases` count operations, `operations` both. `faults` maps addresses to one of FAULTS:
    fail refuses to be programmed, stuck keeps its bits at 0, cut and unplug end the power in mid-write, once.
    """

    def __init__(self, path: Path, size_kib: int, window: tuple[int, int] | None = None):
        self.path = path
        self.size = size_kib * 1024
        self.first, self.blocks = window or (0, self.size // BLOCK)
        if not path.exists():
            self._create(path)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.programs = 0
        self.erases = 0
        self.faults: dict[int, str] = {}
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

    # The file system's view: blocks of its window

    def erase(self, block: int) -> int:
        """Erase a block; returns its duration in µs."""
        return self.erase_at((self.first + block) * BLOCK)

    def program(self, block: int, offset: int, data: bytes) -> int:
        """Program bytes: the old and the new ones, ANDed; returns its duration in µs."""
        return self.program_at((self.first + block) * BLOCK + offset, data)

    # The chip's view: addresses, which wrap at its end as the address lines do

    def erase_at(self, address: int) -> int:
        """Erase the block that holds an address; returns its duration in µs."""
        self.erases += 1
        self._write(address % self.size // BLOCK * BLOCK, b"\xff" * BLOCK, erasing=True)
        return ERASE_US

    def program_at(self, address: int, data: bytes) -> int:
        """Program bytes, at most to the end of their block; returns its duration in µs."""
        self.programs += 1
        position = address % self.size
        old = os.pread(self._fd, len(data), position)
        both = int.from_bytes(old, "little") & int.from_bytes(data, "little")
        self._write(position, both.to_bytes(len(data), "little"), erasing=False)
        return PROGRAM_PAGE_US * -(-len(data) // PAGE)

    def read_at(self, address: int, count: int) -> bytes:
        """What is there."""
        position = address % self.size
        data = os.pread(self._fd, count, position)
        return data if len(data) == count else data + self.read_at(0, count - len(data))

    # As delivered

    @property
    def delivered(self) -> bool:
        """Whether the part before the window is written; until somebody looks it is not."""
        return self._delivered_mark.exists()

    def deliver(self, content: bytes, address: int) -> None:
        """Fill what is before the window as it left the factory: `content` at `address`, FF around it."""
        before = self.first * BLOCK
        image = (b"\xff" * address + content).ljust(before, b"\xff")[:before]
        os.pwrite(self._fd, image, 0)
        os.fsync(self._fd)
        self._delivered_mark.touch()

    @property
    def _delivered_mark(self) -> Path:
        return self.path.with_suffix(".delivered")

    def _create(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.truncate(self.first * BLOCK)
            file.seek(self.first * BLOCK)
            file.write(b"\xff" * (self.size - self.first * BLOCK))
        fresh.rename(path)

    def _write(self, position: int, data: bytes, *, erasing: bool) -> None:
        if self._cut_at is not None and self.operations >= self._cut_at:
            self._cut_at = None
            if self._torn:
                os.pwrite(self._fd, data[: len(data) // 2], position)
            raise PowerCut
        if self.faults:
            data = self._through_faults(position, data, erasing)
        os.pwrite(self._fd, data, position)

    def _through_faults(self, position: int, data: bytes, erasing: bool) -> bytes:
        for address in sorted(self.faults):
            place = address - position
            if not 0 <= place < len(data):
                continue
            kind = self.faults[address]
            if kind == FAULT_STUCK:
                data = data[:place] + b"\0" + data[place + 1 :]
            if erasing or kind == FAULT_STUCK:
                continue
            os.pwrite(self._fd, data[:place], position)
            if kind == FAULT_FAIL:
                raise FlashFault(address)
            del self.faults[address]
            raise PowerCut(unplugged=kind == FAULT_UNPLUG)
        return data

def open_flash(state_dir: Path, size_kib: int) -> Flash:
    """The flash chip of a state folder; the files of a folder of earlier versions are taken over."""
    window = (FILES_BLOCK, size_kib * 1024 // BLOCK - FILES_BLOCK)
    path, earlier = state_dir / "chip.bin", state_dir / "flash.bin"
    adopted = not path.exists() and earlier.exists()
    flash = Flash(path, size_kib, window)
    if adopted:
        content = earlier.read_bytes()
        for block in range(min(len(content) // BLOCK, flash.blocks)):
            flash.program(block, 0, content[block * BLOCK : (block + 1) * BLOCK])
    return flash
