"""Puts the firmware onto a board: only what changed, by hash; what starts by itself steps aside meanwhile.

boot.py and main.py then lie beside their places on the board itself (main.aside.py), so a run that was killed
is put right by the next one.
"""

import hashlib
import tempfile
from pathlib import Path

from luftpegel_tools.image import firmware_image
from luftpegel_tools.rig.board import RigBoard
from luftpegel_tools.rig.errors import RigError

STARTERS = {"/boot.py": "/boot.aside.py", "/main.py": "/main.aside.py"}

# One line a file: path and SHA-256. A file is read in pieces, so that a small heap is enough.
_HASHES = """
import os, hashlib, binascii
def _walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            _walk(path)
        else:
            digest, piece = hashlib.sha256(), bytearray(512)
            with open(path, "rb") as file:
                n = file.readinto(piece)
                while n:
                    digest.update(memoryview(piece)[:n])
                    n = file.readinto(piece)
            print(path, binascii.hexlify(digest.digest()).decode())
for _folder in ("boards", "station", "lib"):
    if _folder in os.listdir("/"):
        _walk("/" + _folder)
"""


def hashes(board: RigBoard) -> dict[str, str]:
    """SHA-256 of each firmware file on the board, by its path."""
    printed = board.exec(_HASHES, timeout_s=60)
    return dict(line.rsplit(" ", 1) for line in printed.splitlines())


def install(board: RigBoard) -> list[str]:
    """Bring the board's modules to those of this tree; returns the paths that were written or removed.

    Raises:
        RigError: LP-687 when a file does not read back as it was written.
    """
    with tempfile.TemporaryDirectory(prefix="luftpegel-image-") as folder:
        image = Path(folder) / "image"
        firmware_image.build(image)
        wanted = {
            "/" + path.relative_to(image).as_posix(): path.read_bytes()
            for path in sorted(image.rglob("*.mpy"))
        }
    there = hashes(board)
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in wanted.items()}
    stale = [path for path in wanted if there.get(path) != digests[path]]
    gone = [path for path in there if path not in wanted]
    for path in gone:
        board.remove(path)
    for folder_path in _folders(stale):
        board.exec(f"import os\ntry: os.mkdir({folder_path!r})\nexcept OSError: pass")
    for path in stale:
        board.put(path, wanted[path])
    if stale:
        now = hashes(board)
        for path in stale:
            if now.get(path) != digests[path]:
                raise RigError("LP-687", path=path)
    return stale + gone


def _folders(paths: list[str]) -> list[str]:
    """All folders above the paths, outer ones first."""
    found = {parent.as_posix() for path in paths for parent in Path(path).parents}
    return sorted(found - {"/"})


def set_aside(board: RigBoard) -> None:
    """Keep what starts by itself from starting; what an interrupted run set aside stays the true one."""
    for main, aside in STARTERS.items():
        board.exec(
            f"import os\nif {main[1:]!r} in os.listdir('/'):\n"
            f" if {aside[1:]!r} in os.listdir('/'): os.remove({main!r})\n"
            f" else: os.rename({main!r}, {aside!r})"
        )


def put_back(board: RigBoard) -> None:
    """Let it start again."""
    for main, aside in STARTERS.items():
        board.exec(f"import os\nif {aside[1:]!r} in os.listdir('/'): os.rename({aside!r}, {main!r})")
