"""The running gateway: one process, one event loop, and how its parts run together.

Concurrency, whole:
- The event loop (main thread) owns the intake's queue, the conditions, the sinks' workers, the page and the
  control socket.
- Each MQTT client has one network thread. It only hands over to the loop.
- The journal has one thread, which is the only one to write its file; each store has one; the page reads
  through a reader of its own in one more.
- Way of a frame: network thread -> intake's queue -> journal thread (decide, commit) -> loop (acknowledge,
  wake the workers) -> a worker reads the outbox -> sink -> cursor. A crash anywhere repeats work and loses
  none.
- A data folder belongs to one process: a lock on a file in it, which the system releases with the process.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

import msgspec

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.checks import explain, limits_for
from luftpegel_gateway.conditions.conditions import FILE as CONDITIONS_FILE
from luftpegel_gateway.conditions.conditions import Conditions
from luftpegel_gateway.config.files import ALL, Config
from luftpegel_gateway.config.files import Part as ConfiguredPart
from luftpegel_gateway.config.stations import read_stations
from luftpegel_gateway.control.handlers import Handlers, handlers
from luftpegel_gateway.control.lock import locked
from luftpegel_gateway.control.protocol import Told
from luftpegel_gateway.control.server import serving
from luftpegel_gateway.control.service_manager import ServiceManager
from luftpegel_gateway.delivery.intake import JOURNAL, Intake
from luftpegel_gateway.delivery.log_thread import LogThread
from luftpegel_gateway.delivery.worker import LARGEST_BATCH, Worker
from luftpegel_gateway.directory.directory import Directory
from luftpegel_gateway.directory.watch import watch
from luftpegel_gateway.ingest.decide import Decider
from luftpegel_gateway.journal.port import Budget, Budgets, Reader, StationKey
from luftpegel_gateway.journal.sqlite import to_version_1, version_2
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.journal.sqlite.watch import refuse_after_loss
from luftpegel_gateway.model.faults import CannotStart, JournalDown
from luftpegel_gateway.model.readings import Cell
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.page import Page
from luftpegel_gateway.page.server import serving as answering
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.sources.decoded import decoded
from luftpegel_gateway.views.verdict import DOES_NOT_STOP
from luftpegel_gateway.words.messages import language_of
from luftpegel_gateway.words.texts import stations_text, tell

log = logging.getLogger("luftpegel.gateway")
JOURNAL_FILE = "journal.sqlite"
RETENTION = "retention"
TIDY_EVERY_S = 60
TOLD_AS_IT_IS = ("LP-414", "LP-415", "LP-418")  # of what keeps the journal from being opened
CONTROL = "control"
STATIONS = "stations"  # the list, when it could not be read anew
MOST_FRAMES = 100_000_000
MOST_ENTRIES = 20_000  # in quarantine
MOST_NOTICES, MOST_NOTICES_MIB = 20_000, 16
Part = Callable[[], Coroutine[None, None, None]]


async def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP, or a change of the file, reads stations.toml anew.

    Raises CannotStart, or whatever ended a part that must not end.
    """
    loop = asyncio.get_running_loop()
    manager = ServiceManager.from_environment()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with locked(config.data):
        async with contextlib.AsyncExitStack() as stack:
            parts = await _start(config, stack, manager)
            tasks = {asyncio.create_task(part()) for part in parts}
            log.info("running: stations: %d, sinks: %d", len(config.stations), len(config.sinks))
            manager.ready(_running(config, len(config.stations)))
            try:
                await _first_of(tasks, stop)
            finally:
                manager.stopping()
                log.info("stopping")


def open_reader(config: Config) -> Reader:
    """A view on the journal, with or without a running gateway.

    CannotStart LP-331: there is none yet. JournalDown LP-414: there was one, which was removed.
    """
    path = config.data / JOURNAL_FILE
    refuse_after_loss(path)
    if not path.exists():
        raise CannotStart("LP-331", str(path))
    return SqliteReader(path)


def _reader_while_running(config: Config) -> Reader:
    """The page's reader: that there is no journal means another thing now. Raises JournalDown."""
    try:
        return open_reader(config)
    except CannotStart as missing:
        raise JournalDown("LP-414", f"{missing.detail} was removed") from missing


