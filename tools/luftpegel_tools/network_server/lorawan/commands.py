"""MAC commands of LoRaWAN 1.0.4, class A: requests and answers to a device as bytes, its words taken apart.

Layout: LoRaWAN L2 1.0.4 specification (TS001), section 5. A field is cut to its width and not checked
otherwise: a network server under test must be able to ask for what the specification forbids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Protocol

from luftpegel_tools.network_server.lorawan.frames import frequency24


class Cid(IntEnum):
    """What a command is about; the same number in both directions."""

    LINK_CHECK = 0x02
    LINK_ADR = 0x03
    DUTY_CYCLE = 0x04
    RX_PARAM_SETUP = 0x05
    DEV_STATUS = 0x06
    NEW_CHANNEL = 0x07
    RX_TIMING_SETUP = 0x08
    TX_PARAM_SETUP = 0x09
    DL_CHANNEL = 0x0A
    DEVICE_TIME = 0x0D


STICKY = {Cid.RX_PARAM_SETUP, Cid.RX_TIMING_SETUP, Cid.DL_CHANNEL}  # answers repeated until a downlink comes


class Command(Protocol):
    """Something the network says to a device."""

    cid: ClassVar[Cid | None]  # of the answer that it expects; None: it expects none

    def __bytes__(self) -> bytes:
        """Its bytes, identifier first."""


@dataclass(frozen=True)
class LinkCheckAns:
    """5.1: by how much the frame was above the demodulator's floor (dB), and how many gateways heard it."""

    cid: ClassVar[Cid | None] = None
    margin: int
    gateways: int

    def __bytes__(self) -> bytes:
        return bytes((Cid.LINK_CHECK, self.margin, self.gateways))


@dataclass(frozen=True)
class LinkAdrReq:
    """5.2: data rate, power, channels and transmissions per frame. 15 keeps data rate or power."""

    cid: ClassVar[Cid | None] = Cid.LINK_ADR
    data_rate: int
    tx_power: int
    ch_mask: int
    nb_trans: int = 1
    ch_mask_cntl: int = 0
    rfu: int = 0

    def __bytes__(self) -> bytes:
        rates = (self.data_rate & 0x0F) << 4 | self.tx_power & 0x0F
        redundancy = (self.rfu & 1) << 7 | (self.ch_mask_cntl & 7) << 4 | self.nb_trans & 0x0F
        return (
            bytes((Cid.LINK_ADR, rates))
            + (self.ch_mask & 0xFFFF).to_bytes(2, "little")
            + bytes((redundancy,))
        )


@dataclass(frozen=True)
class DutyCycleReq:
    """5.3: aggregated duty cycle at most 1 / 2**max_duty_cycle."""

    cid: ClassVar[Cid | None] = Cid.DUTY_CYCLE
    max_duty_cycle: int

    def __bytes__(self) -> bytes:
        return bytes((Cid.DUTY_CYCLE, self.max_duty_cycle & 0x0F))


@dataclass(frozen=True)
class RxParamSetupReq:
    """5.4: data rate offset of RX1, data rate and frequency of RX2."""

    cid: ClassVar[Cid | None] = Cid.RX_PARAM_SETUP
    rx1_dr_offset: int
    rx2_data_rate: int
    rx2_frequency_hz: int

    def __bytes__(self) -> bytes:
        settings = (self.rx1_dr_offset & 7) << 4 | self.rx2_data_rate & 0x0F
        return bytes((Cid.RX_PARAM_SETUP, settings)) + frequency24(self.rx2_frequency_hz)


@dataclass(frozen=True)
class DevStatusReq:
    """5.5: battery and margin, please."""

    cid: ClassVar[Cid | None] = Cid.DEV_STATUS

    def __bytes__(self) -> bytes:
        return bytes((Cid.DEV_STATUS,))


@dataclass(frozen=True)
class NewChannelReq:
    """5.6: set up a channel, or with frequency 0 take it away."""

    cid: ClassVar[Cid | None] = Cid.NEW_CHANNEL
    index: int
    frequency_hz: int
    max_data_rate: int = 5
    min_data_rate: int = 0

    def __bytes__(self) -> bytes:
        rates = (self.max_data_rate & 0x0F) << 4 | self.min_data_rate & 0x0F
        return bytes((Cid.NEW_CHANNEL, self.index & 0xFF)) + frequency24(self.frequency_hz) + bytes((rates,))


