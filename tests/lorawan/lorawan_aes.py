"""MicroPython's `cryptolib` for CPython, over PyPI `cryptography`; there once this is imported."""

import sys
import types

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


class _Aes:
    """cryptolib.aes for encryption: mode 1 is ECB, 2 is CBC. It keeps its state, as the board's does."""

    def __init__(self, key, mode, iv=None):
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB() if mode == 1 else modes.CBC(iv)).encryptor()

    def encrypt(self, data):
        if not data or len(data) % 16:
            raise ValueError("blksize % 16")
        return self._encryptor.update(data)


_module = types.ModuleType("cryptolib")
_module.aes = _Aes
sys.modules["cryptolib"] = _module
