"""Application images of the ESP32 family: header, segments, checksum, digest, and what they tell.

The format is Espressif's "Firmware Image Format": 24 bytes of header, segments with address and length,
then a checksum at the end of a line of 16, then a SHA-256 over everything before.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = 0xE9
_HEADER = struct.Struct("<BBBBI")
_EXTENDED = struct.Struct("<B3sHBHH4sB")
_SEGMENT = struct.Struct("<II")
_SEED = 0xEF
_MOST_SEGMENTS = 16
_DESCRIPTION_MAGIC = 0xABCD5432
_DESCRIPTION = struct.Struct("<II8x32s32s16s16s32s32s80x")
_MODE_DIO, _SIZE_4MB_80MHZ = 2, 0x2F


class ImageError(Exception):
    """`words` is what the second bootloader says of such an image."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Image:
    """What an image says of itself; `project` and `version` are empty where it has no description."""

    chip_id: int
    entry: int
    segments: Sequence[tuple[int, bytes]]
    length: int
    project: str
    version: str


def read_image(data: bytes, address: int) -> Image:
    """The image at the start of `data`, which lies at `address` in flash; ImageError says what is wrong."""
    if data[:1] != bytes((MAGIC,)):
        raise ImageError(f"image at 0x{address:x} has invalid magic byte (nothing flashed here?)")
    if len(data) < _HEADER.size + _EXTENDED.size:
        raise ImageError(f"image at 0x{address:x} ends in its header")
    _, count, _, _, entry = _HEADER.unpack_from(data)
    chip_id, has_digest = _EXTENDED.unpack_from(data, _HEADER.size)[2::5]
    segments, at = _segments(data, address, count)
    end = at + 16 - at % 16
    found = _checksum(segments)
    if data[end - 1 : end] != bytes((found,)):
        told = data[end - 1] if len(data) >= end else 0xFF
        raise ImageError(f"Checksum failed. Calculated 0x{found:x} read 0x{told:x}")
    if has_digest:
        if data[end : end + 32] != hashlib.sha256(data[:end]).digest():
            raise ImageError("Image hash failed - image is corrupt")
        end += 32
    project, version = _description(segments)
    return Image(chip_id, entry, segments, end, project, version)


def build_image(chip_id: int, entry: int, segments: Sequence[tuple[int, bytes]]) -> bytes:
    """An image with digest for 4 MB of flash."""
    data = _HEADER.pack(MAGIC, len(segments), _MODE_DIO, _SIZE_4MB_80MHZ, entry)
    data += _EXTENDED.pack(0xEE, bytes(3), chip_id, 0, 0, 0xFFFF, bytes(4), 1)
    for address, content in segments:
        data += _SEGMENT.pack(address, len(content)) + content
    data = data.ljust(len(data) // 16 * 16 + 15, b"\0") + bytes((_checksum(segments),))
    return data + hashlib.sha256(data).digest()


def description(project: str, version: str, framework: str) -> bytes:
    """The application's description, which is the first thing in its first segment."""
    texts = (text.encode() for text in (version, project, "00:00:00", "Jan  1 2026", framework))
    return _DESCRIPTION.pack(_DESCRIPTION_MAGIC, 0, *texts, bytes(32))


def _segments(data: bytes, address: int, count: int) -> tuple[list[tuple[int, bytes]], int]:
    if not 0 < count <= _MOST_SEGMENTS:
        raise ImageError(f"image at 0x{address:x} segment count {count} exceeds max {_MOST_SEGMENTS}")
    segments, at = [], _HEADER.size + _EXTENDED.size
    for number in range(count):
        head = data[at : at + _SEGMENT.size].ljust(_SEGMENT.size, b"\xff")
        where, length = _SEGMENT.unpack(head)
        at += _SEGMENT.size
        if length % 4 or at + length > len(data):
            raise ImageError(f"Segment {number} load address 0x{where:08x}, invalid length 0x{length:x}")
        segments.append((where, data[at : at + length]))
        at += length
    return segments, at


def _checksum(segments: Sequence[tuple[int, bytes]]) -> int:
    value = _SEED
    for _, content in segments:
        for word in (content[at : at + 4096] for at in range(0, len(content), 4096)):
            value ^= _folded(word)
    return value


def _folded(data: bytes) -> int:
    """The XOR of all bytes, by halves."""
    number, bits = int.from_bytes(data, "little"), 1 << (max(1, len(data)) * 8 - 1).bit_length()
    while bits > 8:
        bits //= 2
        number = number >> bits ^ number & ((1 << bits) - 1)
    return number


def _description(segments: Sequence[tuple[int, bytes]]) -> tuple[str, str]:
    content = segments[0][1]
    if len(content) < _DESCRIPTION.size or int.from_bytes(content[:4], "little") != _DESCRIPTION_MAGIC:
        return "", ""
    version, project = _DESCRIPTION.unpack_from(content)[2:4]
    return _text(project), _text(version)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("latin-1")
