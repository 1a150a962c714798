# Frames of LoRaWAN 1.0.4 to bytes and back (TS001, sections 4 and 6). EUIs are given as they are printed,
# most significant byte first; a device address is given as on the air.

import struct

from .crypto import cmac, counter_mode, encrypt

NETWORK = 0  # the keys of a session: NwkSKey, AppSKey
APPLICATION = 1

ADR = 0x80  # bits of an uplink's FCtrl
ADR_ACK_REQUEST = 0x40
ACK = 0x20  # and of a downlink's

MAX_OPTIONS = 15
JOIN_REQUEST_BYTES = 23
LAST_COUNTER = 0xFFFFFFFF  # never used: what follows it would not fit
OVERHEAD = 12  # of a frame without options and port



def join_request(app_key, join_eui, dev_eui, dev_nonce):
    frame = b"\x00" + bytes(reversed(join_eui)) + bytes(reversed(dev_eui)) + struct.pack("<H", dev_nonce)
    return frame + cmac(app_key, frame)[:4]


def join_accept(app_key, frame):
    # JoinNonce 3, NetID 3, DevAddr 4, DLSettings 1, RxDelay 1, CFList 16 or 0 bytes; None if it is not ours.
    if len(frame) not in (17, 33) or _kind(frame) != 0x20:
        return None
    plain = encrypt(app_key, frame[1:])
    if cmac(app_key, frame[:1] + plain[:-4])[:4] != plain[-4:]:
        return None
    return plain[:-4]


def session_keys(app_key, accepted, dev_nonce):
    # (NwkSKey, AppSKey) of what join_accept gave.
    rest = accepted[:6] + struct.pack("<H", dev_nonce) + bytes(7)
    both = encrypt(app_key, b"\x01" + rest + b"\x02" + rest)
    return both[:16], both[16:]


def uplink(keys, address, counter, confirmed, control, options, port, payload):
    # `port` None: neither port nor payload. `control`: the bits above.
    frame = bytes((0x80 if confirmed else 0x40,)) + address
    frame += struct.pack("<BH", control | len(options), counter & 0xFFFF) + options
    if port is not None:
        frame += bytes((port,)) + _crypt(keys, port, 0, address, counter, payload)
    return frame + _mic(keys, 0, address, counter, frame)


class Downlink:
    # counter (32 bits), confirmed, ack, pending, options, port (None: no port), payload (decrypted)
    def __init__(self, counter, header, control, options, port, payload):
        self.counter = counter
        self.confirmed = header & 0x80 != 0
        self.ack = control & ACK != 0
        self.pending = control & 0x10 != 0
        self.options = options
        self.port = port
        self.payload = payload


def downlink(keys, address, expected, frame):
    # A Downlink whose counter is `expected` or later; None for anything else: foreign, damaged, seen before,
    # or with MAC commands in two places, which the specification has us discard.
    length = len(frame)
    if length < OVERHEAD or _kind(frame) not in (0x60, 0xA0) or frame[1:5] != address:
        return None
    control = frame[5]
    body = 8 + (control & 15)
    end = length - 4
    if body > end:
        return None
    counter = (expected >> 16 << 16) | frame[7] << 8 | frame[6]
    if counter < expected:
        counter += 0x10000
    if counter >= LAST_COUNTER or _mic(keys, 1, address, counter, frame[:end]) != frame[end:]:
        return None
    port = frame[body] if body < end else None
    if port == 0 and body > 8:
        return None
    payload = _crypt(keys, port, 1, address, counter, frame[body + 1 : end])
    return Downlink(counter, frame[0], control, frame[8:body], port, payload)


def _kind(frame):
    # The header less its reserved bits.
    return frame[0] & 0xE3


def _crypt(keys, port, direction, address, counter, payload):
    key = keys[APPLICATION if port else NETWORK]
    return counter_mode(key, _block(0x01, direction, address, counter), payload)


def _mic(keys, direction, address, counter, frame):
    start = _block(0x49, direction, address, counter) + bytes((len(frame),))
    return cmac(keys[NETWORK], start + frame)[:4]


def _block(kind, direction, address, counter):
    # The blocks A and B0 without their last byte. Direction: 0 up, 1 down.
    return struct.pack("<BIB4sIB", kind, 0, direction, address, counter, 0)
