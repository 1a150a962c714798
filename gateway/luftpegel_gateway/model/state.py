"""What a station's frames have told, as data: its lives, its link, what was asked of it. The folds:
`ingest/`.

It lives in the journal, written in the transaction of the frames that changed it, so it needs no repair
after a crash. Fields may be added at the end with a default; an older state is then read as it is.
"""

import msgspec

from luftpegel_gateway.model.intervals import Intervals, Range

NOTHING = Intervals()


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outstanding request, how many uplinks came since, and how many it may take."""

    first: int
    count: int
    uplinks: int = 0
    patience: int = 3


class Timekeeping(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How sure a life's times are: frames that agree with them, and frames that agree on another time.

    `support` frames told times that fit the known ones; `dissents` frames in a row told times `offset`
    seconds later, the first of them with the reading `dissent_from`. `chain_from`: the oldest reading whose
    time hangs together with the newest's.
    """

    support: int = 0
    chain_from: int = 0
    offset: int = 0
    dissents: int = 0
    dissent_from: int = 0


class Life(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One numbering of a station. Times in Unix seconds.

    `seen` are numbers that need no asking any more: received, `absent` (the station answered that it has
    none), or `skipped` (more numbers than the time that passed allows: never given to a reading).
    `oldest_told` is how far back the station's own journal went when it first said so. `given_up`: how many
    absent and skipped numbers are not listed any more, for there were too many ranges of them.
    """

    number: int
    began: int | None = None
    reason: str = ""
    seen: Intervals = NOTHING
    absent: Intervals = NOTHING
    skipped: Intervals = NOTHING
    newest_time: int | None = None
    heard_at: int | None = None  # estimated time of the newest frame of this life
    oldest_told: int | None = None
    time: Timekeeping = Timekeeping()
    asked: Asked | None = None
    surplus: int = 0
    given_up: tuple[int, int] = (0, 0)

    @property
    def gaps(self) -> tuple[Range, ...]:
        """Ranges to ask for: between known readings, oldest first, then what lies before the first."""
        first = self.seen.oldest
        between = self.seen.missing()
        if first is None or self.oldest_told is None or self.oldest_told >= first:
            return between
        return (*between, (self.oldest_told, first - 1))

    @property
    def received(self) -> int:
        """How many readings are here."""
        return len(self.seen) - len(self.absent) - len(self.skipped) - sum(self.given_up)

    @property
    def missing(self) -> int:
        """How many readings are missing: gaps, and those that the station itself no longer has."""
        holes = sum(last - first + 1 for first, last in self.gaps) + len(self.absent) + self.given_up[0]
        return max(0, holes - self.surplus)

    def knows(self, seq: int) -> bool:
        """Whether a reading with cells is here under this number."""
        return seq in self.seen and seq not in self.absent and seq not in self.skipped


class Link(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The radio link as the newest frame told it.

    `heard_at`: estimated time of that frame, microseconds. `taken_at`: our own clock then, Unix seconds; it
    may have been wrong. rssi dBm, snr dB.
    """

    heard_at: int | None = None
    taken_at: int | None = None
    rssi: int | None = None
    snr: float | None = None
    dr: int | None = None
    gateway: str = ""
    gateways: int = 0


class Status(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A station's last status frame: its fields by the wire's names, and when it came (microseconds)."""

    at: int
    fields: dict[str, int | str]


# How a command stands.
WAITING, DONE, REFUSED, EXPIRED, CANCELLED = "waiting", "done", "refused", "expired", "cancelled"


class Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Settings for a station, by the wire's names. Times: Unix seconds, our clock.

    `sent` times, last after so many frames of the station; asked again after `patience` more. `in_force`:
    what the station answered. `on_air_at`: when a radio gateway sent it last. `item`: what the network server
    calls it in its queue, where it gives names of its own. `ours_at`, `network_at`: since when our clock and
    that of the frames count its age; None: from `made_at`, and not yet.
    """

    token: int
    settings: dict[str, int]
    made_at: int
    expires_at: int
    state: str = WAITING
    sent: int = 0
    sent_at_frame: int = 0
    patience: int = 3
    ended_at: int | None = None
    in_force: dict[str, int | str] = {}
    on_air_at: int | None = None
    item: str = ""
    ours_at: int | None = None
    network_at: int | None = None


class NetworkTold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the network server knows of the device. `at`: microseconds; `battery` %; `margin` dB."""

    at: int
    battery: float | None = None
    external: bool = False
    margin: int | None = None


class StationState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of a station. `lives`: oldest first, the last one is current.

    `marks`: hashes of the last frames. `joined`: since the last reading a join or a status hints at a new
    board. `twin`: an older life told new readings after the current one had begun, so two boards share this
    id; its number, and when it last did (Unix seconds). `alarms`: hashes of the last alarms.
    `past`: readings received and missing of lives that are not listed any more, for there were too many.
    `commands`: those that wait, and the last that ended. `counters`: of frames that count once
    (`Uplink.once`).
    """

    lives: tuple[Life, ...] = ()
    marks: tuple[int, ...] = ()
    link: Link = Link()
    joined: bool = False
    status: Status | None = None
    frames: int = 0
    repeated_frames: int = 0
    repeated_readings: int = 0
    twin: int | None = None
    twin_at: int | None = None
    alarms: tuple[int, ...] = ()
    past: tuple[int, int] = (0, 0)
    commands: tuple[Command, ...] = ()
    network: NetworkTold | None = None
    counters: Intervals = NOTHING

    @property
    def life(self) -> Life:
        """The current life; an empty one for a station that was never heard."""
        return self.lives[-1] if self.lives else Life(0)

    @property
    def received(self) -> int:
        """Readings here, of all lives."""
        return self.past[0] + sum(life.received for life in self.lives)

    @property
    def missing(self) -> int:
        """Readings missing, of all lives."""
        return self.past[1] + sum(life.missing for life in self.lives)

    @property
    def completeness(self) -> float | None:
        """Share of readings that are here, 0..1, over all lives."""
        total = self.received + self.missing
        return self.received / total if total else None
