"""What root writes belongs to whom the folder belongs: else the gateway's own user could not read it.

Commands for a service are often called with sudo. Without this a restored journal or a password would be
root's, and the gateway, which runs as a user of its own, would not start.
"""

import os
from collections.abc import Iterable
from pathlib import Path

ROOT = 0


def owner_of(*places: Path) -> tuple[int, int]:
    """User and group of the first place that is there; of root's folder, root. Raises OSError."""
    for place in places:
        if place.exists():
            found = place.stat()
            return found.st_uid, found.st_gid
    return ROOT, ROOT


def give(paths: Iterable[Path], owner: tuple[int, int]) -> None:
    """Let the owner have what is there of these, where we are root and it is not. Raises OSError.

    A link is given, never what it points to: in another user's folder it may point anywhere.
    """
    if os.geteuid() == ROOT and owner[0] != ROOT:
        for path in paths:
            if os.path.lexists(path):
                os.chown(path, *owner, follow_symlinks=False)
