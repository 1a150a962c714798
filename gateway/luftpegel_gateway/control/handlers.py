"""What each request does. The same for the running gateway and for a command that holds the folder alone."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from luftpegel_gateway.control.protocol import (
    Answer,
    Cancel,
    Conditions,
    Discard,
    OfferAgain,
    Outcome,
    Reload,
    Replay,
    Request,
    Send,
    Told,
)
from luftpegel_gateway.downlinks import commands
from luftpegel_gateway.journal.port import Decide, Log, Offer, Outcomes, Snapshot, StationKey
from luftpegel_gateway.model.faults import CannotStart, Fault, JournalDown

LONGEST_DETAIL = 300  # characters of an outcome, so that an answer is bounded
Handler = Callable[[Any], Awaitable[Answer]]
Handlers = Mapping[type[Request], Handler]


T = TypeVar("T")


class Journal(Protocol):
    """The journal's writing side, wherever it runs."""

    async def call(self, work: Callable[[Log], T]) -> T:
        """Run `work(log)` and await its answer."""


def handlers(
    journal: Journal,
    decide: Decide,
    reread: Callable[[], int],
    changed: Callable[[], None],
    *,
    conditions: Callable[[], Iterable[Told]] = tuple,
    known: Callable[[StationKey], bool] = lambda _key: False,
    sinks: Collection[str] = (),
    clock: Callable[[], float] = time.time,
) -> Handlers:
    """What does each kind of request.

    `reread` reads stations.toml anew and answers how many stations there are now; CannotStart: it is wrong,
    and the old list stays. `changed` is called when the log may have grown: it wakes the sinks' workers.
    `conditions`: what is wrong now. `known`: whether stations.toml has a station. `sinks`: by name.
    """

    async def replay(request: Replay) -> Answer:
        try:
            outcomes = [await _replay_one(journal, number, decide, int(clock())) for number in request.ids]
        finally:
            changed()
        return Answer(outcomes=tuple(outcomes))

    async def discard(request: Discard) -> Answer:
        return Answer(discarded=await journal.call(lambda log: log.discard(request.ids)))

    async def reload(_request: Reload) -> Answer:
        return Answer(stations=reread())

    async def wrong(_request: Conditions) -> Answer:
        return Answer(conditions=tuple(conditions()))

    async def send(request: Send) -> Answer:
        key = (request.tenant, request.station)
        if not known(key):
            raise CannotStart("LP-270", request.station)
        if found := commands.wrong(request.settings):
            raise CannotStart("LP-271", found)
        return Answer(token=await journal.call(lambda log: _queue(log, key, request, int(clock()))))

    async def cancel(request: Cancel) -> Answer:
        key = (request.tenant, request.station)
        await journal.call(lambda log: _cancel(log, key, request.token, int(clock())))
        return Answer()

    async def offer(request: OfferAgain) -> Answer:
        if request.sink not in sinks:
            raise CannotStart("LP-334", request.sink)
        wanted = Offer(request.since, request.until, request.stations)
        await journal.call(lambda log: log.offer(request.sink, wanted))
        changed()
        return Answer()

    return {
        Replay: replay,
        Discard: discard,
        Reload: reload,
        Conditions: wrong,
        Send: send,
        Cancel: cancel,
        OfferAgain: offer,
    }


def _queue(log: Log, key: StationKey, request: Send, now: int) -> int:
    """Queue a command in the station's state; its token. CannotStart LP-272: too many wait."""
    given: list[int] = []

    def decide(_deliveries: object, snapshot: Snapshot, _now: int) -> Outcomes:
        state = snapshot.state(key)
        if len(commands.waiting(state.commands)) >= commands.MOST_WAITING:
            raise CannotStart("LP-272", f"{request.station}: {commands.MOST_WAITING}")
        heard = state.link.heard_at
        network = None if heard is None else heard // 1_000_000
        queued = commands.add(state.commands, request.settings, now, request.expires_s, network)
        given.append(queued[-1].token)
        return Outcomes([], {key: msgspec.structs.replace(state, commands=queued)}, {}, [])

    log.transact([], decide, now)
    return given[-1]


def _cancel(log: Log, key: StationKey, token: int, now: int) -> None:
    """Take a command back. CannotStart LP-273: none of this token waits."""

    def decide(_deliveries: object, snapshot: Snapshot, _now: int) -> Outcomes:
        state = snapshot.state(key)
        left = commands.cancelled(state.commands, token, now)
        if left is None:
            raise CannotStart("LP-273", f"{key[1]}: {token}")
        return Outcomes([], {key: msgspec.structs.replace(state, commands=left)}, {}, [])

    log.transact([], decide, now)


async def _replay_one(journal: Journal, number: int, decide: Decide, now: int) -> Outcome:
    try:
        fault = await journal.call(lambda log: log.replay(number, decide, now))
    except KeyError:
        return Outcome(number, "LP-330", str(number))
    return Outcome(number) if fault is None else Outcome(number, fault.code, fault.detail[:LONGEST_DETAIL])


async def handle(request: Request, by_type: Handlers) -> Answer:
    """The answer to a request; what keeps it from being done is an answer, too."""
    try:
        return await by_type[type(request)](request)
    except (CannotStart, JournalDown) as error:
        return Answer(error=Fault(error.code, error.detail))
