"""The partition table at 0x8000: rows of 32 bytes, an MD5 over them, FF to its end."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

TABLE_ADDRESS, TABLE_BYTES = 0x8000, 0xC00
TYPE_APP, TYPE_DATA = 0, 1
FACTORY, NVS, PHY, FAT = 0x00, 0x02, 0x01, 0x81  # MicroPython's "vfs" has that of a FAT, whatever it is
_ROW = struct.Struct("<HBBII16sI")
_ROW_MAGIC, _MD5_MAGIC = 0x50AA, 0xEBEB


class TableError(Exception):
    """`words` is what the second bootloader says of such a table."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Partition:
    """A row: type and subtype, where it lies and how long it is, in bytes."""

    kind: int
    subtype: int
    address: int
    size: int
    label: str


def read_table(data: bytes, flash_bytes: int) -> list[Partition]:
    """The rows of a table; TableError says what is wrong."""
    rows: list[Partition] = []
    for at in range(0, min(len(data), TABLE_BYTES), _ROW.size):
        row = data[at : at + _ROW.size]
        magic = int.from_bytes(row[:2], "little")
        if magic == 0xFFFF and rows:
            break
        if magic == _MD5_MAGIC:
            if row[16:] != hashlib.md5(data[:at], usedforsecurity=False).digest():
                raise TableError("partition table MD5 mismatch")
            break
        if magic != _ROW_MAGIC:
            raise TableError(f"partition {len(rows)} invalid magic number 0x{magic:x}")
        rows.append(_partition(row, len(rows), flash_bytes))
    return rows


def build_table(rows: Sequence[Partition]) -> bytes:
    """The bytes of a table."""
    data = b"".join(
        _ROW.pack(_ROW_MAGIC, row.kind, row.subtype, row.address, row.size, row.label.encode(), 0)
        for row in rows
    )
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return (data + _MD5_MAGIC.to_bytes(2, "little").ljust(16, b"\xff") + digest).ljust(TABLE_BYTES, b"\xff")


def micropython_table(flash_bytes: int) -> list[Partition]:
    """The partitions of MicroPython's builds for 4 MB of flash and more."""
    return [
        Partition(TYPE_DATA, NVS, 0x9000, 0x6000, "nvs"),
        Partition(TYPE_DATA, PHY, 0xF000, 0x1000, "phy_init"),
        Partition(TYPE_APP, FACTORY, 0x10000, 0x1F0000, "factory"),
        Partition(TYPE_DATA, FAT, 0x200000, flash_bytes - 0x200000, "vfs"),
    ]


def _partition(row: bytes, number: int, flash_bytes: int) -> Partition:
    _, kind, subtype, address, size, label, _ = _ROW.unpack(row)
    if address + size > flash_bytes:
        raise TableError(
            f"partition {number} invalid - offset 0x{address:x} size 0x{size:x} "
            f"exceeds flash chip size 0x{flash_bytes:x}"
        )
    return Partition(kind, subtype, address, size, label.split(b"\0")[0].decode("latin-1"))
