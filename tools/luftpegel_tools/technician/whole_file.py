"""A file that is there whole or as it was before, on any system; for its owner alone where it is secret."""

import os
from pathlib import Path

from luftpegel_gateway.sinks.atomic_file import sync_folder

PRIVATE, USUAL = 0o600, 0o644


def write_whole(file: Path, content: bytes, mode: int = USUAL) -> None:
    """Replace a file's content: written beside it, brought to the disk, renamed. Raises OSError.

    A file that is there keeps its mode, unless `mode` is PRIVATE.
    """
    if mode != PRIVATE and file.exists():
        mode = file.stat().st_mode & 0o777
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    bring_name_to_disk(file.parent)


def bring_name_to_disk(folder: Path) -> None:
    """Sync a folder, where the system can (Windows writes names down by itself)."""
    if os.name == "posix":
        sync_folder(folder)
