"""The cryptography of LoRaWAN 1.0.x on `cryptography`: session keys, message integrity codes, encryption.

Written from the LoRaWAN L2 1.0.4 specification (TS001), sections 4.3.3, 4.4 and 6.2; AES-CMAC is RFC 4493.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

UP, DOWN = 0, 1
MIC_BYTES = 4
_BLOCK = 16
_NETWORK_KEY, _APPLICATION_KEY = 0x01, 0x02


def encrypt(key: bytes, blocks: bytes) -> bytes:
    """AES-128 of whole 16-byte blocks, each by itself."""
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - LoRaWAN is built on single blocks
    return encryptor.update(blocks) + encryptor.finalize()


def decrypt(key: bytes, blocks: bytes) -> bytes:
    """The inverse of `encrypt`."""
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
    return decryptor.update(blocks) + decryptor.finalize()


def join_mic(app_key: bytes, signed: bytes) -> bytes:
    """Of a JoinRequest or JoinAccept: everything before the MIC is signed (6.2.2, 6.2.3)."""
    return _cmac(app_key, signed)


def data_mic(network_key: bytes, direction: int, dev_addr: int, f_cnt: int, signed: bytes) -> bytes:
    """Of a data frame with its 32-bit counter (4.4): block B0, then everything before the MIC."""
    head = bytes((0x49, 0, 0, 0, 0)) + _frame_name(direction, dev_addr, f_cnt)
    return _cmac(network_key, head + bytes((0, len(signed))) + signed)


def crypt_payload(key: bytes, direction: int, dev_addr: int, f_cnt: int, payload: bytes) -> bytes:
    """Encrypt or decrypt a FRMPayload (4.3.3): the payload xor the key stream of blocks A1, A2, ..."""
    count = -(-len(payload) // _BLOCK)
    name = _frame_name(direction, dev_addr, f_cnt)
    stream = encrypt(
        key, b"".join(bytes((1, 0, 0, 0, 0)) + name + bytes((0, i)) for i in range(1, count + 1))
    )
    return bytes(a ^ b for a, b in zip(payload, stream, strict=False))


def session_keys(app_key: bytes, join_nonce: int, net_id: int, dev_nonce: int) -> tuple[bytes, bytes]:
    """NwkSKey and AppSKey of a join (6.2.3)."""
    facts = join_nonce.to_bytes(3, "little") + net_id.to_bytes(3, "little") + dev_nonce.to_bytes(2, "little")
    keys = (encrypt(app_key, bytes((kind,)) + facts + bytes(7)) for kind in (_NETWORK_KEY, _APPLICATION_KEY))
    network_key, application_key = keys
    return network_key, application_key


def _frame_name(direction: int, dev_addr: int, f_cnt: int) -> bytes:
    return bytes((direction,)) + dev_addr.to_bytes(4, "little") + f_cnt.to_bytes(4, "little")


def _cmac(key: bytes, message: bytes) -> bytes:
    code = CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()[:MIC_BYTES]
