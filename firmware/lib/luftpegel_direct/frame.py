# A frame: a head of 14 bytes, the payload (encrypted), a code of 8 bytes that nobody makes without the key.
#
#   0      0xE1: LoRaWAN's "proprietary" kind of message, so that no LoRaWAN stack takes it for its own, and
#          our version, 1
#   1-8    DevEUI, as it is written
#   9-12   counter, high byte first: never used twice with one key, also after a loss of power
#   13     port, as over LoRaWAN
#   14-    payload, as over LoRaWAN: AES-128 in counter mode
#   last 8 the first 8 bytes of an AES-CMAC (RFC 4493) over all before
#
# A station has one key of 16 bytes; what encrypts and what authenticates is derived from it, so that the key
# itself does neither. `crypto` has `cmac(key, message)` and `counter_mode(key, start, data)`: on a board
# `lorawan.crypto`.

FIRST = 0xE1
HEAD = 14
CODE = 8
LONGEST = 255  # bytes of a LoRa packet
MOST_PAYLOAD = LONGEST - HEAD - CODE
LAST_COUNTER = 0xFFFFFFFF


class Foreign(ValueError):
    # No frame of this kind: somebody else's, or of a later version.
    pass


class Forged(ValueError):
    # Made with another key, or changed on the way.
    pass


def keys_of(crypto, key):
    # (encrypts, authenticates), both of 16 bytes.
    if len(key) != 16:
        raise ValueError("a key has 16 bytes")
    return crypto.cmac(key, b"luftpegel direct encrypts"), crypto.cmac(key, b"luftpegel direct authenticates")


def seal(crypto, keys, dev_eui, counter, port, payload):
    # The frame. `dev_eui`: 8 bytes.
    if len(dev_eui) != 8 or not 0 <= counter <= LAST_COUNTER or not 0 <= port <= 255:
        raise ValueError("no head can say that")
    if len(payload) > MOST_PAYLOAD:
        raise ValueError("the payload is too long")
    head = bytes((FIRST,)) + dev_eui + counter.to_bytes(4, "big") + bytes((port,))
    body = head + crypto.counter_mode(keys[0], _start(head), payload)
    return body + crypto.cmac(keys[1], body)[:CODE]


def look(frame):
    # (DevEUI, counter, port): what a frame says of itself, before anybody knows whether it is true.
    if not HEAD + CODE <= len(frame) <= LONGEST or frame[0] != FIRST:
        raise Foreign("no direct frame of version 1")
    return bytes(frame[1:9]), int.from_bytes(frame[9:13], "big"), frame[13]


def unseal(crypto, keys, frame):
    # The payload. Raises Foreign, Forged.
    look(frame)
    body, code = frame[:-CODE], frame[-CODE:]
    wanted = crypto.cmac(keys[1], body)[:CODE]
    # Compared as a whole, so that the time it takes tells nothing.
    if int.from_bytes(wanted, "big") ^ int.from_bytes(code, "big"):
        raise Forged("the code does not fit")
    return crypto.counter_mode(keys[0], _start(body[:HEAD]), body[HEAD:])


def _start(head):
    # The first 15 bytes of the counter blocks: no two frames of a station share them.
    return head + b"\x00"
