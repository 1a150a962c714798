"""Intake: gathers arrivals for a moment, has the journal take them in one commit, then acknowledges them.

Nothing is dropped here. While the journal takes nothing (a full disk), the batch is held and tried again;
upstream then stops by itself, for a broker sends no more than the receive maximum without an acknowledgement.
Whoever sends without waiting for one (QoS 0) meets the bound on bytes held.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from luftpegel_gateway.delivery.backoff import Backoff
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.journal.port import Decide, Outcome, Outcomes, Snapshot
from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink, Upstream
from luftpegel_gateway.model.faults import Fault, JournalDown

log = logging.getLogger("luftpegel.gateway")
JOURNAL = "journal"
INTAKE = "intake"
LARGEST_BATCH = 250  # each frame may bring dozens of readings, and all of a batch are held at once
LARGEST_BATCH_BYTES = 4 << 20
LARGEST_HELD_BYTES = 64 << 20
OVERHEAD = 500  # bytes of an arrival beside topic and payload
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0

Taken = tuple[Arrival, Downlink | None]


class Intake:
    """The one queue between sources and journal. All of it runs on the event loop."""

    def __init__(
        self,
        log_thread: LogThread,
        decide: Decide,
        conditions: Conditions,
        linger_s: float,
        *,
        clock: Callable[[], float] = time.time,
        largest_held: int = LARGEST_HELD_BYTES,
    ) -> None:
        """`linger_s`: how long to wait for more after the first arrival. `clock`: our own, Unix seconds.
        `largest_held`: bytes that may wait for the journal."""
        self._log = log_thread
        self._decide = decide
        self._conditions = conditions
        self._linger_s = linger_s
        self._clock = clock
        self._largest_held = largest_held
        self._queue: deque[Arrival] = deque()
        self._news = asyncio.Event()
        self._watchers: list[asyncio.Event] = []
        self._full = False
        self._told: str | None = None  # the code of the journal's trouble; None: unknown yet
        self.held = 0  # bytes that wait, those of the batch at work among them

    def deliver(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Called by sources. Returns what there is no room for, nearly always nothing.

        What is returned was not taken and is not acknowledged: the source has its upstream send it again
        later, by a new connection.
        """
        for place, arrival in enumerate(arrivals):
            size = _size(arrival)
            if self.held + size > self._largest_held and self.held:
                self._full = True
                self._conditions.report(INTAKE, "LP-416", f"{self.held} bytes wait")
                return arrivals[place:]
            self.held += size
            self._queue.append(arrival)
            self._news.set()
        return ()

    def watch(self) -> asyncio.Event:
        """An event that is set after every commit; the watcher clears it."""
        event = asyncio.Event()
        self._watchers.append(event)
        return event

    def wake(self) -> None:
        """Wake the watchers: the log has grown (also called after a replay)."""
        for watcher in self._watchers:
            watcher.set()

    async def run(self) -> None:
        """Take batches for ever. Cancelled at the end: what is not acknowledged comes again."""
        while True:
            batch = await self._gather()
            taken = await self._take(batch)
            self._finish(batch, taken)

    async def _gather(self) -> list[Arrival]:
        """One arrival and what else comes within the linger, up to the largest batch."""
        while not self._queue:
            self._news.clear()
            await self._news.wait()
        if len(self._queue) < LARGEST_BATCH:
            await asyncio.sleep(self._linger_s)
        batch = [self._queue.popleft()]
        size = _size(batch[0])
        while self._queue and len(batch) < LARGEST_BATCH:
            size += _size(self._queue[0])
            if size > LARGEST_BATCH_BYTES:
                break
            batch.append(self._queue.popleft())
        return batch

    async def _take(self, batch: Sequence[Arrival]) -> list[Taken]:
        """Have all of a batch on the disk. One that nothing can be done with is found and refused alone."""
        try:
            answers = await self._commit(batch, self._decide)
        except Exception as error:
            if len(batch) == 1:
                return await self._refuse(batch[0], error)
            log.error("a batch of %d failed (%r); looking for the one at fault", len(batch), error)
        else:
            return list(zip(batch, answers, strict=True))
        half = len(batch) // 2
        return [*await self._take(batch[:half]), *await self._take(batch[half:])]

    async def _refuse(self, arrival: Arrival, error: Exception) -> list[Taken]:
        """Put it into quarantine. What cannot even lie there stays with its upstream, unacknowledged."""
        detail = f"{type(error).__name__}: {error}"
        log.error("failed on a message with topic %r", arrival.delivery.topic, exc_info=error)
        try:
            await self._commit([arrival], partial(refuse_all, Fault("LP-254", detail)))
        except Exception:
            log.exception("cannot be put into quarantine: topic %r", arrival.delivery.topic)
            self._conditions.report(INTAKE, "LP-254", detail)
            return []
        return [(arrival, None)]

    async def _commit(self, batch: Sequence[Arrival], decide: Decide) -> list[Downlink | None]:
        """Try until it is on the disk; raises what is not JournalDown."""
        deliveries = [arrival.delivery for arrival in batch]
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while True:
            now = int(self._clock())
            try:
                answers = await self._log.call(lambda journal: journal.transact(deliveries, decide, now))  # noqa: B023
            except JournalDown as down:
                self._trouble(down.code, down.detail)
                await asyncio.sleep(backoff.wait())
            else:
                self._trouble("", "")
                return answers

    def _trouble(self, code: str, detail: str) -> None:
        """The journal's one trouble is the present one, or none; at first it is not known."""
        if self._told not in ("", code):
            self._conditions.clear(JOURNAL, *filter(None, [self._told]))
        if code:
            self._conditions.report(JOURNAL, code, detail)
        self._told = code

    def _finish(self, batch: Sequence[Arrival], taken: Sequence[Taken]) -> None:
        """After the commit: acknowledge, wake the workers, answer."""
        self.held -= sum(_size(arrival) for arrival in batch)
        if self._full and not self._queue:
            self._full = False
            self._conditions.clear(INTAKE, "LP-416")
        for upstream, tokens in _by_upstream(taken):
            self._safely(lambda: upstream.acknowledge(tokens))  # noqa: B023 - called at once
        self.wake()
        for arrival, answer in taken:
            if answer is not None and arrival.upstream is not None:
                self._safely(partial(arrival.upstream.answer, answer))

    def _safely(self, call: Callable[[], None]) -> None:
        """An upstream that fails has its message sent again; it must not stop the others."""
        try:
            call()
        except Exception:
            log.exception("an upstream failed after the commit")


def refuse_all(
    fault: Fault, deliveries: Sequence[Delivery], _snapshot: Snapshot, _now: int
) -> Outcomes:
    """Decide that all of a batch goes into quarantine, whatever it is."""
    return Outcomes([Outcome(faults=(fault,)) for _ in deliveries], states={}, readings={}, items=[])


def _by_upstream(taken: Sequence[Taken]) -> list[tuple[Upstream, list[object]]]:
    """The tokens of each upstream, in order of arrival."""
    found: dict[int, tuple[Upstream, list[object]]] = {}
    for arrival, _ in taken:
        if arrival.upstream is not None:
            _, tokens = found.setdefault(id(arrival.upstream), (arrival.upstream, []))
            tokens.append(arrival.token)
    return list(found.values())


def _size(arrival: Arrival) -> int:
    delivery = arrival.delivery
    return len(delivery.payload) + len(delivery.topic) + OVERHEAD
