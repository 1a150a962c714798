"""The running gateway: one process, one event loop, and how its parts run together.

Concurrency, whole:
- The event loop (main thread) owns the intake's queue, the health list, the sinks' workers and the page.
- Each MQTT client has paho's one network thread. Its callbacks only hand over to the loop.
- The journal has one thread, which is the only one to write its file; each store has one; the page reads
  through connections of its own in one more. No lock is shared but one in the source (which connection is
  acknowledged).
- Way of a frame: network thread -> intake queue -> journal thread (decode, check, commit) -> loop
  (acknowledge, wake the workers) -> a worker reads the log -> sink -> cursor. A crash anywhere repeats work
  and loses none.
- A data folder belongs to one process: a lock on a file in it, which the system releases with the process.
"""

import asyncio
import contextlib
import fcntl
import logging
import signal
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.conditions.health import CannotStart, Health
from luftpegel_gateway.config.files import Config
from luftpegel_gateway.delivery.intake import PART as INTAKE
from luftpegel_gateway.delivery.intake import Intake
from luftpegel_gateway.delivery.journal_thread import JournalThread
from luftpegel_gateway.delivery.worker import Worker
from luftpegel_gateway.journal.sqlite.journal import Journal
from luftpegel_gateway.page.page import Page
from luftpegel_gateway.page.server import serve

log = logging.getLogger("luftpegel.gateway")
JOURNAL_FILE = "journal.sqlite"
LOCK_FILE = "lock"
TIDY_EVERY_S = 600
Part = Callable[[], Coroutine[None, None, None]]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder; raises CannotStart when another gateway does, or when it cannot be written."""
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((folder / LOCK_FILE).open("w"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotStart("LP-412", f"{folder}: {error.strerror}") from error
        yield


async def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT. Raises CannotStart, or whatever ended a part that must not end."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with locked(config.data):
        async with contextlib.AsyncExitStack() as stack:
            tasks = {asyncio.create_task(part()) for part in _start(config, stack)}
            log.info("running: %d stations, %d sinks", len(config.stations), len(config.sinks))
            await _first_of(tasks, stop)
            log.info("stopping")


async def _first_of(tasks: set[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait for the signal to stop, or for the failure of a part; then end all parts."""
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in {*tasks, stopped}:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _start(config: Config, stack: contextlib.AsyncExitStack) -> list[Part]:
    """Build everything, from the sinks' end to the sources' end, and start the sources; `stack` stops it all.

    Returns what then has to run beside each other until the end.
    """
    health = Health()
    journal = JournalThread(_open(config))
    stack.callback(journal.close)
    intake = Intake(lambda batch: journal.call("take", batch), health, config.linger_s)
    parts: list[Part] = [intake.run, partial(_keep_tidy, config, journal, health)]
    for part in config.sinks:
        sink = sinks.module_of(part.kind).create(part.name, part.options, config.data)
        stack.push_async_callback(sink.stop)
        parts.append(Worker(part.name, sink, journal, health, intake.watch()).run)
    if config.page:
        names = [part.name for part in config.sinks]
        vital = [INTAKE, *(part.name for part in config.sources)]
        page = Page(config.data / JOURNAL_FILE, config.stations, names, vital, health)
        stack.callback(page.close)
        parts.append(partial(_serve, *config.page, page))
    for part in config.sources:
        source = sources.module_of(part.kind).create(part.name, part.options, intake.deliver, health)
        stack.callback(source.stop)
        source.start()
    return parts


async def _keep_tidy(config: Config, journal: JournalThread, health: Health) -> None:
    """Let old frames leave the journal, a chunk at a time, so that intake never waits long."""
    names = [part.name for part in config.sinks]
    while True:
        try:
            while await journal.call("tidy", names, config.keep_days, config.keep_mib):
                pass
            health.clear("retention")
        except sqlite3.OperationalError as error:
            health.report("retention", "LP-410", str(error))
        await asyncio.sleep(TIDY_EVERY_S)


async def _serve(host: str, port: int, page: Page) -> None:
    try:
        server = await serve(host, port, page.answer)
    except OSError as error:
        raise CannotStart("LP-430", f"{host}:{port}: {error.strerror}") from error
    async with server:
        await server.serve_forever()


def _open(config: Config) -> Journal:
    try:
        return Journal(config.data / JOURNAL_FILE, config.stations)
    except sqlite3.Error as error:
        raise CannotStart("LP-412", f"{config.data / JOURNAL_FILE}: {error}") from error
