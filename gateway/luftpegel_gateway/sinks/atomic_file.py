"""A file that is there whole or as it was before: written beside it, brought to the disk, then renamed.

A reader who has the earlier one open goes on reading that.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

BUFFER = 1 << 20


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """What is written inside is the content of `file` when it ends without an exception. Raises OSError."""
    _make(file.parent)
    part = part_of(file)
    try:
        with part.open("wb", BUFFER) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def part_of(file: Path) -> Path:
    """What `file` is called while it is written; begins with a dot, so that collectors pass it by."""
    return file.with_name(f".{file.name}.part")


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
