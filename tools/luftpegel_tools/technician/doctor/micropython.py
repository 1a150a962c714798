"""The folder with MicroPython's files: `micropython.toml` names one for each board type, with its checksum.

    [heltec_v3]
    file = "ESP32_GENERIC_S3-v1.28.0.bin"
    sha256 = "9f2c..."

A file for another chip has a right checksum, too: the header of the bootloader in it says for which chip it
is.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from luftpegel_tools.technician.doctor.finding import Finding

MANIFEST = "micropython.toml"
_IMAGE_MAGIC, _CHIP_AT = 0xE9, 12  # Espressif's image format
_LARGEST = 16 << 20  # bytes: the largest flash of these boards
_CHIPS = {0: "ESP32", 9: "ESP32-S3"}
CHIP_OF = {
    "generic": 9,
    "heltec_v3": 9,
    "lilygo_t3_s3": 9,
    "tbeam_sx1262": 0,
    "ttgo_lora32": 0,
    "xiao_s3_wio_sx1262": 9,
}


class _UnusableError(Exception):
    """Why a file will not do."""


def look(folder: Path, boards: Iterable[str]) -> Iterator[Finding]:
    """A finding for each board type."""
    try:
        table = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        trouble = ""
    except (OSError, ValueError) as error:
        table, trouble = {}, f"{MANIFEST}: {getattr(error, 'strerror', None) or error}"
    for board in boards:
        try:
            name = _usable(folder, table.get(board), board, trouble)
            yield Finding("ok", "micropython", words={"board": board, "detail": name})
        except _UnusableError as unusable:
            words = {"board": board, "detail": str(unusable), "folder": folder}
            yield Finding("fail", "micropython", "LP-669", words)


def _usable(folder: Path, entry: Any, board: str, trouble: str) -> str:
    if trouble:
        raise _UnusableError(trouble)
    if not isinstance(entry, dict):
        raise _UnusableError(f"{MANIFEST}: [{board}] ?")
    name, checksum = entry.get("file"), entry.get("sha256")
    if not isinstance(name, str) or Path(name).name != name or not name:
        raise _UnusableError(f"{MANIFEST}: [{board}] file ?")
    if not isinstance(checksum, str) or not re.fullmatch(r"[0-9A-Fa-f]{64}", checksum):
        raise _UnusableError(f"{MANIFEST}: [{board}] sha256 ?")
    try:
        content = _content(folder / name)
    except OSError as error:
        raise _UnusableError(f"{name}: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != checksum.lower():
        raise _UnusableError(f"{name}: sha256 {hashlib.sha256(content).hexdigest()[:12]}… ≠ {checksum[:12]}…")
    if len(content) <= _CHIP_AT + 1 or content[0] != _IMAGE_MAGIC:
        raise _UnusableError(f"{name}: ≠ .bin ({_CHIPS[CHIP_OF[board]]})")
    chip = int.from_bytes(content[_CHIP_AT : _CHIP_AT + 2], "little")
    if chip != CHIP_OF[board]:
        raise _UnusableError(f"{name}: {_CHIPS.get(chip, chip)} ≠ {_CHIPS[CHIP_OF[board]]}")
    return name


def _content(file: Path) -> bytes:
    with file.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(0, f"> {_LARGEST >> 20} MiB")
    return content
