"""The journal as the gateway sees it, whatever engine keeps it.

The way of a batch: the backend opens a transaction, hands `decide` a `Snapshot`, and writes the `Outcomes`
that come back; when `transact` returns they are on the disk. `decide` is pure, so an engine that finds a
conflict may call it again. Every method may raise `JournalDown`, which leaves nothing of the batch behind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from luftpegel_gateway.model.events import Delivery, Downlink, Notice
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import StationState

StationKey = tuple[str, str]  # tenant, station id
Position = object  # where a sink stands; only the backend knows what it says


class Snapshot(Protocol):
    """What is known before a batch. Readings always come in rising order of their numbers."""

    def state(self, key: StationKey) -> StationState:
        """The station's state; an empty one for a new station."""

    def newest(self, ref: Ref) -> Sequence[Reading]:
        """The newest few readings of a life, from memory."""

    def between(self, ref: Ref, first: int, last: int) -> Sequence[Reading]:
        """Known readings numbered first..last, absent ones among them."""

    def before(self, ref: Ref, seq: int, count: int) -> Sequence[Reading]:
        """The nearest known readings below `seq`."""

    def behind(self, ref: Ref, seq: int, count: int) -> Sequence[Reading]:
        """The nearest known readings above `seq`."""

    def around(self, key: StationKey, first: int, last: int) -> Sequence[tuple[int, Reading]]:
        """Readings of a station with times first..last (Unix seconds), each with its life.

        Looks at the newest month or so: what is older comes too late to be anybody's neighbour.
        """

    def airtime(self) -> Mapping[str, tuple[int, int]]:
        """Downlink airtime spent: radio gateway -> (hour since 1970 by our clock, microseconds)."""


class Outcome(msgspec.Struct):
    """What becomes of one delivery.

    `keep`: the message belongs into the log. `passed`: it is nothing for us, and counted under this reason.
    `faults`: why it, or a part of it, goes into quarantine. `held_by`: the radio gateway whose budget of
    downlinks holds a request back. `tenant`: whose source it came from.
    """

    keep: bool = False
    key: StationKey | None = None
    dev_eui: str = ""
    received_at: int | None = None  # microseconds, estimated
    faults: tuple[Fault, ...] = ()
    notice: Notice | None = None
    downlink: Downlink | None = None
    passed: str = ""
    held_by: str | None = None
    tenant: str = ""


class Outcomes(msgspec.Struct):
    """All that a batch changes: what became of each delivery (in their order), and what is known now."""

    each: list[Outcome]
    states: dict[StationKey, StationState]
    readings: dict[tuple[Ref, int], Reading]
    items: list[Item]
    airtime: dict[str, tuple[int, int]] = {}


Decide = Callable[[Sequence[Delivery], Snapshot, int], Outcomes]


class Batch(msgspec.Struct, frozen=True):
    """Items for a sink in order, and the position that it reaches when it has them all.

    `history`: they are offered again, or for the first time to a new sink, as they are known by now. There
    may be none in it: a part of the journal with nothing for this sink.
    """

    items: Sequence[Item]
    position: Position
    history: bool = False


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """Which kept readings a sink is to get: measured since..until (Unix seconds), of these stations.

    None: without a bound; without any, those without a time are meant, too. No stations: all of them.
    """

    since: int | None = None
    until: int | None = None
    stations: tuple[StationKey, ...] = ()

    def holds(self, key: StationKey, time: int | None) -> bool:
        """Whether a reading of this station and time is meant."""
        if self.stations and key not in self.stations:
            return False
        if time is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= time) and (self.until is None or time <= self.until)

    def joined(self, other: "Offer") -> "Offer":
        """What holds all that either does, and maybe more."""
        return Offer(
            None if self.since is None or other.since is None else min(self.since, other.since),
            None if self.until is None or other.until is None else max(self.until, other.until),
            tuple(sorted({*self.stations, *other.stations})) if self.stations and other.stations else (),
        )


class Budget(msgspec.Struct, frozen=True):
    """How much a store of the journal may hold; each bound alone suffices to let the oldest leave."""

    days: int
    mib: int
    count: int


class Budgets(msgspec.Struct, frozen=True):
    """Bounds of everything that is kept. Waiting items have none: nothing undelivered ever leaves."""

    frames: Budget = Budget(31, 4096, 100_000_000)
    quarantine: Budget = Budget(400, 64, 20_000)
    notices: Budget = Budget(31, 16, 20_000)


