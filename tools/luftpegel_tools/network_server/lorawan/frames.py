"""LoRaWAN frames as bytes: uplinks taken apart, downlinks put together. No state, no keys kept.

Layout: LoRaWAN L2 1.0.4 specification (TS001), sections 4 and 6. EUIs are most significant byte first here,
as people write them; on the air they are the other way round.
"""

from dataclasses import dataclass

from luftpegel_tools.network_server.lorawan import crypto

MAX_F_OPTS = 15
_JOIN_REQUEST, _JOIN_ACCEPT, _DATA_UP, _DATA_DOWN, _CONFIRMED_UP, _CONFIRMED_DOWN = range(6)
_JOIN_REQUEST_BYTES = 23
_SHORTEST_DATA = 12  # MHDR 1, FHDR 7, MIC 4
_ADR, _ADR_ACK_REQ, _ACK, _F_PENDING = 0x80, 0x40, 0x20, 0x10
_CF_LIST_FREQUENCIES = 5


class FrameError(ValueError):
    """These bytes are no LoRaWAN 1.0.x uplink; the message says why."""


@dataclass(frozen=True)
class JoinRequest:
    """A device asks to join."""

    join_eui: bytes
    dev_eui: bytes
    dev_nonce: int
    mic: bytes
    signed: bytes  # everything before the MIC

    def is_signed_with(self, app_key: bytes) -> bool:
        """Whether the MIC is that of this key."""
        return crypto.join_mic(app_key, self.signed) == self.mic


@dataclass(frozen=True)
class DataUp:
    """A data frame of a device, its payload still encrypted, its counter still 16 bits."""

    confirmed: bool
    dev_addr: int
    adr: bool
    adr_ack_req: bool
    ack: bool
    f_cnt: int
    f_opts: bytes
    f_port: int | None
    encrypted: bytes
    mic: bytes
    signed: bytes  # everything before the MIC

    def is_signed_with(self, network_key: bytes, f_cnt: int) -> bool:
        """Whether the MIC is that of this key and 32-bit counter."""
        return crypto.data_mic(network_key, crypto.UP, self.dev_addr, f_cnt, self.signed) == self.mic

    def decrypted(self, key: bytes, f_cnt: int) -> bytes:
        """Its payload in clear."""
        return crypto.crypt_payload(key, crypto.UP, self.dev_addr, f_cnt, self.encrypted)


@dataclass(frozen=True)
class DataDown:
    """A data frame for a device, in clear."""

    dev_addr: int
    f_cnt: int  # all 32 bits
    confirmed: bool = False
    adr: bool = False
    ack: bool = False
    f_pending: bool = False
    f_opts: bytes = b""
    f_port: int | None = None
    payload: bytes = b""

    def sealed(self, network_key: bytes, application_key: bytes) -> bytes:
        """The PHYPayload: encrypted (port 0 with the network's key) and signed."""
        if len(self.f_opts) > MAX_F_OPTS:
            raise ValueError(f"{len(self.f_opts)} bytes of FOpts, at most {MAX_F_OPTS} fit")
        kind = _CONFIRMED_DOWN if self.confirmed else _DATA_DOWN
        flags = _ADR * self.adr | _ACK * self.ack | _F_PENDING * self.f_pending
        signed = bytes((kind << 5,)) + self.dev_addr.to_bytes(4, "little")
        signed += (
            bytes((flags | len(self.f_opts),)) + (self.f_cnt & 0xFFFF).to_bytes(2, "little") + self.f_opts
        )
        if self.f_port is not None:
            key = application_key if self.f_port else network_key
            sealed = crypto.crypt_payload(key, crypto.DOWN, self.dev_addr, self.f_cnt, self.payload)
            signed += bytes((self.f_port,)) + sealed
        return signed + crypto.data_mic(network_key, crypto.DOWN, self.dev_addr, self.f_cnt, signed)


