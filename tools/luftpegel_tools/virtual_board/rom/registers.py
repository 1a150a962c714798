"""The registers that a flasher reads and writes: fuses, the flash's controller, the watchdog.

Through the controller's registers any command can be sent to the flash, which is how its identity is read.
"""

import struct
from collections.abc import Callable

from luftpegel_tools.virtual_board.rom.silicon import Silicon

MAGIC_ADDRESS = 0x40001000
CRYSTAL_HZ = 40_000_000
_START_USER_COMMAND = 1 << 18
_WATCHDOG_KEY = 0x50D83AA1
_WATCHDOG_ENABLED = 1 << 31
_WINBOND, _NOR_3V = 0xEF, 0x40
_READ_ID, _READ_SFDP, _READ_STATUS = 0x9F, 0x5A, (0x05, 0x35, 0x15)
_SFDP = b"SFDP" + bytes((6, 1, 0, 0xFF, 0, 6, 1, 16, 0x30, 0, 0, 0xFF))  # JESD216B: one table of basics


class RegisterFile:
    """`flash_bytes` is the flash's size; `on_watchdog()` is called when the watchdog is armed."""

    def __init__(self, chip: Silicon, mac: bytes, flash_bytes: int, on_watchdog: Callable[[], None]):
        self._chip = chip
        self._flash_bytes = flash_bytes
        self._on_watchdog = on_watchdog
        self._fixed = {MAGIC_ADDRESS: chip.magic} | chip.efuses(mac) | chip.extra
        self._words: dict[int, int] = {}
        self.baudrate = 115200

    @property
    def force_download(self) -> bool:
        """Whether the next reset that leaves the RTC alone ends in download mode again."""
        return bool(self._words.get(self._chip.force_download, 0) & 1)

    @force_download.setter
    def force_download(self, on: bool) -> None:
        self._words[self._chip.force_download] = int(on)

    @property
    def has_force_download(self) -> bool:
        """Whether the chip has such a bit; the ESP32 has none."""
        return bool(self._chip.force_download)

    def clear(self) -> None:
        """The reset of everything, RTC included."""
        self._words.clear()

    def read(self, address: int) -> int:
        """The word at an address; 0 where nothing was written."""
        if address == self._chip.uart_divider:
            return CRYSTAL_HZ // self.baudrate
        return self._fixed.get(address, self._words.get(address, 0))

    def write(self, address: int, value: int, mask: int = 0xFFFFFFFF) -> None:
        """Write the bits of `mask`."""
        self._words[address] = (self._words.get(address, 0) & ~mask | value & mask) & 0xFFFFFFFF
        if address == self._chip.spi.base and value & _START_USER_COMMAND:
            self._run_command()
        configuration, protection = self._chip.watchdog
        armed = configuration and address == configuration and value & _WATCHDOG_ENABLED
        if armed and self._words.get(protection) == _WATCHDOG_KEY:
            self._on_watchdog()

    def _run_command(self) -> None:
        spi = self._chip.spi
        command = self._words.get(spi.base + spi.usr2, 0) & 0xFFFF
        address = self._words.get(spi.base + 4, 0)
        answer = self._flash_answer(command, address >> 8 if spi.address_in_high_bits else address)
        bits = self._words.get(spi.base + spi.miso, 0) + 1
        word = int.from_bytes(answer[:4].ljust(4, b"\xff"), "little")
        self._words[spi.base + spi.words] = word & ((1 << min(bits, 32)) - 1)
        self._words[spi.base] &= ~_START_USER_COMMAND

    def _flash_answer(self, command: int, address: int) -> bytes:
        if command == _READ_ID:
            return struct.pack("BBB", _WINBOND, _NOR_3V, self._flash_bytes.bit_length() - 1)
        if command == _READ_SFDP:
            return _SFDP[address : address + 4]
        return b"\0\0\0\0" if command in _READ_STATUS else b"\xff\xff\xff\xff"
