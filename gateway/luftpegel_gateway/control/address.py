"""Where the socket is, and how to name it: a Unix socket's path holds 107 bytes, a folder's may be longer.

A longer path is named through a descriptor of its folder, which the kernel resolves as any other path.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

NAME = "control.sock"
LONGEST = 107  # sun_path of unix(7), less its final zero


@contextlib.contextmanager
def short_path(file: Path) -> Iterator[str]:
    """A name of `file` that fits, valid inside the context. OSError when its folder cannot be opened."""
    if len(os.fsencode(file)) <= LONGEST:
        yield str(file)
        return
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
