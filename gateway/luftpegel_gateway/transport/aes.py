"""AES-CMAC and counter mode as `luftpegel_direct` asks for them, by the library `cryptography`."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


def cmac(key: bytes, message: bytes) -> bytes:
    """16 bytes (RFC 4493)."""
    maker = CMAC(algorithms.AES(key))
    maker.update(message)
    return maker.finalize()


def counter_mode(key: bytes, start: bytes, data: bytes) -> bytes:
    """Encrypts or decrypts at most 255 blocks; `start`: 15 bytes before a counter that begins with 1."""
    work = Cipher(algorithms.AES(key), modes.CTR(start + b"\x01")).encryptor()
    return work.update(data) + work.finalize()
