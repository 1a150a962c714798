"""A file of settings is replaced whole or not at all, whatever interrupts it; the one from before is kept.

The new text is on the disk before it gets the name (fsync, rename(2), fsync of the folder). Two commands wait
for each other; an editor that saved meanwhile is noticed, and its text stays.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from luftpegel_gateway.model.faults import CannotStart

OLD, NEW = ".old", ".new"


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """No other command replaces a file of this folder inside the context. CannotStart LP-364."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise CannotStart("LP-364", f"{folder}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace(file: Path, before: bytes, after: bytes, judge: Callable[[Path], None]) -> Path:
    """Put `after` in place of `before`, when `judge(new file)` raises nothing; the path of the one kept.

    CannotStart LP-364: it cannot be written, or is not `before` any more; then nothing has changed.
    """
    new, old = file.with_name(file.name + NEW), file.with_name(file.name + OLD)
    try:
        mode = file.stat()
        _write(new, after, mode)
        judge(new)
        if file.read_bytes() != before:
            raise CannotStart("LP-364", f"{file}: somebody else has just changed it")
        _write(old, before, mode)
        new.replace(file)
        _sync_folder(file.parent)
    except OSError as error:
        raise CannotStart("LP-364", f"{file}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    return old


def _write(file: Path, content: bytes, like: os.stat_result) -> None:
    """The content under a new inode, on the disk, with the owner and mode of another file."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    with part.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fchmod(opened.fileno(), like.st_mode & 0o7777)
        if (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(opened.fileno(), like.st_uid, like.st_gid)
        os.fsync(opened.fileno())
    part.replace(file)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
