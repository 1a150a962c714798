"""What a source hands to the gateway: a raw delivery, and the event that a parser finds in it.

Only what is needed to name and decode a reading can refuse an event; whatever else is missing or odd is None,
and its name stands in `lacking`. Times are integers: microseconds since 1970 UTC.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec


class Downlink(msgspec.Struct, frozen=True, gc=False):
    """A command to a device, to be published after the commit of the frame that caused it."""

    topic: str
    dev_eui: str
    f_port: int
    data: bytes
    id: str  # a UUID made from what is asked, so that asking twice queues once
    json: bool = True  # what the network server's integration speaks: JSON, else protobuf
    expires_at: int | None = None  # Unix seconds; None: the network server keeps it as long as it likes


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message as it came in: pure data. `payload` is whole, or the head of one that no event can be."""

    source: str  # the [[source]] that it came from, by its name
    kind: str  # which parser reads it: a key of sources.PARSERS
    topic: str
    payload: bytes
    size: int | None = None  # bytes of the whole payload when `payload` is only its head


class Upstream(Protocol):
    """Where deliveries came from. Called on the event loop, after the commit and never before."""

    def acknowledge(self, tokens: Sequence[Any]) -> None:
        """Say that the deliveries behind these tokens are on the disk."""

    def answer(self, downlink: Downlink) -> None:
        """Pass a command to the network server; may be lost, and is then asked for again."""


class Arrival(msgspec.Struct):
    """A delivery with the way back: `token` is what its upstream knows it by; no upstream for a replay."""

    delivery: Delivery
    upstream: Upstream | None = None
    token: Any = None


class Clocks(msgspec.Struct, frozen=True, gc=False):
    """Every clock that tells when a frame was received (microseconds); none of them is trusted alone.

    `told`: the event's own time, which is some gateway's or the network server's. `network`: the network
    server's own clock (ChirpStack: rxInfo[].nsTime). `gateways`: radio gateway -> its clock.
    """

    told: int | None = None
    network: int | None = None
    gateways: tuple[tuple[str, int], ...] = ()


class Uplink(msgspec.Struct, frozen=True, gc=False):
    """One uplink of one device. `rssi` dBm and `snr` dB of the gateway that heard best."""

    dev_eui: str  # 16 lower-case hex digits
    f_port: int | None  # None or 0: MAC commands only
    data: bytes
    clocks: Clocks = Clocks()
    dev_addr: str = ""
    f_cnt: int | None = None
    reply_topic: str = ""
    json: bool = True
    application: str = ""  # the network server's id of the application
    application_name: str = ""  # what people call it there
    tenant: str = ""  # the network server's id of its tenant
    dr: int | None = None
    rssi: int | None = None
    snr: float | None = None
    gateway: str = ""  # which radio gateway heard best
    gateways: int = 0  # how many heard it
    encrypted: bool = False  # the network server has no key: `data` is ciphertext
    once: bool = False  # no network server has watched over `f_cnt`: each number counts once, for ever
    lacking: tuple[str, ...] = ()  # fields that were missing or made no sense
    recorded_at: int | None = None  # it comes from a recording: our clock when that was made, Unix seconds


class Joined(msgspec.Struct, frozen=True, gc=False):
    """The device has a new session: its frame counter begins again at 0."""

    dev_eui: str
    clocks: Clocks = Clocks()
    dev_addr: str = ""
    application: str = ""
    application_name: str = ""


class Notice(msgspec.Struct, frozen=True, gc=False):
    """What the network server logs about a device."""

    dev_eui: str
    level: str
    code: str
    text: str
    application: str = ""
    application_name: str = ""


class Reported(msgspec.Struct, frozen=True, gc=False):
    """What the network server asked a device's MAC (LoRaWAN 1.0.4, DevStatusAns). `battery` %, None:
    unknown or mains; `margin` dB of its last downlink."""

    dev_eui: str
    clocks: Clocks = Clocks()
    battery: float | None = None
    external: bool = False
    margin: int | None = None
    application: str = ""
    application_name: str = ""


class Carried(msgspec.Struct, frozen=True, gc=False):
    """A radio gateway has sent a command, `id`, on the air."""

    dev_eui: str
    id: str
    clocks: Clocks = Clocks()
    application: str = ""
    application_name: str = ""


class Queued(msgspec.Struct, frozen=True, gc=False):
    """The network server has a command of ours, `id`, in its queue, and calls it `item`."""

    dev_eui: str
    id: str
    item: str
    clocks: Clocks = Clocks()
    application: str = ""
    application_name: str = ""


class Passed(msgspec.Struct, frozen=True, gc=False):
    """An event that is nothing for us: of a kind without interest, of a later version, or filtered out.

    It is counted under `reason` and acknowledged, never quarantined.
    """

    reason: str
    dev_eui: str = ""


Event = Uplink | Joined | Notice | Reported | Carried | Queued | Passed
