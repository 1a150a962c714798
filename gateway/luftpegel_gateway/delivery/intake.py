"""Intake: gathers deliveries for a moment, has the journal take them in one commit, then acknowledges them.

Nothing is dropped here. While the journal cannot write (a full disk), the batch is held and tried again;
upstream then stops by itself, for the broker sends no more than the receive maximum without an
acknowledgement.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.model.events import Delivery, Downlink

PART = "journal"
LARGEST_BATCH = 500
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0

Take = Callable[[Sequence[Delivery]], Awaitable[list[Downlink | None]]]


class Intake:
    """The one queue between sources and journal. All of it runs on the event loop."""

    def __init__(self, take: Take, health: Health, linger_s: float) -> None:
        """`take` is the journal's, run in its thread."""
        self._take = take
        self._health = health
        self._linger_s = linger_s
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()
        self._watchers: list[asyncio.Event] = []

    def deliver(self, delivery: Delivery) -> None:
        """Called by sources. Bounded by what the source leaves unacknowledged."""
        self._queue.put_nowait(delivery)

    def watch(self) -> asyncio.Event:
        """An event that is set after every commit; the watcher clears it."""
        event = asyncio.Event()
        self._watchers.append(event)
        return event

    async def run(self) -> None:
        """Take batches for ever. Cancelled at the end: what is not acknowledged comes again."""
        while True:
            batch = await self._gather()
            answers = await self._commit(batch)
            for delivery in batch:
                delivery.acknowledge()
            for watcher in self._watchers:
                watcher.set()
            for delivery, answer in zip(batch, answers, strict=True):
                if answer is not None:
                    delivery.answer(answer)

    async def _gather(self) -> list[Delivery]:
        """One delivery and what else comes within the linger: a commit costs the same for a hundred."""
        batch = [await self._queue.get()]
        if self._queue.qsize() < LARGEST_BATCH:
            await asyncio.sleep(self._linger_s)
        while len(batch) < LARGEST_BATCH and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    async def _commit(self, batch: Sequence[Delivery]) -> list[Downlink | None]:
        """Try until it is on the disk."""
        wait = FIRST_WAIT_S
        while True:
            try:
                answers = await self._take(batch)
            except sqlite3.OperationalError as error:
                self._health.report(PART, "LP-410", str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                self._health.clear(PART)
                return answers
