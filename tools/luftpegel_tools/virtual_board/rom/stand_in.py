"""A stand-in for MicroPython's firmware file: right in every header, with nothing in it to run.

Laid out as the files of MicroPython's builds are: bootloader, partition table and program in one, to be
written where the chip's bootloader lies. On a virtual board it starts MicroPython; on a real one it must
not be written.
"""

import hashlib

from luftpegel_tools.virtual_board.rom.image import build_image, description
from luftpegel_tools.virtual_board.rom.partitions import TABLE_ADDRESS, build_table, micropython_table
from luftpegel_tools.virtual_board.rom.silicon import Silicon

PROJECT = "micropython"
VERSION = "stand-in"
APP_ADDRESS = 0x10000
_WORDS = b"Luftpegel's stand-in for MicroPython: for virtual boards only. No chip can run it.\0\0"
_BOOTLOADER_BYTES = 12 * 1024


def stand_in(chip: Silicon, flash_bytes: int, *, kib: int = 192, seed: int = 0) -> bytes:
    """The file for a chip, of about `kib` KiB, different for each `seed`."""
    bootloader = build_image(
        chip.chip_id, chip.data_address, [(chip.data_address, _filling(_BOOTLOADER_BYTES, seed))]
    )
    table = build_table(micropython_table(flash_bytes))
    head = description(PROJECT, VERSION, "virtual board")
    app = build_image(
        chip.chip_id,
        chip.text_address,
        [(chip.text_address, head + _filling(max(8, kib - APP_ADDRESS // 1024) * 1024, seed))],
    )
    start = chip.boot_offset
    whole = bootloader.ljust(TABLE_ADDRESS - start, b"\xff") + table
    return whole.ljust(APP_ADDRESS - start, b"\xff") + app


def _filling(count: int, seed: int) -> bytes:
    """Bytes that compress by about a half, as programs do."""
    parts, length, number = [_WORDS], len(_WORDS), 0
    while length < count:
        parts.append(hashlib.sha256(f"{seed} {number}".encode()).digest() + b"\0" * 32)
        length += 64
        number += 1
    return b"".join(parts)[:count]
