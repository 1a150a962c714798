"""Notices that somebody has changed stations.toml.

Looks every few seconds, as that works on every file system, also on those of other machines. A change counts
when the file has been the same twice: an editor that is still writing is not disturbed. Editors and commands
that put a new file in the old one's place are noticed by its inode.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 2.0
Look = tuple[int, int, int] | None  # inode, size, time of its last change in nanoseconds; None: not there


async def watch(file: Path, changed: Callable[[], None], every_s: float = LOOK_EVERY_S) -> None:
    """Call `changed()` after each change of `file`, for ever; a file that is missing is not a change.

    Also once at the beginning: since it was read, it may have changed while the journal was opened.
    """
    known = before = None
    while True:
        await asyncio.sleep(every_s)
        now = await asyncio.to_thread(look, file)
        if now == before and now is not None and now != known:
            known = now
            changed()
        before = now


def look(file: Path) -> Look:
    """What tells one state of a file from another."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
