"""The folder with MicroPython's files: for each board type one, with its checksum, in `micropython.toml`.

    [heltec_v3]
    file = "ESP32_GENERIC_S3-20260401-v1.28.0.bin"
    sha256 = "9f2c..."

Nothing is downloaded here: a file is taken as it is given, or not at all. Of its content only what every such
file has is looked at: the chip in the bootloader's header, and the partition table.
"""

import hashlib
import re
import struct
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luftpegel_tools.technician.words import TroubleError

MANIFEST = "micropython.toml"
TABLE_ADDRESS, _TABLE_BYTES = 0x8000, 0xC00
_LARGEST = 16 << 20
_IMAGE_MAGIC, _CHIP_ID_AT = 0xE9, 12
_ROW = struct.Struct("<HBBII16sI")
_ROW_MAGIC = 0x50AA
# Number in the header of an image -> (the chip's name, where its bootloader lies), by Espressif's documents.
CHIPS = {
    0: ("ESP32", 0x1000),
    2: ("ESP32-S2", 0x1000),
    5: ("ESP32-C3", 0),
    9: ("ESP32-S3", 0),
    13: ("ESP32-C6", 0),
}


@dataclass(frozen=True, slots=True)
class Partition:
    """Where a partition lies in flash and how long it is, in bytes."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class MicroPython:
    """A file, sound: `data` goes to `address` of a `chip`; `partitions` by label."""

    name: str
    data: bytes
    chip: str
    address: int
    partitions: dict[str, Partition]


class MicroPythonFolder:
    """Files by board type; each is read and checked once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = _manifest(folder / MANIFEST)
        self._known: dict[str, MicroPython] = {}

    def of(self, board: str) -> MicroPython:
        """The file for a board type; TroubleError LP-626 (none), LP-627 (checksum), LP-637 (content)."""
        if board not in self._known:
            self._known[board] = self._checked(board)
        return self._known[board]

    def _checked(self, board: str) -> MicroPython:
        row = self._rows.get(board)
        if row is None:
            raise TroubleError("LP-626", board=board, file=self.folder / MANIFEST)
        file = self.folder / row["file"]
        try:
            if file.stat().st_size > _LARGEST:
                raise TroubleError("LP-637", file=file, detail=f"> {_LARGEST} bytes")
            data = file.read_bytes()
        except OSError:
            raise TroubleError("LP-626", board=board, file=file) from None
        if hashlib.sha256(data).hexdigest() != row["sha256"].lower():
            raise TroubleError("LP-627", file=file)
        return read_file(file, data)


def _manifest(file: Path) -> dict[str, dict[str, str]]:
    try:
        rows: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TroubleError("LP-625", file=file, detail=error.strerror) from None
    except ValueError as error:
        raise TroubleError("LP-625", file=file, detail=error) from None
    for board, row in rows.items():
        if not isinstance(row, dict) or not _sound(row.get("file"), row.get("sha256")):
            raise TroubleError("LP-625", file=file, detail=f"[{board}]: file, sha256")
    return rows


def _sound(name: object, digest: object) -> bool:
    """A plain name in the folder itself, and a digest."""
    if not isinstance(name, str) or not isinstance(digest, str):
        return False
    plain = bool(name) and Path(name).name == name and "\\" not in name
    return plain and bool(re.fullmatch("[0-9A-Fa-f]{64}", digest))


def read_file(file: Path, data: bytes) -> MicroPython:
    """What a file says of itself. Raises TroubleError LP-637 where it is not a build of MicroPython's."""
    if len(data) < TABLE_ADDRESS or data[0] != _IMAGE_MAGIC:
        raise TroubleError("LP-637", file=file, detail="no bootloader")
    number = int.from_bytes(data[_CHIP_ID_AT : _CHIP_ID_AT + 2], "little")
    if number not in CHIPS:
        raise TroubleError("LP-637", file=file, detail=f"chip {number}")
    chip, address = CHIPS[number]
    start = TABLE_ADDRESS - address
    partitions = read_table(data[start : start + _TABLE_BYTES])
    for label in ("nvs", "vfs"):
        if label not in partitions:
            raise TroubleError("LP-637", file=file, detail=f"no partition {label}")
    nvs = partitions["nvs"]
    if nvs.address < TABLE_ADDRESS or nvs.address + nvs.size > address + len(data):
        raise TroubleError("LP-637", file=file, detail="the partition nvs lies outside of it")
    if address + len(data) > partitions["vfs"].address:
        raise TroubleError("LP-637", file=file, detail="it reaches into the files' partition")
    return MicroPython(file.name, data, chip, address, partitions)


def read_table(data: bytes) -> dict[str, Partition]:
    """Partitions by label; empty where there is no table."""
    found: dict[str, Partition] = {}
    for at in range(0, len(data) - _ROW.size + 1, _ROW.size):
        magic, _, _, address, size, label, _ = _ROW.unpack_from(data, at)
        if magic != _ROW_MAGIC:
            break
        found[label.split(b"\0")[0].decode("latin-1")] = Partition(address, size)
    return found
