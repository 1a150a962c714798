"""What goes into the network server's core and what comes out: words without behaviour."""

from dataclasses import dataclass
from enum import Enum

from luftpegel_tools.network_server.lorawan.commands import STICKY, Cid, Word
from luftpegel_tools.network_server.lorawan.dialogue import Settled
from luftpegel_tools.network_server.lorawan.region import EU868, NetworkRegion, Window
from luftpegel_tools.network_server.lorawan.session import Session


@dataclass(frozen=True)
class Identity:
    """A device that may join; EUIs most significant byte first. A join_eui of None: any."""

    dev_eui: bytes
    app_key: bytes
    join_eui: bytes | None = None


@dataclass(frozen=True)
class Plan:
    """What the network tells its devices at the join, and whether it steers them afterwards."""

    region: NetworkRegion = EU868
    net_id: int = 0
    rx1_delay_s: int = 1
    rx1_dr_offset: int = 0
    rx2_data_rate: int | None = None  # None: the region's own
    extra_channels_hz: tuple[int, ...] | None = None  # None: the region's own
    adr: bool = True

    @property
    def cf_list_hz(self) -> tuple[int, ...]:
        """The channels that a JoinAccept hands out."""
        return self.region.extra_channels_hz if self.extra_channels_hz is None else self.extra_channels_hz


@dataclass(frozen=True)
class Arrival:
    """An uplink as gateways heard it, copies already put together."""

    phy_payload: bytes
    frequency_hz: int
    data_rate: int
    gps_us: int  # end of the transmission, microseconds since 1980-01-06, without leap seconds
    snr: float = 0.0  # dB, of the best gateway
    gateways: int = 1


class Reason(Enum):
    """Why a frame is refused."""

    MALFORMED = "no LoRaWAN 1.0.x uplink"
    UNKNOWN_DEVICE = "no such device, or it never joined"
    WRONG_MIC = "the message integrity code is not that of the device's key and counter"
    USED_NONCE = "the DevNonce did not rise"
    NO_NONCE_LEFT = "all JoinNonces are used up"
    REPLAYED = "the frame counter went back"
    COUNTER_USED_TWICE = "another frame with the counter of the last one"


@dataclass(frozen=True)
class Refused:
    """A frame that changes nothing; what is known of its sender."""

    reason: Reason
    dev_eui: bytes | None = None
    f_cnt: int | None = None
    dev_nonce: int | None = None


@dataclass(frozen=True)
class Payload:
    """What an application sends to a device."""

    f_port: int
    data: bytes
    confirmed: bool = False


@dataclass(frozen=True)
class Downlink:
    """A frame for a device, and the windows in which it fits, best first; f_cnt None: a JoinAccept."""

    dev_eui: bytes
    phy_payload: bytes
    windows: tuple[Window, ...]
    f_cnt: int | None = None


@dataclass(frozen=True)
class Joined:
    """A device was let in; it uses the session when it has heard the accept."""

    dev_eui: bytes
    dev_addr: int
    dev_nonce: int
    accept: Downlink


@dataclass(frozen=True)
class Heard:
    """A data frame that counts. Hand it to `answer` when the application has had its say."""

    dev_eui: bytes
    session: Session  # that it came in
    f_cnt: int
    f_port: int | None  # None: no payload; 0: MAC commands, told in `words`
    data: bytes
    confirmed: bool
    adr: bool
    adr_ack_req: bool
    repeated: bool  # the last frame once more: NbTrans, or a confirmed one that missed its answer
    acknowledged: int | None  # f_cnt of the confirmed downlink that it acknowledges
    unacknowledged: int | None  # f_cnt of the one that it should have and did not
    words: tuple[Word, ...]
    not_understood: bytes  # the MAC commands from the first unknown one on
    settled: tuple[Settled, ...]  # requests of ours that came to an end
    arrival: Arrival

    @property
    def sticky(self) -> set[Cid]:
        """Kinds of answers that the device repeats until it hears a downlink."""
        return STICKY & {word.cid for word in self.words}
