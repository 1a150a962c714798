"""One worker a sink: reads the log from the sink's cursor, delivers, moves the cursor. Retries alone.

The cursor moves after the sink has everything for good, so a crash in between delivers again, and nothing is
lost. A journal that cannot write (a full disk) is asked again for the cursor alone: else a platform that
knows no repeats would be told the same once a minute.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from luftpegel_gateway.delivery.backoff import Backoff
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.journal.port import Batch
from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.faults import Fault, JournalDown, OtherEndDown
from luftpegel_gateway.model.observations import Item, Observed, Rejection, Stranger
from luftpegel_gateway.sinks import Sink, SinkDown

log = logging.getLogger("luftpegel.gateway")
LARGEST_BATCH = 2000  # items read, held and delivered at a time
BUSY, GATHER_S = 100, 0.2  # so many items at a time: more are on their way, and together cost the sink less
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
LONGEST_ASKED_S = 900.0  # a platform that asks to be left alone for a day is tried sooner
BROKEN = "LP-423"  # the sink's code fails, not its other end


class Worker:
    """Carries the log to one sink."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        log_thread: LogThread,
        conditions: Conditions,
        news: asyncio.Event,
        *,
        revises: bool = True,
        raw: bool = False,
        largest: int = LARGEST_BATCH,
        tenant: str | None = "",
        clock: Callable[[], float] = time.time,
        backoff: Backoff | None = None,
    ) -> None:
        """`news` is set when the log has grown. `revises`: the sink takes corrections (its module's
        `REVISES`). `raw`: it takes other makers' frames (its `RAW`). `largest`: items offered at a time.
        `tenant`: whose items the sink gets, and no other's; None: everybody's. `clock`: our own, Unix
        seconds."""
        self.name = name
        self.sink = sink
        self._log = log_thread
        self._conditions = conditions
        self._news = news
        self._revises = revises
        self._raw = raw
        self._largest = largest
        self._tenant = tenant
        self._clock = clock
        self._backoff = backoff or Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._told: str | None = None  # the code of the sink's trouble; None: a process before may have told
        self._started = False
        self._delivered: tuple[Batch, Sequence[Rejection]] | None = None  # and the cursor is still before it

    async def run(self) -> None:
        """Deliver for ever. What fails is told, waited for, and tried again from the cursor."""
        while True:
            try:
                await self._step()
            except (OtherEndDown, JournalDown) as down:
                self._tell(down.code, down.detail)
                asked = down.wait_s if isinstance(down, OtherEndDown) else 0.0
            except Exception as error:
                log.exception("%s failed", self.name)
                self._tell(BROKEN, _words(error))
                asked = 0.0
            else:
                continue
            await asyncio.sleep(max(self._backoff.wait(), min(asked, LONGEST_ASKED_S)))

    async def _step(self) -> None:
        """Deliver the next items and move the cursor; wait for news when there are none."""
        if not self._started:
            if await self._log.call(lambda journal: journal.welcome(self.name)):
                log.info("%s is new, and gets the readings that are kept", self.name)
            await self.sink.start()
            self._started = True
        if self._delivered is not None:
            await self._advance(*self._delivered)
        self._news.clear()  # before looking: what comes from now on sets it again
        batch = await self._log.call(lambda journal: journal.after(self.name, self._largest))
        if batch is None:
            self._works()
            await self._news.wait()
            return
        rejections = await self._offer(self._wanted(batch))
        await self._advance(batch, rejections)
        self._works()
        if BUSY <= len(batch.items) < self._largest and not batch.history:
            await asyncio.sleep(GATHER_S)

    async def _advance(self, batch: Batch, rejections: Sequence[Rejection]) -> None:
        if not batch.history:  # history may be offered anew meanwhile, and then begins again
            self._delivered = batch, rejections
        now = int(self._clock())
        await self._log.call(lambda journal: journal.advance(self.name, batch.position, rejections, now))
        self._delivered = None

    def _wanted(self, batch: Batch) -> Sequence[Item]:
        return [item for item in batch.items if self._wants(item, history=batch.history)]

    def _wants(self, item: Item, *, history: bool) -> bool:
        """Its tenant's; a correction where it can be told. History is told once, as it is known by now."""
        if self._tenant is not None and item.ref.tenant != self._tenant:
            return False
        if isinstance(item, Stranger):
            return self._raw
        return self._revises or history or not (isinstance(item, Observed) and item.reading.revision)

    async def _offer(self, items: Sequence[Item]) -> list[Rejection]:
        """Hand items to the sink. One that it stumbles over is found by halves and refused alone.

        When it stumbles over each of them, it is the sink that is broken, and nothing is refused for it.
        """
        if not items:
            return []
        stumbled: list[Rejection] = []
        rejections = await self._halves(items, stumbled)
        if len(stumbled) == len(items):
            raise SinkDown(BROKEN, stumbled[0].fault.detail)
        return [*rejections, *stumbled]

    async def _halves(self, items: Sequence[Item], stumbled: list[Rejection]) -> list[Rejection]:
        """What the sink refused of them; what it stumbled over is added to `stumbled`."""
        try:
            return await self.sink.deliver(items)
        except OtherEndDown:
            raise
        except Exception as error:
            if len(items) == 1:
                log.exception("%s failed on one item", self.name)
                stumbled.append(Rejection(items[0], Fault(BROKEN, _words(error))))
                return []
        half = len(items) // 2
        return [*await self._halves(items[:half], stumbled), *await self._halves(items[half:], stumbled)]

    def _tell(self, code: str, detail: str) -> None:
        """The sink's one trouble is the present one."""
        self._over(code)
        self._conditions.report(self.name, code, detail)
        self._told = code

    def _works(self) -> None:
        """All of it worked: whatever was told of this sink is over."""
        self._over("")
        self._told = ""
        self._backoff.reset()

    def _over(self, code: str) -> None:
        """Clear what was told before, unless it is told again."""
        if self._told not in ("", code):
            self._conditions.clear(self.name, *filter(None, [self._told]))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
