"""MicroPython's `cryptolib` for CPython, over PyPI `cryptography`, so that the firmware's MAC runs there."""

import sys
from types import ModuleType

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16


class aes:  # noqa: N801 - MicroPython's name
    """The cipher, for encryption: mode 1 is ECB, 2 is CBC. It keeps its state, as the board's does."""

    def __init__(self, key: bytes, mode: int, iv: bytes = b""):
        chosen = modes.ECB() if mode == 1 else modes.CBC(iv)  # noqa: S305 - LoRaWAN is made of it
        self._encryptor = Cipher(algorithms.AES(key), chosen).encryptor()

    def encrypt(self, data: bytes) -> bytes:
        """Whole blocks; ValueError for anything else."""
        if not data or len(data) % _BLOCK:
            raise ValueError("blksize % 16")
        return self._encryptor.update(data)


def install() -> None:
    """Let `import cryptolib` find it from now on."""
    module = ModuleType("cryptolib")
    module.aes = aes  # type: ignore[attr-defined]
    sys.modules["cryptolib"] = module
