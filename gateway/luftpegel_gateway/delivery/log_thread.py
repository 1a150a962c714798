"""The journal's one thread: an engine blocks for as long as the disk takes, the event loop must not."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from luftpegel_gateway.journal.port import Log

Answer = TypeVar("Answer")


class LogThread:
    """Has the log work in a thread of its own, one call after the other."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def call(self, work: Callable[[Log], Answer]) -> Answer:
        """Run `work(log)` in the thread and await its answer; raises what it raises.

        Cancelling the wait does not stop the work: it ends before the next call, or before `close` returns.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._log)

    def close(self) -> None:
        """Finish what runs, then close the log."""
        self._thread.shutdown(wait=True)
        self._log.close()
