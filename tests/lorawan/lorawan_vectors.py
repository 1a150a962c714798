# Fields of frames from SHA-256, the same in CPython, MicroPython and make_vectors.cjs; and the digests of our
# frames made of them. As a script: prints the digests of `count` uplinks and of joins, as JSON.

import hashlib
import json
import sys
from binascii import hexlify

from lorawan import frames

BLOCK = 100
NOISE = 288


def noise(kind, number):
    seeds = [f"{kind} {number} {part}" for part in range(NOISE // 32)]
    return b"".join([hashlib.sha256(seed.encode()).digest() for seed in seeds])


class Data:
    # One data frame's fields. `address` as on the air.
    def __init__(self, kind, number):
        b = noise(kind, number)
        self.keys = b[:16], b[16:32]
        self.address = b[32:36]
        self.counter = int.from_bytes(b[36:40], "little")
        self.confirmed = bool(b[40] & 1)
        self.control = (b[40] & 2) << 6 | (b[40] & 4) << 3
        self.control |= (b[40] & 8) << 3 if kind == "up" else (b[40] & 8) << 1
        self.port = 0 if b[43] % 16 == 0 else b[43] % 225
        self.options = b[45 : 45 + b[41] % 16] if self.port else b""
        self.payload = b[60 : 61 + b[44] % 222]


def uplink(number):
    d = Data("up", number)
    return frames.uplink(d.keys, d.address, d.counter, d.confirmed, d.control, d.options, d.port, d.payload)


class Join:
    def __init__(self, number):
        b = noise("join", number)
        self.key = b[:16]
        self.join_eui, self.dev_eui = b[16:24], b[24:32]
        self.net_id, self.address, self.join_nonce = b[32:35], b[35:39], b[39:42]  # as printed
        self.dev_nonce = b[42] << 8 | b[43]
        self.cf_list = b[45:60] + b"\x00" if b[44] & 1 else b""
        self.settings, self.delay = b[60] & 0x7F, b[61] & 15


def digests(count, make):
    # One for each block of frames; `make` gives the frame of a number.
    found = []
    for start in range(0, count, BLOCK):
        digest = hashlib.sha256()
        for number in range(start, start + BLOCK):
            frame = make(number)
            digest.update(bytes((len(frame),)))
            digest.update(frame)
        found.append(hexlify(digest.digest()).decode()[:16])
    return found


if __name__ == "__main__":
    print(json.dumps(digests(int(sys.argv[1]), uplink)))