class Log(Protocol):
    """The writing side. One owner calls it, from one thread at a time."""

    def transact(self, deliveries: Sequence[Delivery], decide: Decide, now: int) -> list[Downlink | None]:
        """Decide and write a batch in one commit; returns the command that answers each delivery."""

    def after(self, sink: str, limit: int) -> Batch | None:
        """The next items of a sink, at most `limit` of them, or None when it has everything.

        What is new goes first; what was offered follows when nothing new waits.
        """

    def offer(self, sink: str, wanted: Offer) -> None:
        """Have a sink get these readings, whether or not it had them; beside what it is offered already."""

    def welcome(self, sink: str) -> bool:
        """This sink is at work from now on; if it is new, or has missed something while it was not, it is
        offered all that is kept. Whether it is."""

    def advance(self, sink: str, to: Position, refused: Sequence[Rejection], now: int) -> None:
        """The sink is done with all up to `to`; what it refused for good goes into quarantine."""

    def replay(self, entry: int, decide: Decide, now: int) -> Fault | None:
        """Take a quarantined message through the gateway again; what is still wrong, or None.

        What a sink had refused is offered to every sink again; they know it by name. KeyError: no such entry.
        """

    def discard(self, entries: Iterable[int]) -> int:
        """Remove these from quarantine for good; returns how many were there."""

    def tidy(self, sinks: Sequence[str], budgets: Budgets, now: int) -> bool:
        """Let a chunk of what may leave go; True when there may be more."""

    def close(self) -> None:
        """Close; nothing is lost without it."""


class Entry(msgspec.Struct, frozen=True):
    """One thing in quarantine. Times: Unix seconds of our clock; `sink` is "" when the gateway refused it.

    `payload` is what came in, or its head when `size` says that there was more.
    """

    id: int
    code: str
    detail: str
    sink: str
    times: int
    first_at: int
    last_at: int
    resolved_at: int | None
    dev_eui: str
    station: str
    source: str
    kind: str
    topic: str
    payload: bytes
    size: int
    tenant: str = ""


class Group(msgspec.Struct, frozen=True):
    """Entries of the quarantine with one code, sink, tenant and device. `bytes`: of their messages.

    `times`: how often they came in all. `newest`: the entry that came last. Times: Unix seconds, our clock.
    """

    code: str
    sink: str
    dev_eui: str
    station: str
    entries: int
    times: int
    bytes: int
    first_at: int
    last_at: int
    newest: int
    tenant: str = ""


class Account(msgspec.Struct, frozen=True):
    """Where messages are. `frames` ever taken; by sink: items waiting, and since when (Unix s, our clock).

    `passed`: what was nothing for us, by reason. `discarded`: quarantine entries that left by budget.
    `held_at`: when a request was last held back because `held_by`, a radio gateway, may send no more this
    hour. `offered`: sinks that are getting history.
    """

    frames: int
    quarantined: int
    waiting: Mapping[str, int]
    waiting_since: Mapping[str, int | None]
    passed: Mapping[str, int]
    discarded: int = 0
    held_at: int | None = None
    held_by: str = ""
    offered: tuple[str, ...] = ()


class Reader(Protocol):
    """The reading side, for pages and tools; may be used beside the writer, also from another process."""

    def states(self) -> Mapping[StationKey, StationState]:
        """The state of every station that was ever heard."""

    def history(self, key: StationKey, count: int) -> Sequence[tuple[int, Reading]]:
        """The last readings of a station over all its lives, with the number of their life, absent ones left
        out; newest first by time, those without a time last."""

    def kept(self, wanted: Offer) -> Mapping[StationKey, int]:
        """How many readings of each station an offer would hold."""

    def notices(self, dev_eui: str, count: int, tenant: str = "") -> Sequence[tuple[int, str, str]]:
        """What a tenant's network server logged of a device, newest first: when, code, text."""

    def quarantine(
        self,
        *,
        code: str | None = None,
        dev_eui: str | None = None,
        station: StationKey | None = None,
        resolved: bool = False,
        limit: int = 1000,
    ) -> Sequence[Entry]:
        """The newest `limit` entries, oldest first."""

    def groups(
        self, *, code: str | None = None, dev_eui: str | None = None, station: StationKey | None = None
    ) -> Sequence[Group]:
        """What is in quarantine (nothing resolved), counted without reading a message; by last_at."""

    def numbers(
        self,
        *,
        code: str | None = None,
        dev_eui: str | None = None,
        station: StationKey | None = None,
        before: int | None = None,
    ) -> Sequence[tuple[int, int]]:
        """(entry, bytes of its message) of all that is not resolved; `before`: last seen before then."""

    def entry(self, number: int) -> Entry | None:
        """One entry of the quarantine."""

    def messages(self, since: int | None = None, until: int | None = None) -> Iterator[tuple[Delivery, int]]:
        """Every message that is still in the log, oldest first, with the moment when it came (Unix s, our
        clock). `since`, `until`: what lies outside may be left out. It streams."""

    def account(self, sinks: Sequence[str]) -> Account:
        """Count everything."""

    def close(self) -> None:
        """Close."""
