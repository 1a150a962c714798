"""What a station gets onto its board: the firmware's files with its station.json, and its settings in NVS.

Both as prepared parts of the flash, so that they are written in the same session as MicroPython. Keys are
never in a file on the way: the partition is made in memory.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from esp_idf_nvs_partition_gen import nvs_partition_gen  # type: ignore[import-untyped]
from littlefs import LittleFS, LittleFSError

from luftpegel_tools.image import firmware_image
from luftpegel_tools.technician.keys import EUI_BYTES, KEY_BYTES, Key
from luftpegel_tools.technician.words import TroubleError

NAMESPACE = "luftpegel"  # and the names below: station/cycle.py, station/uplink.py, lorawan/mac.py
BLOBS = {"dev_eui": EUI_BYTES, "join_eui": EUI_BYTES, "app_key": KEY_BYTES}
DEV_NONCE = "dev_nonce"
BLOCK = 4096
_LFS_2_0 = 0x00020000  # the disk's version that every MicroPython since 1.12 reads
_ERASED = b"\xff" * BLOCK
SALT = b"luftpegel: is it the same key?"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a station's NVS has: EUIs, key (in bytes), and the DevNonce that its next join takes."""

    dev_eui: bytes
    join_eui: bytes
    app_key: Key
    dev_nonce: int

    def __post_init__(self) -> None:
        for name, size in BLOBS.items():
            if len(getattr(self, name)) != size:
                raise ValueError(f"{name} has {len(getattr(self, name))} bytes, not {size}")
        if not 0 <= self.dev_nonce < 1 << 16:
            raise ValueError("a DevNonce has 16 bits")

    def blobs(self) -> dict[str, bytes]:
        """The three blobs by their names in NVS."""
        return {name: bytes(getattr(self, name)) for name in BLOBS}


def fingerprint(value: bytes) -> str:
    """Enough of a digest to tell two keys apart, too little to tell a key: 12 hex digits."""
    return hashlib.sha256(SALT + value).hexdigest()[:12]


def firmware_files() -> dict[str, bytes]:
    """The files that all stations have, by their paths on the board. Raises ImageError."""
    with tempfile.TemporaryDirectory(prefix="luftpegel-flash-") as folder:
        target = Path(folder) / "image"
        return {file.path: (target / file.path).read_bytes() for file in firmware_image.build(target)}


def station_json(settings: Mapping[str, object]) -> bytes:
    """station.json, as `luftpegel station build` writes it."""
    return (json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def file_system(files: Mapping[str, bytes], size: int) -> list[tuple[int, bytes]]:
    """A LittleFS of `size` bytes with these files: (offset, bytes) of what must be written, in order.

    Blocks that hold nothing are left out: LittleFS erases a block before it uses it. Raises TroubleError
    LP-639 where the files do not fit.
    """
    volume = LittleFS(
        block_size=BLOCK, block_count=size // BLOCK, read_size=32, prog_size=32, disk_version=_LFS_2_0
    )
    try:
        for path, content in files.items():
            folder = path.rpartition("/")[0]
            if folder:
                volume.makedirs(folder, exist_ok=True)
            with volume.open(path, "wb") as stream:
                stream.write(content)
    except LittleFSError as error:
        raise TroubleError("LP-639", detail=f"LittleFS: {error}") from None
    return list(_runs(bytes(volume.context.buffer)))


def _runs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Neighbouring blocks with something in them; the first two, which tell the volume, in any case."""
    start = 0
    for at in range(BLOCK * 2, len(data) + BLOCK, BLOCK):
        used = at < len(data) and data[at : at + BLOCK] != _ERASED
        if not used and start < at:
            yield start, data[start:at]
        if not used:
            start = at + BLOCK


def nvs_partition(settings: Settings, size: int) -> bytes:
    """The partition `nvs`, by Espressif's own generator."""
    out = io.BytesIO()
    with nvs_partition_gen.nvs_open(out, size - BLOCK, nvs_partition_gen.Page.VERSION2) as nvs:
        nvs.write_namespace(NAMESPACE)
        for name, value in settings.blobs().items():
            nvs.write_entry(name, value, "binary")
        nvs.write_entry(DEV_NONCE, settings.dev_nonce, "i32")
    data = out.getvalue()
    if len(data) != size:
        raise RuntimeError(f"the generator made {len(data)} bytes, not {size}")
    return data
