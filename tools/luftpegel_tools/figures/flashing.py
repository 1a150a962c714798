"""Minutes of tool time for fifty boards on a hub of eight, reckoned from bytes, baud and flash times.

Reckoned, not measured: there is no board here. MicroPython's file is taken as large as those for an ESP32-S3
are, and as compressible; the firmware's files, the partition and the number of blocks are the real ones. What
a person does, plugging boards in, is not in it; nor is a hub whose one USB line is too narrow for eight.
"""

import zlib
from collections.abc import Iterator, Sequence

from luftpegel_tools.figures import Figure
from luftpegel_tools.technician.flashing.prompt import LOOK_S
from luftpegel_tools.technician.flashing.station_image import BLOCK, file_system, firmware_files

BOARDS, AT_ONCE, LIMIT_MIN = 50, 8, 45
BAUDS = (921600, 460800)
MICROPYTHON_BYTES, MICROPYTHON_COMPRESSED = 1_700_000, 1_150_000  # taken as
VFS_BYTES = 2 << 20
STUB_BYTES, STUB_BAUD = 24_000, 115_200  # esptool's program goes over at the ROM's rate
PROMPT_BYTES_S = 8_000  # what comes and goes at the prompt, at 115200 baud with mpremote's pauses
# Seconds. The flash's are typical ones of a W25Q32: 64 KiB erased in 0.15, a page of 256 written in 0.0004.
ERASE_64K_S, ERASE_4K_S, PAGE_S, PAGE = 0.15, 0.045, 0.0004, 256
CONNECT_S, START_S, MD5_BYTES_S = 2.0, 3.0, 4_000_000
WARM_UP_S = {"level": 1.0, "air": 30.0}  # the longest of a kind's sensors: SPS30 for air


def seconds(baud: int, warm_up_s: float) -> float:
    """Seconds of one board, from plugging it in to its label."""
    parts = _parts()
    wire = sum(sent for _, sent, _ in parts) * 10 / baud + STUB_BYTES * 10 / STUB_BAUD
    flash = sum(_flash_s(size, small=small) for size, _, small in parts)
    check = sum(size for size, _, _ in parts) / MD5_BYTES_S
    read_back = sum(map(len, firmware_files().values())) / 400_000 + 6_000 / PROMPT_BYTES_S
    # Bytes come in while the flash is busy, so that the slower of the two counts.
    return LOOK_S + CONNECT_S + max(wire, flash) + check + START_S + read_back + warm_up_s + 2 * START_S


def _parts() -> Sequence[tuple[int, int, bool]]:
    """(bytes in flash, bytes on the wire, whether erased by 4 KiB) of each part."""
    runs = file_system(firmware_files(), VFS_BYTES)
    files = [(len(data), len(zlib.compress(data, 9)), True) for _, data in runs]
    return [(MICROPYTHON_BYTES, MICROPYTHON_COMPRESSED, False), *files]


def _flash_s(size: int, *, small: bool) -> float:
    erase = -(-size // BLOCK) * ERASE_4K_S if small else size / 65536 * ERASE_64K_S
    return erase + size / PAGE * PAGE_S


def minutes(one_s: float) -> float:
    """Minutes of fifty boards that each take so long."""
    return -(-BOARDS // AT_ONCE) * one_s / 60


def measure() -> Iterator[Figure]:
    """By baud and kind of station."""
    for kind, warm_up_s in WARM_UP_S.items():
        for baud in BAUDS:
            took = minutes(seconds(baud, warm_up_s))
            name = f"flash, reckoned: {BOARDS} boards ({kind}), hub of {AT_ONCE}, {baud} baud"
            yield Figure(name, took, "min", f"{LIMIT_MIN} min", took / LIMIT_MIN)
