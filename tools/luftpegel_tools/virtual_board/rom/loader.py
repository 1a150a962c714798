"""The serial bootloader: the ROM's own commands, and those of the flasher stub that esptool loads into RAM.

Bytes in, bytes out; what happens to the chip besides (reset, run what is in flash) is told to its Host.
Packets are as in Espressif's "Serial Protocol": direction, command, length, checksum or value, data,
status.
"""

import hashlib
import struct
from collections.abc import Callable
from typing import Protocol

from luftpegel_tools.virtual_board.flash import BLOCK, Flash, FlashFault
from luftpegel_tools.virtual_board.rom.registers import RegisterFile
from luftpegel_tools.virtual_board.rom.silicon import Silicon
from luftpegel_tools.virtual_board.rom.slip import SlipReader, frame
from luftpegel_tools.virtual_board.rom.stub_images import is_stub
from luftpegel_tools.virtual_board.rom.writing import DeflateError, FlashWriting

_HEAD = struct.Struct("<BBHI")
_REQUEST, _RESPONSE = 0, 1
_NAMES = {
    0x02: "flash_begin", 0x03: "flash_data", 0x04: "flash_end",
    0x05: "mem_begin", 0x06: "mem_end", 0x07: "mem_data",
    0x08: "sync", 0x09: "write_reg", 0x0A: "read_reg",
    0x0B: "spi_params", 0x0D: "spi_attach", 0x0E: "read_flash_slow", 0x0F: "change_baudrate",
    0x10: "flash_defl_begin", 0x11: "flash_defl_data", 0x12: "flash_defl_end",
    0x13: "flash_md5", 0x14: "security_info",
    0xD0: "erase_flash", 0xD1: "erase_region", 0xD2: "read_flash",
}  # fmt: skip
_STUB_ONLY = {0xD0, 0xD1, 0xD2}
_ROM_ONLY = {0x0E}
_SECURITY_INFO = 0x14
_SYNC_TEXT = b"\x07\x07\x12\x20" + b"\x55" * 32
_SYNC_ANSWERS = 8
_SYNC_VALUE = 0x20120707  # the ROM's; the stub answers 0
_SEED = 0xEF  # of the checksum
_SLOW_BYTES = 64  # what the ROM reads at a time
_IN_FLIGHT = 4  # packets of READ_FLASH that wait for their confirmation
_BITS_PER_BYTE = 10

# Reasons, of the ROM and of the stub.
_ROM_INVALID, _ROM_FAILED, _ROM_CHECKSUM, _ROM_WRITE, _ROM_DEFLATE = 0x05, 0x06, 0x07, 0x08, 0x0B
_STUB_REASON = {
    _ROM_INVALID: 0xC3, _ROM_FAILED: 0xC6, _ROM_CHECKSUM: 0xC1, _ROM_WRITE: 0xC4, _ROM_DEFLATE: 0xC7,
}  # fmt: skip


class Host(Protocol):
    """The chip around the loader."""

    def send(self, data: bytes) -> None:
        """Bytes for the line."""

    def boot_flash(self) -> None:
        """Leave the loader, and run what is in flash."""

    def restart_loader(self) -> None:
        """A reset of the processor: the straps are not read again, so the ROM's loader starts anew."""


class RefusalError(Exception):
    """A command fails; `reason` as the ROM numbers it."""

    def __init__(self, reason: int):
        super().__init__(reason)
        self.reason = reason