@contextlib.contextmanager
def alone(config: Config) -> Iterator[Handlers]:
    """What requests do while no gateway runs; the caller holds the folder's lock."""
    with contextlib.closing(LogThread(_open(config))) as journal:
        directory = _directory(config)
        decider = _decider(config, directory)
        reread = partial(_reread, config, directory)
        yield _handlers(config, directory, (journal, decider), reread, lambda: None)


def export(
    config: Config, to: Path, again: Sequence[str], release: str
) -> to_version_1.Exported | version_2.Exported:
    """Write the journal for a gateway of an earlier release.

    CannotStart: a gateway runs here, or there is no journal yet.
    """
    path = config.data / JOURNAL_FILE
    refuse_after_loss(path)
    if not path.exists():  # asked before the lock, which would make the folder
        raise CannotStart("LP-331", str(path))
    with locked(config.data):
        if release == version_2.RELEASE:
            return version_2.export(path, to)
        return to_version_1.export(path, to, [part.name for part in config.sinks], again)


async def _start(
    config: Config, stack: contextlib.AsyncExitStack, manager: ServiceManager
) -> list[Part]:
    """Build everything, from the sinks' end to the sources' end, and start the sources; `stack` stops it all.

    Returns what then has to run beside each other until the end.
    """
    vital = {JOURNAL, *(part.name for part in config.sources)}
    conditions = Conditions(
        config.data / CONDITIONS_FILE, stops=lambda who, code: who in vital and code not in DOES_NOT_STOP
    )
    directory = _directory(config)
    decider = _decider(config, directory)
    journal = LogThread(_open(config))
    stack.callback(journal.close)
    intake = Intake(journal, decider.decide, conditions, config.linger_s)
    parts: list[Part] = [intake.run, partial(_keep_tidy, config, journal, conditions)]
    parts.append(partial(manager.stay_alive, lambda: journal.call(lambda _: None)))
    for part in config.sinks:
        module = sinks.module_of(part.kind)
        sink = module.create(sinks.Context(part.name, part.options, config.data, directory.by_id))
        stack.push_async_callback(sink.stop)
        parts.append(_worker(part, module, sink, (journal, conditions, intake)).run)
    if config.page:
        page = _page(config, directory, conditions)
        stack.callback(page.close)
        parts.append(partial(_serve, *config.page, page))
    reread = partial(_reread_and_tell, config, directory, conditions)
    told = partial(_told, conditions)
    by_request = _handlers(config, directory, (journal, decider), reread, intake.wake, told=told)
    await _listen(config.data, by_request, conditions, stack)
    on_signal = partial(_reread_on_signal, config, reread, manager, directory)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, on_signal)
    parts.append(partial(watch, config.stations_file, on_signal))
    for part in config.sources:
        context = sources.Context(part.name, part.options, intake.deliver, conditions, config.data)
        source = sources.module_of(part.kind).create(context)
        stack.push_async_callback(asyncio.to_thread, source.stop)  # may wait for a dead host
        source.start()
    return parts


def _worker(
    part: ConfiguredPart,
    module: ModuleType,
    sink: sinks.Sink,
    around: tuple[LogThread, Conditions, Intake],
) -> Worker:
    journal, conditions, intake = around
    return Worker(
        part.name,
        sink,
        journal,
        conditions,
        intake.watch(),
        revises=module.REVISES,
        raw=getattr(module, "RAW", False),
        largest=getattr(module, "BATCH", LARGEST_BATCH),
        tenant=None if part.tenant == ALL else part.tenant,
    )


def _page(config: Config, directory: Directory, conditions: Conditions) -> Page:
    return Page(
        partial(_reader_while_running, config),
        directory,
        conditions,
        sinks=[part.name for part in config.sinks],
        vital=[JOURNAL, *(part.name for part in config.sources)],
        explain=_reasons,
    )


def _handlers(
    config: Config,
    directory: Directory,
    heart: tuple[LogThread, Decider],
    reread: Callable[[], int],
    changed: Callable[[], None],
    *,
    told: Callable[[], Sequence[Told]] = tuple,
) -> Handlers:
    """What requests do, with or without a running gateway."""
    journal, decider = heart
    return handlers(
        journal,
        decider.decide_again,
        reread,
        changed,
        conditions=told,
        known=partial(_known, directory),
        sinks=[part.name for part in config.sinks],
    )


def _directory(config: Config) -> Directory:
    return Directory(config.stations, {part.name: part.tenant for part in config.sources})


