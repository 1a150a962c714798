"""What a simulated radio and a simulated network server say to each other: the words, no behaviour.

A radio calls `join` and `uplink` at the end of its transmission and hears the answer, if the air lets it
through, in its receive windows.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class JoinRequest:
    """A device asks to join (OTAA); EUIs and key as bytes, most significant byte first."""

    dev_eui: bytes
    join_eui: bytes
    app_key: bytes
    dev_nonce: int
    data_rate: int
    frequency_hz: int
    sent_us: int  # virtual time of the transmission's end
    airtime_us: int


@dataclass(frozen=True)
class JoinAccept:
    """The network let the device in."""

    dev_addr: int
    window: int = 1
    rssi: int = -80
    snr: int = 8


@dataclass(frozen=True)
class Uplink:
    """One frame of a joined device."""

    dev_eui: bytes
    dev_addr: int
    f_cnt: int
    f_port: int
    data: bytes
    confirmed: bool
    adr: bool
    data_rate: int
    frequency_hz: int
    sent_us: int
    airtime_us: int
    device_time_request: bool = False
    link_check_request: bool = False
    acknowledges: bool = False  # the MAC answers a confirmed downlink that it heard


@dataclass(frozen=True)
class Downlink:
    """What a device hears after an uplink; f_port None when there is no application payload."""

    f_port: int | None
    data: bytes
    acknowledges: bool
    confirmed: bool = False  # the network wants the next uplink to acknowledge
    f_pending: bool = False
    window: int = 1
    rssi: int = -80
    snr: int = 8
    adr_data_rate: int | None = None  # the network steers the data rate
    device_time: int | None = None  # GPS seconds, answer to DeviceTimeReq
    link_check: tuple[int, int] | None = None  # margin in dB, gateways


@dataclass(frozen=True)
class Reception:
    """How one gateway heard an uplink: what the air adds to the frame."""

    gateway_id: str  # 16 hex digits
    rssi: int  # dBm
    snr: float  # dB, in quarters
    latency_us: int = 0  # from the end of the transmission to the network server
    channel: int = 0
    rf_chain: int = 0
    has_gps: bool = False
    latitude: float = 0.0
    longitude: float = 0.0
    altitude: float = 0.0


class Network(Protocol):
    """The far end of the air."""

    def join(self, request: JoinRequest) -> JoinAccept | None:
        """Answer a join; None when lost or refused."""

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """Take an uplink; gives what the device will hear, None for silence."""