class Loader:
    """The loader from reset on, first as the ROM's. `wire_us` and `flash_us` reckon what the line, at the
    rate that was agreed on, and the flash would have taken: nothing here takes that time.
    """

    def __init__(self, chip: Silicon, registers: RegisterFile, flash: Flash, host: Host):
        self._chip = chip
        self._registers = registers
        self._flash = flash
        self._host = host
        self._reader = SlipReader()
        self._ram: dict[int, bytearray] = {}
        self._segment: bytearray | None = None
        self._writing: FlashWriting | None = None
        self._late: int | None = None  # the stub confirms a block before it writes it
        self._reading: _FlashReading | None = None
        self._attached = False
        self.stub = False
        self.wire_us = 0
        self.flash_us = 0
        self._commands: dict[int, Callable[[bytes, int], tuple[int, bytes]]] = {
            number: getattr(self, f"_{name}") for number, name in _NAMES.items()
        }

    def feed(self, data: bytes) -> None:
        """Bytes from the line."""
        self._reckon(len(data))
        for packet in self._reader.feed(data):
            if self._reading is not None and len(packet) == 4:
                self._confirmed(self._reading, int.from_bytes(packet, "little"))
            elif len(packet) >= _HEAD.size and packet[0] == _REQUEST:
                self._command(packet)

    def _command(self, packet: bytes) -> None:
        _, number, length, checksum = _HEAD.unpack_from(packet)
        data = packet[_HEAD.size :]
        self._reading = None
        if not self._knows(number):
            self._unknown(number)
            return
        try:
            if len(data) != length:
                raise RefusalError(_ROM_INVALID)
            value, body = self._commands[number](data, checksum)
        except (RefusalError, struct.error, FlashFault) as error:
            self._answer(number, 0, b"", self._reason(error))
            return
        if number != 0x08:
            self._answer(number, value, body)
        self._afterwards(number, data)

    def _knows(self, number: int) -> bool:
        if number == _SECURITY_INFO:
            return self._chip.tells_chip_id
        return number in _NAMES and number not in (_ROM_ONLY if self.stub else _STUB_ONLY)

    def _unknown(self, number: int) -> None:
        """The ROM says so eight times, and not which command it means."""
        if self.stub:
            self._answer(number, 0, b"", _STUB_REASON[_ROM_INVALID])
        else:
            for _ in range(_SYNC_ANSWERS):
                self._answer(0, 0, b"", _ROM_INVALID)

    def _reason(self, error: Exception) -> int:
        reason = _ROM_WRITE if isinstance(error, FlashFault) else _ROM_INVALID
        if isinstance(error, RefusalError):
            reason = error.reason
        return _STUB_REASON[reason] if self.stub else reason

    def _answer(self, number: int, value: int, body: bytes, reason: int = 0) -> None:
        status = bytes((int(reason != 0), reason)) + (b"" if self.stub else b"\0\0")
        self._send(_HEAD.pack(_RESPONSE, number, len(body) + len(status), value) + body + status)

    def _send(self, packet: bytes) -> None:
        data = frame(packet)
        self._reckon(len(data))
        self._host.send(data)

    def _reckon(self, count: int) -> None:
        self.wire_us += count * _BITS_PER_BYTE * 1_000_000 // self._registers.baudrate

    def _afterwards(self, number: int, data: bytes) -> None:
        """What follows once the answer is on the line."""
        name = _NAMES[number]
        if name == "mem_end":
            self._enter(*struct.unpack_from("<II", data))
        elif name == "change_baudrate":
            self._registers.baudrate = max(300, struct.unpack_from("<I", data)[0])
        elif name == "read_flash":
            assert self._reading is not None
            self._send_more(self._reading)
        elif name in ("flash_data", "flash_defl_data") and self.stub:
            self._write_late(data)
        elif name in ("flash_end", "flash_defl_end"):
            self._leave(stay=bool(struct.unpack_from("<I", data)[0]))

    # Identity and line

    def _sync(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        if data != _SYNC_TEXT:
            raise RefusalError(_ROM_INVALID)
        for _ in range(_SYNC_ANSWERS):
            self._answer(0x08, 0 if self.stub else _SYNC_VALUE, b"")
        return 0, b""

    def _read_reg(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        return self._registers.read(struct.unpack("<I", data)[0]), b""

    def _write_reg(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        if not data or len(data) % 16:
            raise RefusalError(_ROM_INVALID)
        for address, value, mask, _delay_us in struct.iter_unpack("<IIII", data):
            self._registers.write(address, value, mask)
        return 0, b""

    def _security_info(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        return 0, struct.pack("<IB7sII", 0, 0, bytes(7), self._chip.chip_id, 0)

    def _change_baudrate(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        struct.unpack("<II", data)
        return 0, b""

    # RAM

    def _mem_begin(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        _size, _blocks, _block_size, address = struct.unpack("<IIII", data)
        self._segment = self._ram[address] = bytearray()
        return 0, b""

    def _mem_data(self, data: bytes, checksum: int) -> tuple[int, bytes]:
        if self._segment is None:
            raise RefusalError(_ROM_FAILED)
        self._segment += self._block(data, checksum)
        return 0, b""

    def _mem_end(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        struct.unpack("<II", data)
        self._segment = None
        return 0, b""

    def _enter(self, stay: int, entry: int) -> None:
        if stay:
            return
        segments = {address: bytes(data) for address, data in self._ram.items()}
        self._ram.clear()
        if is_stub(self._chip.name, segments, entry):
            self.stub = self._attached = True
            self._send(b"OHAI")

    @staticmethod
    def _block(data: bytes, checksum: int) -> bytes:
        """The block of a DATA command; its checksum is the XOR of all its bytes."""
        length = struct.unpack_from("<IIII", data)[0]
        block = data[16:]
        if len(block) != length:
            raise RefusalError(_ROM_INVALID)
        found = _SEED
        for byte in block:
            found ^= byte
        if found != checksum & 0xFF:
            raise RefusalError(_ROM_CHECKSUM)
        return block

    # Flash

    def _spi_attach(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        self._attached = True
        return 0, b""

    def _spi_params(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        struct.unpack("<IIIIII", data)
        return 0, b""

    def _begin(self, data: bytes, *, compressed: bool) -> tuple[int, bytes]:
        length, _blocks, _block_size, address = struct.unpack_from("<IIII", data)
        self._need_flash(length)
        self._late = None
        self._writing = FlashWriting(
            self._flash, address, length, compressed=compressed, erase_ahead=not self.stub
        )
        self._account(self._writing)
        return 0, b""

    def _flash_begin(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        if not struct.unpack_from("<I", data)[0]:  # nothing to write: what a run or a reset begins with
            self._writing = None
            return 0, b""
        return self._begin(data, compressed=False)

    def _flash_defl_begin(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        return self._begin(data, compressed=True)

    def _flash_data(self, data: bytes, checksum: int) -> tuple[int, bytes]:
        block = self._block(data, checksum)
        if self._writing is None:
            raise RefusalError(_ROM_FAILED)
        self._raise_late()
        if not self.stub:
            self._write(self._writing, block)
        return 0, b""

    _flash_defl_data = _flash_data

    def _write_late(self, data: bytes) -> None:
        assert self._writing is not None
        try:
            self._write(self._writing, data[16:])
        except (RefusalError, FlashFault) as error:
            self._late = error.reason if isinstance(error, RefusalError) else _ROM_WRITE

    def _raise_late(self) -> None:
        if self._late is not None:
            late, self._late = self._late, None
            raise RefusalError(late)

    def _write(self, writing: FlashWriting, block: bytes) -> None:
        try:
            writing.take(block)
        except DeflateError:
            raise RefusalError(_ROM_DEFLATE) from None
        finally:
            self._account(writing)

    def _account(self, writing: FlashWriting) -> None:
        self.flash_us += writing.cost_us
        writing.cost_us = 0

    def _flash_end(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        struct.unpack("<I", data)
        self._raise_late()
        if self.stub and self._writing is not None and self._writing.missing:
            self._writing = None
            raise RefusalError(_ROM_FAILED)
        self._writing = None
        return 0, b""

    _flash_defl_end = _flash_end

    def _leave(self, *, stay: bool) -> None:
        """The ROM runs the flash's program in either case; the stub stays, or restarts the chip."""
        if not self.stub:
            self._host.boot_flash()
        elif not stay:
            self._host.restart_loader()

    def _flash_md5(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        address, length, _, _ = struct.unpack("<IIII", data)
        self._need_flash(length)
        digest = hashlib.md5(self._flash.read_at(address, length), usedforsecurity=False)
        return 0, digest.digest() if self.stub else digest.hexdigest().encode()

    def _erase_flash(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        return self._erase(0, self._flash.size)

    def _erase_region(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        address, length = struct.unpack("<II", data)
        self._need_flash(length)
        if address % BLOCK or length % BLOCK:
            raise RefusalError(_ROM_FAILED)
        return self._erase(address, length)

    def _erase(self, address: int, length: int) -> tuple[int, bytes]:
        for at in range(address, address + length, BLOCK):
            self.flash_us += self._flash.erase_at(at)
        return 0, b""

    def _read_flash_slow(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        address, length = struct.unpack("<II", data)
        self._need_flash()
        return 0, self._flash.read_at(address, min(length, _SLOW_BYTES)).ljust(_SLOW_BYTES, b"\0")

    def _read_flash(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        address, length, block_size, in_flight = struct.unpack("<IIII", data)
        if not 0 < block_size <= 4 * BLOCK:
            raise RefusalError(_ROM_INVALID)
        content = self._flash.read_at(address, min(length, self._flash.size))
        self._reading = _FlashReading(content, block_size, max(1, min(in_flight, _IN_FLIGHT)))
        return 0, b""

    def _confirmed(self, reading: "_FlashReading", count: int) -> None:
        reading.confirmed = max(reading.confirmed, count)
        if reading.confirmed >= len(reading.content):
            self._reading = None
            self._send(hashlib.md5(reading.content, usedforsecurity=False).digest())
        else:
            self._send_more(reading)

    def _send_more(self, reading: "_FlashReading") -> None:
        for packet in reading.next_packets():
            self._send(packet)

    def _need_flash(self, length: int = 0) -> None:
        if not self._attached or length > self._flash.size:
            raise RefusalError(_ROM_FAILED)


class _FlashReading:
    """A flow of packets to the host, of which only some may wait for their confirmation."""

    def __init__(self, content: bytes, block_size: int, in_flight: int):
        self.content = content
        self.confirmed = 0
        self._block_size = block_size
        self._room = block_size * in_flight
        self._sent = 0

    def next_packets(self) -> list[bytes]:
        """Those that may go now."""
        packets = []
        while self._sent < min(len(self.content), self.confirmed + self._room):
            packets.append(self.content[self._sent : self._sent + self._block_size])
            self._sent += len(packets[-1])
        return packets
