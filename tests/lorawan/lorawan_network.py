"""A reference network for tests: keys, frames and MICs of LoRaWAN 1.0.x by PyPI `cryptography`.

It shares no code with the MAC under test: block ciphers and CMAC come from OpenSSL, the layout of frames was
written from the specification (TS001-1.0.4, sections 4 and 6) once more.
"""

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


def aes_encrypt(key: bytes, blocks: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # single blocks, as LoRaWAN asks
    return encryptor.update(blocks) + encryptor.finalize()


def aes_decrypt(key: bytes, blocks: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return decryptor.update(blocks) + decryptor.finalize()


def cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def crypt(key: bytes, direction: int, address: int, counter: int, payload: bytes) -> bytes:
    """Section 4.3.3, block by block."""
    out = b""
    for number, start in enumerate(range(0, len(payload), 16), 1):
        block = bytes([1, 0, 0, 0, 0, direction])
        block += address.to_bytes(4, "little") + counter.to_bytes(4, "little") + bytes([0, number])
        stream = aes_encrypt(key, block)
        out += bytes(a ^ b for a, b in zip(payload[start : start + 16], stream, strict=False))
    return out


def mic(key: bytes, direction: int, address: int, counter: int, message: bytes) -> bytes:
    """Section 4.4."""
    block = bytes([0x49, 0, 0, 0, 0, direction])
    block += address.to_bytes(4, "little") + counter.to_bytes(4, "little") + bytes([0, len(message)])
    return cmac(key, block + message)[:4]


@dataclass
class Uplink:
    confirmed: bool
    adr: bool
    adr_ack_request: bool
    ack: bool
    counter: int
    options: bytes
    port: int | None
    payload: bytes


@dataclass
class Network:
    """One device's network server. `address` as a number; `fcnt_down` is the next downlink's counter.

    Of a device that has missed an accept it still knows the older session, as real ones do.
    """

    app_key: bytes
    join_nonce: int = 0
    net_id: int = 0x000013
    address: int = 0x26011BDA
    nwk_s_key: bytes = b""
    app_s_key: bytes = b""
    fcnt_down: int = 0
    fcnt_up: int = 0
    dev_nonces: list[int] = field(default_factory=list)
    counters: list[int] = field(default_factory=list)
    older: list[dict[str, Any]] = field(default_factory=list)

    def join_request(self, frame: bytes) -> tuple[bytes, bytes, int]:
        """JoinEUI and DevEUI as printed, DevNonce; refuses a wrong MIC and a DevNonce used before."""
        assert len(frame) == 23
        assert frame[0] == 0
        assert frame[19:] == cmac(self.app_key, frame[:19])[:4], "MIC of the join request"
        nonce = int.from_bytes(frame[17:19], "little")
        assert all(nonce > used for used in self.dev_nonces), f"DevNonce {nonce} was used before"
        self.dev_nonces.append(nonce)
        return frame[8:0:-1], frame[16:8:-1], nonce

    def accept(
        self,
        dl_settings: int = 0,
        rx_delay: int = 1,
        cf_list: bytes = b"",
        join_nonce: int | None = None,
        header: int = 0x20,
    ) -> bytes:
        """The join accept for the last request; the session begins anew."""
        self._put_aside()
        self.join_nonce = self.join_nonce + 1 if join_nonce is None else join_nonce
        head = self.join_nonce.to_bytes(3, "little") + self.net_id.to_bytes(3, "little")
        body = head + self.address.to_bytes(4, "little") + bytes([dl_settings, rx_delay]) + cf_list
        seed = head + self.dev_nonces[-1].to_bytes(2, "little") + bytes(7)
        self.nwk_s_key = aes_encrypt(self.app_key, b"\x01" + seed)
        self.app_s_key = aes_encrypt(self.app_key, b"\x02" + seed)
        self.fcnt_down = self.fcnt_up = 0
        self.counters = []
        mhdr = bytes([header])
        return mhdr + aes_decrypt(self.app_key, body + cmac(self.app_key, mhdr + body)[:4])

    def uplink(self, frame: bytes, repeated: bool = False) -> Uplink:
        """Checks MIC and counter; a counter seen before is an error unless `repeated`."""
        kind = frame[0]
        assert kind in (0x40, 0x80)
        assert int.from_bytes(frame[1:5], "little") == self.address
        control = frame[5]
        counter = self._counter_of(frame)
        while counter is None and self.older:
            vars(self).update(self.older.pop())
            counter = self._counter_of(frame)
        assert counter is not None, "MIC of the uplink"
        assert repeated or counter not in self.counters, f"frame counter {counter} was used before"
        self.counters.append(counter)
        self.fcnt_up = counter + 1
        body = 8 + (control & 15)
        port = frame[body] if len(frame) - 4 > body else None
        key = self.nwk_s_key if port == 0 else self.app_s_key
        payload = crypt(key, 0, self.address, counter, frame[body + 1 : -4])
        return Uplink(
            kind == 0x80,
            bool(control & 0x80),
            bool(control & 0x40),
            bool(control & 0x20),
            counter,
            frame[8:body],
            port,
            payload,
        )

    def _counter_of(self, frame: bytes) -> int | None:
        """The counter in full, if the MIC says that the frame is of this session."""
        counter = (self.fcnt_up & ~0xFFFF) | int.from_bytes(frame[6:8], "little")
        if counter < self.fcnt_up - 1:
            counter += 0x10000
        right = mic(self.nwk_s_key, 0, self.address, counter, frame[:-4])
        return counter if frame[-4:] == right else None

    def _put_aside(self) -> None:
        names = ("nwk_s_key", "app_s_key", "fcnt_up", "fcnt_down", "counters")
        self.older.append({name: getattr(self, name) for name in names})

    def downlink(
        self,
        port: int | None = None,
        payload: bytes = b"",
        options: bytes = b"",
        *,
        confirmed: bool = False,
        ack: bool = False,
        pending: bool = False,
        counter: int | None = None,
        adr: bool = False,
        header: int | None = None,
    ) -> bytes:
        """A downlink; without `counter` the next one."""
        if counter is None:
            counter = self.fcnt_down
            self.fcnt_down += 1
        control = 0x80 * adr | 0x20 * ack | 0x10 * pending | len(options)
        kind = (0xA0 if confirmed else 0x60) if header is None else header
        frame = bytes([kind, *self.address.to_bytes(4, "little"), control])
        frame += (counter & 0xFFFF).to_bytes(2, "little") + options
        if port is not None:
            key = self.nwk_s_key if port == 0 else self.app_s_key
            frame += bytes([port]) + crypt(key, 1, self.address, counter, payload)
        return frame + mic(self.nwk_s_key, 1, self.address, counter, frame)
