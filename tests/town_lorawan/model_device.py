"""A LoRaWAN 1.0.4 end device in its plainest form, to hold the network server against.

Written from the specification on `cryptography` alone; shares nothing with the server's core nor with the
firmware. It does what it is told: MAC commands are noted in `commands`, and answered by what a test puts
into `answers`.
"""

import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

# bytes after the identifier of each command that a network sends to a class A device
LENGTHS = {2: 2, 3: 4, 4: 1, 5: 4, 6: 0, 7: 5, 8: 1, 9: 1, 10: 4, 13: 5}


def aes(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block)


def cmac(key, message):
    code = CMAC(algorithms.AES(key))
    code.update(message)
    return code.finalize()[:4]


@dataclass(frozen=True)
class Read:
    """A downlink as the device reads it."""

    confirmed: bool
    ack: bool
    adr: bool
    f_pending: bool
    f_cnt: int
    f_port: int | None
    payload: bytes
    f_opts: bytes
    commands: list[bytes]  # identifier first


class UnheardError(Exception):
    """The device throws this downlink away."""


class ModelDevice:
    def __init__(self, dev_eui, join_eui, app_key):
        self.dev_eui, self.join_eui, self.app_key = dev_eui, join_eui, app_key
        self.dev_nonce = 0
        self.last_join_nonce = -1
        self.f_cnt_up, self.f_cnt_down = 0, -1
        self.answers = b""  # go with the next uplink
        self.owes_ack = False

    def join_request(self):
        self.dev_nonce += 1
        signed = b"\x00" + self.join_eui[::-1] + self.dev_eui[::-1] + struct.pack("<H", self.dev_nonce)
        return signed + cmac(self.app_key, signed)

    def join_accept(self, phy_payload):
        assert phy_payload[0] == 0x20
        clear = b"".join(aes(self.app_key, phy_payload[i : i + 16]) for i in range(1, len(phy_payload), 16))
        body, mic = clear[:-4], clear[-4:]
        assert mic == cmac(self.app_key, b"\x20" + body)
        join_nonce = int.from_bytes(body[:3], "little")
        assert join_nonce > self.last_join_nonce
        self.last_join_nonce = join_nonce
        self.net_id = body[3:6]
        self.dev_addr = body[6:10]
        self.dl_settings, self.rx_delay, self.cf_list = body[10], body[11], body[12:]
        facts = body[:6] + struct.pack("<H", self.dev_nonce) + bytes(7)
        self.network_key = aes(self.app_key, b"\x01" + facts)
        self.application_key = aes(self.app_key, b"\x02" + facts)
        self.f_cnt_up, self.f_cnt_down = 0, -1

    def uplink(
        self, payload=b"\x01", f_port=1, *, confirmed=False, adr=False, adr_ack_req=False, f_opts=None
    ):
        """The next frame; it carries the answers, and acknowledges what is owed."""
        f_opts = self.answers if f_opts is None else f_opts
        control = adr << 7 | adr_ack_req << 6 | self.owes_ack << 5 | len(f_opts)
        self.answers, self.owes_ack = b"", False
        signed = bytes([4 << 5 if confirmed else 2 << 5]) + self.dev_addr + bytes([control])
        signed += struct.pack("<H", self.f_cnt_up & 0xFFFF) + f_opts
        if f_port is not None:
            signed += bytes([f_port]) + self._crypt(f_port, 0, self.f_cnt_up, payload)
        frame = signed + self._mic(0, self.f_cnt_up, signed)
        self.f_cnt_up += 1
        return frame

    def downlink(self, raw):
        """Read a frame; raises UnheardError for what a device must throw away."""
        if raw[0] not in {0x60, 0xA0} or raw[1:5] != self.dev_addr:
            raise UnheardError("not for me")
        control, low = raw[5], int.from_bytes(raw[6:8], "little")
        f_cnt = (self.f_cnt_down & ~0xFFFF if self.f_cnt_down >= 0 else 0) | low
        if f_cnt <= self.f_cnt_down:
            f_cnt += 0x10000
        signed, mic = raw[:-4], raw[-4:]
        if mic != self._mic(1, f_cnt, signed):
            raise UnheardError("MIC")
        self.f_cnt_down = f_cnt
        options_end = 8 + (control & 15)
        f_opts, rest = signed[8:options_end], signed[options_end:]
        f_port = rest[0] if rest else None
        payload = self._crypt(f_port, 1, f_cnt, rest[1:]) if rest else b""
        self.owes_ack = raw[0] == 0xA0
        return Read(
            confirmed=self.owes_ack,
            ack=bool(control & 0x20),
            adr=bool(control & 0x80),
            f_pending=bool(control & 0x10),
            f_cnt=f_cnt,
            f_port=f_port,
            payload=payload,
            f_opts=f_opts,
            commands=split(payload if f_port == 0 else f_opts),
        )

    def _crypt(self, f_port, direction, f_cnt, data):
        key = self.application_key if f_port else self.network_key
        stream = b""
        for i in range(1, len(data) // 16 + 2):
            head = b"\x01" + bytes(4) + bytes([direction]) + self.dev_addr
            stream += aes(key, head + struct.pack("<IBB", f_cnt, 0, i))
        return bytes(a ^ b for a, b in zip(data, stream, strict=False))

    def _mic(self, direction, f_cnt, signed):
        block = b"\x49" + bytes(4) + bytes([direction]) + self.dev_addr
        return cmac(self.network_key, block + struct.pack("<IBB", f_cnt, 0, len(signed)) + signed)


def split(raw):
    """Commands of the network, each with its identifier first; what is no command comes last, whole."""
    commands = []
    while raw:
        length = 1 + LENGTHS.get(raw[0], len(raw))
        commands.append(raw[:length])
        raw = raw[length:]
    return commands
