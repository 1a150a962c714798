"""What the gateway knows of a station: from stations.toml (`Station`), and from its frames (`State`).

The state lives in the journal, written in the same transaction as the frame that changed it, so it needs no
repair after a crash and may be read by another process at any time.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

import cbor2

from luftpegel_gateway.downlinks.backfill import Asked
from luftpegel_gateway.model.intervals import Intervals, Range

NOTHING = Intervals()
REMEMBERED_FRAMES = 32  # a redelivery follows within the network server's and the broker's in-flight window


@dataclass(frozen=True, slots=True)
class Station:
    """One [[station]] of stations.toml. Degrees WGS 84; `interval_s` is the time between two readings."""

    id: str
    dev_eui: str
    name: str
    kind: str
    interval_s: int = 600
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What its frames have told. `heard_at`: microseconds (network); `taken_at`: unix s (our clock)."""

    seen: Intervals = NOTHING  # names that need no asking any more: received or absent
    absent: Intervals = NOTHING  # the station answered that it has no such reading
    recent: tuple[bytes, ...] = ()  # marks of the last frames, newest first
    heard_at: int | None = None
    taken_at: int | None = None
    rssi: int | None = None
    snr: float | None = None
    dr: int | None = None
    frames: int = 0
    repeated_frames: int = 0
    repeated_readings: int = 0
    asked: Asked | None = None
    oldest: int | None = None  # how far back the station's journal went when it first told

    def reaching_back_to(self, seq: int) -> "State":
        """The state after the station said that its journal begins with number `seq`."""
        return replace(self, oldest=seq if self.oldest is None else min(seq, self.oldest))

    @property
    def gaps(self) -> tuple[Range, ...]:
        """Ranges to ask for, oldest first: those before the first reading that is here, and between."""
        first = self.seen.oldest
        if first is None or self.oldest is None or self.oldest >= first:
            return self.seen.missing()
        return ((self.oldest, first - 1), *self.seen.missing())

    @property
    def received(self) -> int:
        """How many readings are here."""
        return len(self.seen) - len(self.absent)

    @property
    def missing(self) -> int:
        """How many readings are missing: gaps, and those that the station itself no longer has."""
        return sum(last - first + 1 for first, last in self.gaps) + len(self.absent)

    @property
    def completeness(self) -> float | None:
        """Share of readings that are here, 0..1, from the first one known to the newest."""
        total = self.received + self.missing
        return self.received / total if total else None

    def remember(self, mark: bytes) -> tuple[bytes, ...]:
        """The marks of recent frames with this one in front."""
        return (mark, *self.recent[: REMEMBERED_FRAMES - 1])


def pack_state(state: State) -> bytes:
    """A state as CBOR; keys are names, so that a later version can add some."""
    content = {field.name: getattr(state, field.name) for field in fields(state)}
    content["seen"] = state.seen.ranges
    content["absent"] = state.absent.ranges
    content["asked"] = asdict(state.asked) if state.asked else None
    return cbor2.dumps(content)


def unpack_state(data: bytes) -> State:
    """What `pack_state` wrote, by this version or an older one."""
    content = cbor2.loads(data)
    content["seen"] = Intervals(_pairs(content["seen"]))
    content["absent"] = Intervals(_pairs(content["absent"]))
    content["recent"] = tuple(content["recent"])
    content["asked"] = Asked(**content["asked"]) if content["asked"] else None
    return State(**content)


def _pairs(ranges: Iterable[Iterable[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in ranges)
