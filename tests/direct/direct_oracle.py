"""Frames by plain LoRa and their lines, made apart from the library, by `cryptography` and zlib."""

import hashlib
import struct
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


def cmac(key, message):
    maker = CMAC(algorithms.AES(key))
    maker.update(message)
    return maker.finalize()


def frame(key, dev_eui, counter, port, payload):
    head = struct.pack(">B8sIB", 0xE1, dev_eui, counter, port)
    encrypts, proves = cmac(key, b"luftpegel direct encrypts"), cmac(key, b"luftpegel direct authenticates")
    hidden = Cipher(algorithms.AES(encrypts), modes.CTR(head + b"\x00\x01")).encryptor().update(payload)
    return head + hidden + cmac(proves, head + hidden)[:8]


def line(*words):
    text = " ".join(map(str, words))
    return f"@{text}*{zlib.crc32(text.encode()):08X}\n".encode()


def vectors():
    """What stands in spec/direct/1.json."""
    frames = []
    for number, (counter, port, size) in enumerate(
        [(0, 1, 0), (1, 1, 1), (2, 2, 15), (255, 1, 16), (256, 5, 17), (65536, 1, 51), (2**32 - 1, 255, 222),
         (7, 0, 233)]
    ):  # fmt: skip
        seed = hashlib.sha256(bytes([number])).digest()
        payload = (seed * 8)[:size]
        key, dev_eui = seed[:16], bytes.fromhex("70b3d57ed0000001") if number % 2 else seed[16:24]
        frames.append({
            "key": key.hex(), "dev_eui": dev_eui.hex(), "counter": counter, "port": port,
            "payload": payload.hex(), "frame": frame(key, dev_eui, counter, port, payload).hex(),
        })  # fmt: skip
    receiver, boot = "0011223344556677", "1a2b3c4d"
    lines = [
        line("H", 1, receiver, boot, 0, 0, 0), line("H", 1, receiver, boot, 4294967295, 64, 12),
        line("F", boot, 0, 12, 0, -97, 30, frames[1]["frame"]),
        line("F", boot, 4294967295, 99, 3600, -140, -80, frames[7]["frame"]),
        line("A", boot, 17), line("Q"),
    ]  # fmt: skip
    return {"frames": frames, "lines": [one.decode() for one in lines]}