@dataclass(frozen=True)
class JoinAccept:
    """The network lets a device in."""

    join_nonce: int
    net_id: int
    dev_addr: int
    rx1_dr_offset: int = 0
    rx2_data_rate: int = 0
    rx_delay_s: int = 1
    extra_channels_hz: tuple[int, ...] = ()  # at most five; the CFList of regions with dynamic channels

    def sealed(self, app_key: bytes) -> bytes:
        """The PHYPayload: signed, then *decrypted*, so that a device need only encrypt (6.2.3)."""
        kind = bytes((_JOIN_ACCEPT << 5,))
        body = self.join_nonce.to_bytes(3, "little") + self.net_id.to_bytes(3, "little")
        body += self.dev_addr.to_bytes(4, "little")
        body += bytes((self.rx1_dr_offset << 4 | self.rx2_data_rate, self.rx_delay_s))
        if self.extra_channels_hz:
            body += self._cf_list()
        return kind + crypto.decrypt(app_key, body + crypto.join_mic(app_key, kind + body))

    def _cf_list(self) -> bytes:
        """Frequencies in steps of 100 Hz, unused ones 0, and type 0 (RP002, 2.4.4)."""
        unused = (0,) * (_CF_LIST_FREQUENCIES - len(self.extra_channels_hz))
        return b"".join(frequency24(hertz) for hertz in self.extra_channels_hz + unused) + b"\x00"


def frequency24(hertz: int) -> bytes:
    """A frequency on the wire: 24 bits in steps of 100 Hz, least significant byte first."""
    return (hertz // 100).to_bytes(3, "little")


def parse_uplink(phy_payload: bytes) -> JoinRequest | DataUp:
    """Take an uplink apart; nothing is checked that needs a key.

    Raises:
        FrameError: too short, of another kind or version, or against the rules for FOpts and port 0.
    """
    if len(phy_payload) < _SHORTEST_DATA:
        raise FrameError(f"{len(phy_payload)} bytes are too short")
    header = phy_payload[0]
    if header & 0x1F:
        raise FrameError(f"MHDR {header:02x}: not LoRaWAN R1")
    kind = header >> 5
    if kind == _JOIN_REQUEST:
        return _parse_join_request(phy_payload)
    if kind in {_DATA_UP, _CONFIRMED_UP}:
        return _parse_data(phy_payload, kind == _CONFIRMED_UP)
    raise FrameError(f"frame type {kind} is none of an uplink")


def _parse_join_request(raw: bytes) -> JoinRequest:
    if len(raw) != _JOIN_REQUEST_BYTES:
        raise FrameError(f"a JoinRequest has {_JOIN_REQUEST_BYTES} bytes, not {len(raw)}")
    return JoinRequest(
        join_eui=raw[8:0:-1],
        dev_eui=raw[16:8:-1],
        dev_nonce=int.from_bytes(raw[17:19], "little"),
        mic=raw[19:],
        signed=raw[:19],
    )


def _parse_data(raw: bytes, confirmed: bool) -> DataUp:
    control = raw[5]
    options_end = 8 + (control & 0x0F)
    signed, mic = raw[: -crypto.MIC_BYTES], raw[-crypto.MIC_BYTES :]
    if options_end > len(signed):
        raise FrameError("FOpts reach beyond the frame")
    f_opts, rest = signed[8:options_end], signed[options_end:]
    if f_opts and rest[:1] == b"\x00":
        raise FrameError("FOpts and MAC commands on port 0 exclude each other")
    return DataUp(
        confirmed=confirmed,
        dev_addr=int.from_bytes(raw[1:5], "little"),
        adr=bool(control & _ADR),
        adr_ack_req=bool(control & _ADR_ACK_REQ),
        ack=bool(control & _ACK),
        f_cnt=int.from_bytes(raw[6:8], "little"),
        f_opts=f_opts,
        f_port=rest[0] if rest else None,
        encrypted=rest[1:],
        mic=mic,
        signed=signed,
    )
