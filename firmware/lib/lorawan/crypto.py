# AES-CMAC (RFC 4493) and the counter mode of LoRaWAN, each with one call into the board's `cryptolib`,
# which has AES in ECB and CBC. Its objects keep state and go one way, so each call makes its own.


def _aes(key, *mode):
    # Mode 1 is ECB, mode 2 CBC, which takes a first block. The module is loaded at first use, so that this
    # package can be looked at where there is no AES.
    import cryptolib

    return cryptolib.aes(key, *mode)


def encrypt(key, blocks):
    # Whole blocks of 16 bytes, each for itself (ECB).
    return _aes(key, 1).encrypt(blocks)


def xor(one, other):
    # Two byte strings of the same length, not empty.
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def cmac(key, message):
    # 16 bytes. The chain of CMAC is CBC over the message with a subkey in its last block.
    subkey = _doubled(encrypt(key, bytes(16)))
    rest = len(message) % 16
    if rest or not message:
        message += b"\x80" + bytes(15 - rest)
        subkey = _doubled(subkey)
    last = xor(message[-16:], subkey)
    return _aes(key, 2, bytes(16)).encrypt(message[:-16] + last)[-16:]


def _doubled(block):
    # Times x in the field of 2**128 elements (RFC 4493, section 2.3).
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number ^= (1 << 128) | 0x87
    return number.to_bytes(16, "big")


def counter_mode(key, start, data):
    # Encrypts or decrypts; `start` are the first 15 bytes of all counter blocks, which count from 1.
    if not data:
        return b""
    count = (len(data) + 15) // 16
    stream = encrypt(key, b"".join([start + bytes((i + 1,)) for i in range(count)]))
    return xor(data, stream[: len(data)])
