"""What is fixed in each chip: identity, addresses of registers, the words of its ROM.

Register addresses are those of the technical reference manuals; the words are what such chips print when they
start (collected from public logs of boards). A further chip is one entry in SILICON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Registers = dict[int, int]


@dataclass(frozen=True)
class SpiController:
    """Where the controller of the flash has its registers: `base`, and offsets from it."""

    base: int
    usr: int
    usr2: int
    miso: int
    words: int
    address_in_high_bits: bool


@dataclass(frozen=True)
class Silicon:
    """One kind of chip. `efuses(mac)` yields the registers that tell who it is."""

    name: str
    title: str
    chip_id: int  # in the header of images, and in the security info of those that have one
    boot_offset: int  # where the second bootloader lies in flash
    spi: SpiController
    efuses: Callable[[bytes], Registers]
    banner: str
    reset_words: Mapping[str, str]
    boot_words: Mapping[bool, str]  # by whether GPIO0 (GPIO9) was low
    uart_divider: int
    text_address: int  # where an image's code and read-only data are mapped
    data_address: int
    magic: int = 0
    tells_chip_id: bool = True  # has GET_SECURITY_INFO
    checks_chip_id: bool = True  # its ROM refuses a bootloader for another chip
    force_download: int = 0  # register whose lowest bit keeps the chip in download mode
    watchdog: tuple[int, int] = (0, 0)  # configuration and write protection of the RTC watchdog
    extra: Registers = field(default_factory=dict)


def _mac_words(mac: bytes) -> tuple[int, int]:
    return int.from_bytes(mac[2:6], "big"), int.from_bytes(mac[:2], "big")


def _esp32_efuses(mac: bytes) -> Registers:
    low, high = _mac_words(mac)
    base = 0x3FF5A000
    return {
        base + 4: low,
        base + 8: high,
        base + 12: 1 << 15 | 1 << 9,  # ESP32-D0WD-V3
        base + 16: 128,  # frequency of the 8 MHz oscillator, for its calibration below
        base + 20: 1 << 24 | 1 << 20,  # revision 3.1
    }


def _esp32s3_efuses(mac: bytes) -> Registers:
    low, high = _mac_words(mac)
    base = 0x60007044
    return {base: low, base + 4: high, base + 12: 2 << 18, base + 16: 0}  # revision 0.2, flash outside


def _esp32c3_efuses(mac: bytes) -> Registers:
    low, high = _mac_words(mac)
    base = 0x60008844
    return {base: low, base + 4: high, base + 12: 4 << 18}  # revision 0.4, flash outside


_NEW_SPI = SpiController(0x60002000, 0x18, 0x20, 0x28, 0x58, address_in_high_bits=False)
_NEW_RESETS = {
    "power": "rst:0x1 (POWERON)",
    "pin": "rst:0x1 (POWERON)",
    "watchdog": "rst:0x10 (RTCWDT_RTC_RST)",
    "failed": "rst:0x7 (TG0WDT_SYS_RST)",
    "software": "rst:0x3 (RTC_SW_SYS_RST)",
    "sleep": "rst:0x5 (DSLEEP)",
}

SILICON: Mapping[str, Silicon] = {
    chip.name: chip
    for chip in (
        Silicon(
            name="esp32",
            title="ESP32",
            chip_id=0,
            boot_offset=0x1000,
            spi=SpiController(0x3FF42000, 0x1C, 0x24, 0x2C, 0x80, address_in_high_bits=True),
            efuses=_esp32_efuses,
            banner="ets Jul 29 2019 12:21:46\r\n",
            reset_words={
                "power": "rst:0x1 (POWERON_RESET)",
                "pin": "rst:0x1 (POWERON_RESET)",
                "watchdog": "rst:0x10 (RTCWDT_RTC_RESET)",
                "failed": "rst:0x10 (RTCWDT_RTC_RESET)",
                "software": "rst:0xc (SW_CPU_RESET)",
                "sleep": "rst:0x5 (DEEPSLEEP_RESET)",
            },
            boot_words={
                True: "boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))",
                False: "boot:0x13 (SPI_FAST_FLASH_BOOT)",
            },
            uart_divider=0x3FF40014,
            text_address=0x3F400020,
            data_address=0x3FFF0030,
            magic=0x00F01D83,
            tells_chip_id=False,
            checks_chip_id=False,
            extra={0x3FF6607C: 1 << 31, 0x3FF5F06C: 800 << 7},  # revision's third bit; 40 MHz crystal
        ),
        Silicon(
            name="esp32s3",
            title="ESP32-S3",
            chip_id=9,
            boot_offset=0,
            spi=_NEW_SPI,
            efuses=_esp32s3_efuses,
            banner="ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021",
            reset_words=_NEW_RESETS,
            boot_words={True: "boot:0x0 (DOWNLOAD(USB/UART0))", False: "boot:0x8 (SPI_FAST_FLASH_BOOT)"},
            uart_divider=0x60000014,
            text_address=0x3C000020,
            data_address=0x3FCE3818,
            magic=0x9,
            force_download=0x6000812C,
            watchdog=(0x60008098, 0x600080B0),
        ),
        Silicon(
            name="esp32c3",
            title="ESP32-C3",
            chip_id=5,
            boot_offset=0,
            spi=_NEW_SPI,
            efuses=_esp32c3_efuses,
            banner="ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021",
            reset_words=_NEW_RESETS,
            boot_words={True: "boot:0x4 (DOWNLOAD(USB/UART0/1))", False: "boot:0xc (SPI_FAST_FLASH_BOOT)"},
            uart_divider=0x60000014,
            text_address=0x3C000020,
            data_address=0x3FCD5820,
            magic=0x1B31506F,
            force_download=0x6000812C,
            watchdog=(0x60008090, 0x600080A8),
        ),
    )
}
