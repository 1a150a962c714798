"""The journal's one thread: SQLite blocks for as long as the disk takes, the event loop must not."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from luftpegel_gateway.journal.sqlite.journal import Journal


class JournalThread:
    """Calls the journal's methods one after the other in a thread of its own."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def call(self, method: str, *arguments: Any) -> Any:
        """Run `journal.<method>(*arguments)` in the thread and await its answer."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, getattr(self._journal, method), *arguments)

    def close(self) -> None:
        """Finish what runs, then close the file."""
        self._thread.shutdown(wait=True)
        self._journal.close()