@dataclass(frozen=True)
class RxTimingSetupReq:
    """5.7: seconds from the end of an uplink to RX1; 0 means 1."""

    cid: ClassVar[Cid | None] = Cid.RX_TIMING_SETUP
    delay_s: int

    def __bytes__(self) -> bytes:
        return bytes((Cid.RX_TIMING_SETUP, self.delay_s & 0x0F))


@dataclass(frozen=True)
class TxParamSetupReq:
    """5.8: dwell times and EIRP index; a region without it (EU868) does not answer."""

    cid: ClassVar[Cid | None] = Cid.TX_PARAM_SETUP
    max_eirp_index: int
    uplink_dwell: bool = False
    downlink_dwell: bool = False

    def __bytes__(self) -> bytes:
        flags = self.downlink_dwell << 5 | self.uplink_dwell << 4
        return bytes((Cid.TX_PARAM_SETUP, flags | self.max_eirp_index & 0x0F))


@dataclass(frozen=True)
class DlChannelReq:
    """5.9: another frequency for RX1 after uplinks on a channel."""

    cid: ClassVar[Cid | None] = Cid.DL_CHANNEL
    index: int
    frequency_hz: int

    def __bytes__(self) -> bytes:
        return bytes((Cid.DL_CHANNEL, self.index & 0xFF)) + frequency24(self.frequency_hz)


@dataclass(frozen=True)
class DeviceTimeAns:
    """5.10: GPS time at the end of the uplink that asked, in microseconds."""

    cid: ClassVar[Cid | None] = None
    gps_us: int

    def __bytes__(self) -> bytes:
        seconds, rest = divmod(self.gps_us, 1_000_000)
        return bytes((Cid.DEVICE_TIME,)) + seconds.to_bytes(4, "little") + bytes((rest * 256 // 1_000_000,))


@dataclass(frozen=True)
class Raw:
    """Any bytes in place of a command, for tests of what a device refuses."""

    cid: ClassVar[Cid | None] = None
    data: bytes

    def __bytes__(self) -> bytes:
        return self.data


@dataclass(frozen=True)
class Word:
    """Something a device says: a request of its own or the answer to one of ours."""

    cid: Cid
    body: bytes

    @property
    def accepted(self) -> bool:
        """Whether every status bit of an answer says yes; words without status bits say yes."""
        mask = _FROM_DEVICE[self.cid][1]
        return mask == 0 or self.body[0] & mask == mask


@dataclass(frozen=True)
class DeviceStatus:
    """A DevStatusAns: battery 0 outside power, 1..254 empty to full, 255 unknown; margin in dB."""

    battery: int
    margin: int

    @classmethod
    def of(cls, word: Word) -> "DeviceStatus":
        """From the word's two bytes; the margin is six bits, signed."""
        margin = word.body[1] & 0x3F
        return cls(word.body[0], margin - 64 if margin > 31 else margin)


# Words of a device: bytes after the identifier, and which status bits of the first mean yes.
_FROM_DEVICE: Mapping[Cid, tuple[int, int]] = {
    Cid.LINK_CHECK: (0, 0),
    Cid.LINK_ADR: (1, 0b111),
    Cid.DUTY_CYCLE: (0, 0),
    Cid.RX_PARAM_SETUP: (1, 0b111),
    Cid.DEV_STATUS: (2, 0),
    Cid.NEW_CHANNEL: (1, 0b11),
    Cid.RX_TIMING_SETUP: (0, 0),
    Cid.TX_PARAM_SETUP: (0, 0),
    Cid.DL_CHANNEL: (1, 0b11),
    Cid.DEVICE_TIME: (0, 0),
}


def parse_words(raw: bytes) -> tuple[list[Word], bytes]:
    """What a device says, and the rest from the first identifier on that is unknown or cut short."""
    words = []
    while raw:
        length = _FROM_DEVICE[Cid(raw[0])][0] if raw[0] in _FROM_DEVICE else len(raw)
        if len(raw) < 1 + length:
            break
        words.append(Word(Cid(raw[0]), raw[1 : 1 + length]))
        raw = raw[1 + length :]
    return words, raw