def _decider(config: Config, directory: Directory) -> Decider:
    filters = {part.name: source_filter.make(part.options, part.tenant) for part in config.sources}
    budget_us = int(config.downlink_s_per_hour * 1_000_000)
    parse = sources.Parsers((part.name, part.kind, part.options) for part in config.sources)
    return Decider(
        parse,
        directory.resolve,
        filters,
        directory.concerned,
        budget_us,
        decoded=decoded,
        tenant=directory.tenant,
    )


def _known(directory: Directory, key: StationKey) -> bool:
    """Whether stations.toml has a station whose readings have this name."""
    found = directory.by_id(key[1], key[0])
    return found is not None and found.id == key[1]


def _reasons(cell: Cell, station: Station, language: str) -> list[tuple[str, str]]:
    """Why the checks flag a value."""
    return explain(cell, limits_for(station), language)


def _reread(config: Config, directory: Directory) -> int:
    """Read stations.toml anew; how many there are. CannotStart with the first mistake: the old list stays."""
    stations, mistakes = read_stations(config.stations_file, config.tenants)
    if mistakes:
        raise CannotStart(mistakes[0].code, f"{mistakes[0].file}:{mistakes[0].line}")
    directory.reload(stations)
    log.info("stations read anew: %d", len(stations))
    return len(stations)


def _reread_and_tell(config: Config, directory: Directory, conditions: Conditions) -> int:
    """The same in the running gateway: a list that is wrong is a trouble until one is right."""
    try:
        number = _reread(config, directory)
    except CannotStart as refusal:
        conditions.report(STATIONS, "LP-335", str(refusal))
        raise
    conditions.clear(STATIONS)
    return number


def _running(config: Config, stations: int) -> str:
    """What `systemctl status` says, in the operator's language."""
    language = language_of(config.language)
    return tell("service_runs", language, stations_text(stations, language))


def _reread_on_signal(
    config: Config, reread: Callable[[], int], manager: ServiceManager, directory: Directory
) -> None:
    manager.reloading()
    try:
        reread()
    except CannotStart as refusal:
        log.error("stations not read anew: %s; `luftpegel gateway check` says what is wrong", refusal)
    manager.ready(_running(config, len(directory.stations)))


def _told(conditions: Conditions) -> list[Told]:
    return [Told(*msgspec.structs.astuple(condition)) for condition in conditions.current()]


async def _listen(
    folder: Path, by_request: Handlers, conditions: Conditions, stack: contextlib.AsyncExitStack
) -> None:
    """Take requests through the control socket; a folder that cannot hold one stops nothing else."""
    try:
        await stack.enter_async_context(serving(folder, by_request))
        conditions.clear(CONTROL)
    except OSError as error:
        conditions.report(CONTROL, "LP-332", str(error))


async def _keep_tidy(config: Config, journal: LogThread, conditions: Conditions) -> None:
    """Let old things leave the journal, a chunk at a time, so that intake never waits long."""
    names = [part.name for part in config.sinks]
    budgets = Budgets(
        frames=Budget(config.keep_days, config.keep_mib, MOST_FRAMES),
        quarantine=Budget(config.quarantine_days, config.quarantine_mib, MOST_ENTRIES),
        notices=Budget(config.keep_days, MOST_NOTICES_MIB, MOST_NOTICES),
    )
    while True:
        try:
            while await journal.call(lambda one: one.tidy(names, budgets, int(time.time()))):
                pass
            conditions.clear(RETENTION)
        except JournalDown as down:
            conditions.report(RETENTION, down.code, down.detail)
        await asyncio.sleep(TIDY_EVERY_S)


async def _serve(host: str, port: int, page: Page) -> None:
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(answering(host, port, page.answer))
        except OSError as error:
            raise CannotStart("LP-430", f"{host}:{port}: {error.strerror}") from error
        await asyncio.Event().wait()


def _open(config: Config) -> SqliteLog:
    try:
        return SqliteLog(config.data / JOURNAL_FILE)
    except JournalDown as down:
        code = down.code if down.code in TOLD_AS_IT_IS else "LP-412"
        raise CannotStart(code, f"{config.data / JOURNAL_FILE}: {down.detail}") from down


async def _first_of(tasks: set[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Wait for the signal to stop, or for the failure of a part; then end all parts."""
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in {*tasks, stopped}:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
