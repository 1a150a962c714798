"""What an NVS partition in flash holds: pages of 126 entries, each with a checksum, as ESP-IDF has them.

Read are the two kinds that MicroPython's `esp32.NVS` knows: 32-bit signed integers, and blobs.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PAGE, ENTRY, ENTRIES = 4096, 32, 126
_ALIVE = (0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFF8)  # active, full, freeing
_WRITTEN = 0b10
_NAMESPACE, _I32, _BLOB_DATA, _BLOB_V1, _BLOB_INDEX = 0x01, 0x14, 0x42, 0x41, 0x48
_VERSION_2 = 0xFE
_ENTRY = struct.Struct("<BBBBI16s8s")
_BITMAP, _FIRST = 32, 64


@dataclass(frozen=True)
class _Entry:
    namespace: int
    kind: int
    chunk: int
    key: str
    value: bytes


def read_nvs(partition: bytes) -> dict[str, dict[str, int | bytes]]:
    """Namespace -> key -> integer or blob. Pages and entries with a wrong checksum are left out."""
    pages = (partition[at : at + PAGE] for at in range(0, len(partition), PAGE))
    alive = [page for page in pages if _is_alive(page)]
    alive.sort(key=lambda page: int.from_bytes(page[4:8], "little"))
    entries = [entry for page in alive for entry in _entries(page)]
    names = {
        entry.value[0]: entry.key for entry in entries if entry.namespace == 0 and entry.kind == _NAMESPACE
    }
    found: dict[str, dict[str, int | bytes]] = {name: {} for name in names.values()}
    chunks: dict[tuple[str, str], dict[int, bytes]] = {}
    for entry in entries:
        name = names.get(entry.namespace)
        if name is None:
            continue
        if entry.kind == _I32:
            found[name][entry.key] = int.from_bytes(entry.value[:4], "little", signed=True)
        elif entry.kind in (_BLOB_DATA, _BLOB_V1):
            chunks.setdefault((name, entry.key), {})[entry.chunk] = entry.value
    for (name, key), parts in chunks.items():
        found[name][key] = b"".join(parts[chunk] for chunk in sorted(parts))
    return found


def _is_alive(page: bytes) -> bool:
    if len(page) < PAGE or int.from_bytes(page[:4], "little") not in _ALIVE:
        return False
    return zlib.crc32(page[4:28], 0xFFFFFFFF) == int.from_bytes(page[28:32], "little")


def _entries(page: bytes) -> Iterator[_Entry]:
    place = 0
    while place < ENTRIES:
        state = page[_BITMAP + place // 4] >> place % 4 * 2 & 0b11
        at = _FIRST + place * ENTRY
        place += 1
        if state != _WRITTEN:
            continue
        raw = page[at : at + ENTRY]
        namespace, kind, span, chunk, crc, key, value = _ENTRY.unpack(raw)
        if zlib.crc32(raw[:4] + raw[8:], 0xFFFFFFFF) != crc:
            continue
        place += max(0, span - 1)
        if kind in (_BLOB_DATA, _BLOB_V1):
            size, blob_crc = struct.unpack("<H2xI", value)
            value = page[at + ENTRY : at + ENTRY + size]
            if len(value) != size or zlib.crc32(value, 0xFFFFFFFF) != blob_crc:
                continue
        yield _Entry(namespace, kind, chunk, key.split(b"\0")[0].decode("latin-1"), value)


def build_nvs(content: dict[str, dict[str, int | bytes]], size: int) -> bytes:
    """A partition of `size` bytes with this content; OverflowError when it does not fit."""
    pages = _Pages(size)
    for number, (name, values) in enumerate(content.items(), 1):
        pages.add(0, _NAMESPACE, name, bytes((number,)))
        for key, value in values.items():
            if isinstance(value, int):
                pages.add(number, _I32, key, value.to_bytes(4, "little", signed=True))
            else:
                pages.add_blob(number, key, value)
    return pages.whole()


class _Pages:
    """Pages being filled, one after the other."""

    def __init__(self, size: int):
        self._size = size
        self._pages: list[bytearray] = []
        self._used = ENTRIES

    def add(
        self, namespace: int, kind: int, key: str, value: bytes, *, chunk: int = 0xFF, more: bytes = b""
    ) -> None:
        """One entry, and the bytes of its value where they are many."""
        span = 1 + -(-len(more) // ENTRY)
        if self._used + span > ENTRIES:
            self._new_page()
        page = self._pages[-1]
        head = struct.pack("<BBBB", namespace, kind, span, chunk)
        tail = key.encode().ljust(16, b"\0") + value.ljust(8, b"\xff")
        at = _FIRST + self._used * ENTRY
        crc = zlib.crc32(head + tail, 0xFFFFFFFF).to_bytes(4, "little")
        page[at : at + ENTRY * span] = head + crc + tail + more.ljust(ENTRY * (span - 1), b"\xff")
        for place in range(self._used, self._used + span):
            page[_BITMAP + place // 4] &= ~(1 << place % 4 * 2)
        self._used += span

    def add_blob(self, namespace: int, key: str, value: bytes) -> None:
        """A blob: its bytes in chunks that fit into a page each, then the index that counts them."""
        chunks, rest = 0, value
        while rest or not chunks:
            if self._used + 2 > ENTRIES:
                self._new_page()
            part = rest[: (ENTRIES - self._used - 1) * ENTRY]
            words = struct.pack("<HHI", len(part), 0xFFFF, zlib.crc32(part, 0xFFFFFFFF))
            self.add(namespace, _BLOB_DATA, key, words, chunk=chunks, more=part)
            rest, chunks = rest[len(part) :], chunks + 1
        self.add(namespace, _BLOB_INDEX, key, struct.pack("<IBBH", len(value), chunks, 0, 0xFFFF))

    def whole(self) -> bytes:
        """The partition; the last page of the ESP-IDF's is always left free."""
        if (len(self._pages) + 1) * PAGE > self._size:
            raise OverflowError("too much for this partition")
        return b"".join(self._pages).ljust(self._size, b"\xff")

    def _new_page(self) -> None:
        if self._pages:
            self._pages[-1][:4] = _ALIVE[1].to_bytes(4, "little")
        head = len(self._pages).to_bytes(4, "little") + bytes((_VERSION_2,)) + b"\xff" * 19
        crc = zlib.crc32(head, 0xFFFFFFFF).to_bytes(4, "little")
        page = _ALIVE[0].to_bytes(4, "little") + head + crc
        self._pages.append(bytearray(page.ljust(PAGE, b"\xff")))
        self._used = 0
