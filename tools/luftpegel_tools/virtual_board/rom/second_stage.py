"""From reset to the program: what ROM and second bootloader make of the flash, and what they say."""

from dataclasses import dataclass

from luftpegel_tools.virtual_board.flash import BLOCK, Flash
from luftpegel_tools.virtual_board.rom.image import MAGIC, Image, ImageError, read_image
from luftpegel_tools.virtual_board.rom.partitions import (
    FAT,
    NVS,
    TABLE_ADDRESS,
    TABLE_BYTES,
    TYPE_APP,
    TYPE_DATA,
    Partition,
    TableError,
    read_table,
)
from luftpegel_tools.virtual_board.rom.silicon import Silicon
from luftpegel_tools.virtual_board.rom.stand_in import PROJECT

_MOST_PROGRAM_BYTES = 1 << 22
_REPEATED = 8  # lines of "invalid header" until the watchdog bites


@dataclass(frozen=True)
class Boot:
    """What comes of a boot: `words` for the console. `runs`: MicroPython starts, on `files` and with
    `settings`; `loops`: the watchdog resets the chip, and all begins anew. Neither: a program that is not
    MicroPython.
    """

    words: str
    runs: bool = False
    loops: bool = False
    files: Partition | None = None
    settings: Partition | None = None


def boot_from(flash: Flash, chip: Silicon) -> Boot:
    """Look at the flash as the chip does."""
    head = flash.read_at(chip.boot_offset, BLOCK * 8)
    if head[0] != MAGIC:
        line = f"invalid header: 0x{int.from_bytes(head[:4], 'little'):x}\r\n"
        return Boot(line * _REPEATED, loops=True)
    try:
        bootloader = read_image(head, chip.boot_offset)
    except ImageError as error:
        return Boot(f"{error.words}\r\nets_main.c 329\r\n", loops=True)
    if bootloader.chip_id != chip.chip_id and chip.checks_chip_id:
        words = f"Invalid chip id. Expected {chip.chip_id} read {bootloader.chip_id}."
        return Boot(f"{words} Bootloader for wrong chip?\r\nets_main.c 329\r\n", loops=True)
    return _second(flash, chip, _loading(bootloader))


def _loading(image: Image) -> str:
    loads = "".join(f"load:0x{address:08x},len:0x{len(data):x}\r\n" for address, data in image.segments)
    return f"mode:DIO, clock div:1\r\n{loads}entry 0x{image.entry:08x}\r\n"


def _second(flash: Flash, chip: Silicon, words: str) -> Boot:
    try:
        table = read_table(flash.read_at(TABLE_ADDRESS, TABLE_BYTES), flash.size)
    except TableError as error:
        lines = f"flash_parts: {error.words}", "boot: Failed to verify partition table"
        return Boot(words + _errors(*lines, "boot: load partition table error!"), loops=True)
    programs = [row for row in table if row.kind == TYPE_APP]
    if not programs:
        return Boot(words + _errors("boot: No bootable app partitions in the partition table"), loops=True)
    program = programs[0]
    content = flash.read_at(program.address, min(program.size, _MOST_PROGRAM_BYTES))
    try:
        image = read_image(content, program.address)
    except ImageError as error:
        lines = f"esp_image: {error.words}", _FACTORY
        return Boot(words + _errors(*lines, _NOTHING), loops=True)
    if image.chip_id != chip.chip_id:
        line = f"boot_comm: mismatch chip ID, expected {chip.chip_id}, found {image.chip_id}"
        return Boot(words + _errors(line, _FACTORY, _NOTHING), loops=True)
    if image.project != PROJECT:
        return Boot(f"{words}I (300) app_init: Project name:     {image.project or '(none)'}\r\n")
    return Boot(words, runs=True, files=_data(table, FAT, "vfs"), settings=_data(table, NVS, "nvs"))


_FACTORY = "boot: Factory app partition is not bootable"
_NOTHING = "boot: No bootable app partitions in the partition table"


def _errors(*lines: str) -> str:
    return "".join(f"E ({45 + 6 * place}) {line}\r\n" for place, line in enumerate(lines))


def _data(table: list[Partition], subtype: int, label: str) -> Partition | None:
    for row in table:
        if row.kind == TYPE_DATA and row.subtype == subtype and row.label == label:
            return row
    return None
