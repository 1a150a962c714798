"""A real journal, a real worker and one sink, in processes that die: it forks one at each line that it reads,
{"kind", "folder", "options", "ends"}, tells its number, and how it ended. Forked from here, a life costs no
imports. `ends`: it ends when all is delivered; else it waits for its death.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from luftpegel_gateway import sinks
from luftpegel_gateway.delivery.backoff import Backoff
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.delivery.worker import Worker
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.model.station import Station

STATION = Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "level", latitude=50.1, longitude=8.6)
LARGEST = 40  # items at a time, so that there is much to die in


class Quiet:
    """Conditions that nobody reads."""

    def report(self, *_):
        pass

    def clear(self, *_):
        pass


async def live(kind, folder, options, ends):
    """Deliver."""
    module = sinks.module_of(kind)
    folder = Path(folder)
    sink = module.create(sinks.Context(kind, options, folder, lambda _id, _tenant: STATION))
    thread = LogThread(SqliteLog(folder / "journal.sqlite"))
    news = asyncio.Event()
    worker = Worker(
        kind,
        sink,
        thread,
        Quiet(),
        news,
        largest=LARGEST,
        backoff=Backoff(0.005, 0.02),
        revises=module.REVISES,
    )
    task = asyncio.create_task(worker.run())
    while not ends or await thread.call(lambda log: log.after(kind, 1)) is not None:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await sink.stop()
    thread.close()


def main():
    for kind in ("ngsi-ld", "webhook", "influxdb", "sensorthings"):
        sinks.module_of(kind)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            asyncio.run(live(**order))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


main()
