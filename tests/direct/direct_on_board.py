# Run by MicroPython: frames and lines of the file of vectors, made and read by the board's own AES.
import binascii
import json
import sys

from lorawan import crypto
from luftpegel_direct import frame, line

with open(sys.argv[1]) as file:  # noqa: PTH123 - MicroPython has no pathlib
    vectors = json.load(file)
for one in vectors["frames"]:
    made = [binascii.unhexlify(one[name]) for name in ("key", "dev_eui", "payload", "frame")]
    keys = frame.keys_of(crypto, made[0])
    assert frame.seal(crypto, keys, made[1], one["counter"], one["port"], made[2]) == made[3]
    assert frame.look(made[3]) == (made[1], one["counter"], one["port"])
    assert frame.unseal(crypto, keys, made[3]) == made[2]
    try:
        frame.unseal(crypto, keys, made[3][:-1] + bytes((made[3][-1] ^ 1,)))
        raise AssertionError("a forged frame was taken")
    except frame.Forged:
        pass
lines = line.Lines()
found = lines.feed("".join(vectors["lines"]).encode())
for one in found:
    print(repr(line.read(one)))
