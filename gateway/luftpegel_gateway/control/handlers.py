"""What each request does. The same for the running gateway and for a command that holds the folder alone."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from luftpegel_gateway.control.protocol import (
    Answer,
    Conditions,
    Discard,
    Outcome,
    Reload,
    Replay,
    Request,
    Told,
)
from luftpegel_gateway.journal.port import Decide, Log
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
    clock: Callable[[], float] = time.time,
) -> Handlers:
    """What does each kind of request.

    `reread` reads stations.toml anew and answers how many stations there are now; CannotStart: it is wrong,
    and the old list stays. `changed` is called when the log may have grown: it wakes the sinks' workers.
    `conditions`: what is wrong now.
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

    return {Replay: replay, Discard: discard, Reload: reload, Conditions: wrong}


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
