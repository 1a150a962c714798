# AES-CMAC (RFC 4493) and the counter mode of LoRaWAN, each with one call into the board's `cryptolib`,
# which has AES in ECB and CBC. Its objects keep state and go one way, so each call makes its own.

_ECB = 1
_CBC = 2
_BLOCK = 16


def _aes(key, mode, iv=None):
    # Loaded at first use, so that this package can be looked at where there is no AES.
    import cryptolib

    return cryptolib.aes(key, mode, iv)


def encrypt(key, blocks):
    # Whole blocks of 16 bytes, each for itself (ECB).
    return _aes(key, _ECB).encrypt(blocks)


def xor(one, other):
    # Two byte strings of the same length, not empty.
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def cmac(key, message):
    # 16 bytes. The chain of CMAC is CBC over the message with a subkey in its last block.
    subkey = _doubled(encrypt(key, bytes(_BLOCK)))
    rest = len(message) % _BLOCK
    if rest or not message:
        message += b"\x80" + bytes(_BLOCK - 1 - rest)
        subkey = _doubled(subkey)
    last = xor(message[-_BLOCK:], subkey)
    return _aes(key, _CBC, bytes(_BLOCK)).encrypt(message[:-_BLOCK] + last)[-_BLOCK:]


def _doubled(block):
    # Times x in the field of 2**128 elements (RFC 4493, section 2.3).
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(_BLOCK, "big")


def counter_mode(key, start, data):
    # Encrypts or decrypts; `start` are the first 15 bytes of all counter blocks, which count from 1.
    if not data:
        return b""
    count = (len(data) + _BLOCK - 1) // _BLOCK
    stream = encrypt(key, b"".join([start + bytes((i + 1,)) for i in range(count)]))
    return xor(data, stream[: len(data)])
