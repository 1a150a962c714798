"""One worker a sink: reads the journal from the sink's cursor, delivers, moves the cursor. Retries alone.

The cursor moves after the sink has everything for good, so a crash in between delivers again, and nothing is
lost.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence

from luftpegel_gateway.conditions.health import Health
from luftpegel_gateway.delivery.journal_thread import JournalThread
from luftpegel_gateway.ingest.process import Fault
from luftpegel_gateway.journal.sqlite.journal import Rejection, StoredFrame
from luftpegel_gateway.sinks import Sink, SinkDown

log = logging.getLogger("luftpegel.gateway")
LARGEST_BATCH = 500
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
LOOK_AGAIN_S = 2.0  # another process may have put something into the log (quarantine replay)


class Worker:
    """Carries the log to one sink."""

    def __init__(
        self, name: str, sink: Sink, journal: JournalThread, health: Health, news: asyncio.Event
    ) -> None:
        """`news` is set when the log has grown."""
        self.name = name
        self.sink = sink
        self._journal = journal
        self._health = health
        self._news = news
        self._cursor: int | None = None  # the last frame that the sink is done with

    async def run(self) -> None:
        """Deliver for ever. What fails is told, waited for, and tried again from the cursor."""
        await self.sink.start()
        wait = FIRST_WAIT_S
        while True:
            try:
                await self._step()
            except SinkDown as down:
                self._health.report(self.name, down.code, down.detail)
            except sqlite3.OperationalError as error:
                self._health.report(self.name, "LP-410", str(error))
            else:
                self._health.clear(self.name)
                wait = FIRST_WAIT_S
                continue
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)

    async def _step(self) -> None:
        """Deliver the next frames and move the cursor; wait for news when there are none."""
        self._news.clear()
        if self._cursor is None:
            self._cursor = await self._journal.call("cursor", self.name)
        frames: list[StoredFrame] = await self._journal.call("after", self._cursor, LARGEST_BATCH)
        if not frames:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), LOOK_AGAIN_S)
            return
        rejections = await self._deliver(frames)
        await self._journal.call("advance", self.name, frames[-1].id, rejections)
        self._cursor = frames[-1].id

    async def _deliver(self, frames: Sequence[StoredFrame]) -> list[Rejection]:
        """Hand frames to the sink. A frame that it stumbles over is found one by one, and refused alone."""
        try:
            return await self.sink.deliver(frames)
        except (SinkDown, sqlite3.OperationalError):
            raise
        except Exception as error:
            if len(frames) == 1:
                log.exception("%s failed on frame %d", self.name, frames[0].id)
                return [Rejection(frames[0].id, Fault("LP-423", f"{type(error).__name__}: {error}"))]
        return [rejection for frame in frames for rejection in await self._deliver([frame])]
