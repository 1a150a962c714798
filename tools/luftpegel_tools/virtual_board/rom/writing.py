"""A write into flash as the loaders do it: begun with an address and a length, then block by block.

Nothing tells the chip where a block belongs: it goes where the last one ended, also when it comes twice.
"""

import zlib

from luftpegel_tools.virtual_board.flash import BLOCK, Flash


class DeflateError(Exception):
    """Compressed data is broken, or has more in it than was announced."""


class FlashWriting:
    """A write of `length` bytes at `address`; `erase_ahead` erases all of it at once (the ROM), otherwise
    each block is erased when the first byte for it comes (the stub).
    """

    def __init__(self, flash: Flash, address: int, length: int, *, compressed: bool, erase_ahead: bool):
        self._flash = flash
        self._at = address
        self._end = address + length
        self._inflater = zlib.decompressobj() if compressed else None
        self._erased_to = address // BLOCK * BLOCK
        self.cost_us = 0
        if erase_ahead:
            self._erase_to(self._end)

    @property
    def missing(self) -> int:
        """Bytes that were announced and have not come."""
        return self._end - self._at

    def take(self, block: bytes) -> None:
        """Write a block; what goes beyond the announced length (padding) is left out.

        Raises DeflateError, and FlashFault or PowerCut from the flash.
        """
        self._write(block[: self.missing] if self._inflater is None else self._inflate(block))

    def _inflate(self, block: bytes) -> bytes:
        assert self._inflater is not None
        try:
            data = self._inflater.decompress(block, self.missing + 1)
        except zlib.error as error:
            raise DeflateError(str(error)) from None
        if len(data) > self.missing:
            raise DeflateError("more data than announced")
        return data

    def _write(self, data: bytes) -> None:
        self._erase_to(self._at + len(data))
        while data:
            part = data[: BLOCK - self._at % BLOCK]
            self.cost_us += self._flash.program_at(self._at, part)
            self._at += len(part)
            data = data[len(part) :]

    def _erase_to(self, end: int) -> None:
        while self._erased_to < end:
            self.cost_us += self._flash.erase_at(self._erased_to)
            self._erased_to += BLOCK
