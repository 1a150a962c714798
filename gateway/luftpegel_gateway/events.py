"""What a source hands to the gateway: a raw delivery, and the event that a parser finds in it.

Events are frozen and validated where they are made (`sources/`), so the rooms behind it never see half an
event. Times are integers: microseconds since 1970 UTC, always the network server's, never the moment of
arrival.
"""

from collections.abc import Callable
from dataclasses import dataclass


class Refused(ValueError):  # noqa: N818 - an outcome, told apart by its code
    """A frame that cannot be used. `code` is an LP code of `messages.py`, `detail` says what was seen."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Downlink:
    """A command to a device, to be published after the commit of the frame that caused it."""

    topic: str
    dev_eui: str
    f_port: int
    data: bytes
    id: str  # a UUID made from what is asked, so that asking twice queues once


def _nothing(*_ignored: object) -> None:
    """For deliveries that nobody upstream waits for: a replay."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came in. `acknowledge` is called once it is on disk, and never before."""

    kind: str  # which parser reads it: a key of sources.SOURCES
    topic: str
    payload: bytes
    acknowledge: Callable[[], None] = _nothing
    answer: Callable[[Downlink], None] = _nothing  # passes a command back the way this came


@dataclass(frozen=True, slots=True)
class UplinkFrame:
    """One uplink of one device. `dr`, `rssi` (dBm) and `snr` (dB) are None when the event names none."""

    dev_eui: str  # 16 lower-case hex digits
    dev_addr: str
    f_cnt: int
    f_port: int  # 0 when the uplink carried MAC commands only
    data: bytes
    received_at: int
    reply_topic: str
    dr: int | None = None
    rssi: int | None = None
    snr: float | None = None
    encrypted: bool = False  # the network server has no key: `data` is ciphertext


@dataclass(frozen=True, slots=True)
class Joined:
    """The device has a new session: its frame counter begins again at 0."""

    dev_eui: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What the network server logs about a device; an event of no interest has an empty `code`."""

    dev_eui: str
    level: str
    code: str
    text: str


Event = UplinkFrame | Joined | Notice
