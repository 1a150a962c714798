"""Files in a folder: CSV, Parquet or ZRXP, one a day or month and station. docs/files.md has the columns.

A reading is there for good when it is in the sink's own SQLite file (`files_state.py`); files are made from
it, whole or not at all, a while later: at most every `write_every_s`, and never for more than a tenth of the
time. Each file that a late or corrected reading belongs to is made anew. What a crash interrupts is done at
the start.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from functools import partial
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from luftpegel_gateway.config.options import Option, Wrong, choice, path, whole
from luftpegel_gateway.model.observations import Item, Observed, Rejection
from luftpegel_gateway.sinks import Context, SinkDown, format_csv, format_parquet, format_zrxp
from luftpegel_gateway.sinks.atomic_file import part_of, replacing, sync_folder
from luftpegel_gateway.sinks.files_state import Key, State
from luftpegel_gateway.sinks.local_days import Days, without_summer_time, zone

log = logging.getLogger("luftpegel.gateway")
KIND = "files"
FORMATS: Mapping[str, ModuleType] = {"csv": format_csv, "parquet": format_parquet, "zrxp": format_zrxp}
OPTIONS = {
    "folder": Option(path),
    "format": Option(choice(*FORMATS), "csv"),
    "period": Option(choice("day", "month"), "day"),
    "stations": Option(choice("each", "all"), "each"),
    "timezone": Option(zone, ZoneInfo("UTC")),
    "decimal": Option(choice(".", ","), "."),
    "write_every_s": Option(whole(1, 86400), 60),
    "keep_days": Option(whole(1, 36500), None),
}
REVISES = True
Answer = TypeVar("Answer")
SHARE = 10  # writing takes at most one part in so many of the time
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0  # after files could not be written


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """A decimal comma is for CSV only."""
    if options["decimal"] == "," and options["format"] != "csv":
        yield "decimal", Wrong("LP-306", expected='"."', got='","')


def files(options: Mapping[str, Any], _name: str, _folder: Path) -> list[tuple[str, Path]]:
    """What nobody else may write: (key, path)."""
    return [("folder", options["folder"])]


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What keeps it from starting on this machine, told also where nothing is tried: (key, LP code)."""
    if options["format"] == "parquet" and not format_parquet.is_there():
        yield "format", format_parquet.MISSING


class Files:
    """The folder. Disk and SQLite are used in one thread; methods whose name ends in `_now` run there."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.time) -> None:
        """`clock`: our own, Unix seconds; only what `keep_days` leaves depends on it."""
        options = context.options
        self._context = context
        self._clock = clock
        self._folder: Path = options["folder"]
        self._format = FORMATS[options["format"]]
        self._by_channel = self._format is format_zrxp
        chosen = options["timezone"]
        self._zone: tzinfo = without_summer_time(chosen) if self._by_channel else chosen
        self._days = Days(self._zone, options["period"])
        self._each = options["stations"] == "each"
        self._every = float(options["write_every_s"])
        self._keep: int | None = options["keep_days"]
        self._layout = "/".join([options["format"], options["period"], options["stations"], str(chosen),
                                 options["decimal"]])  # fmt: skip
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files")
        self._state: State | None = None
        self._trouble: SinkDown | None = None
        self._news = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See `Sink`. Begins to write what an earlier process has left to write."""
        self._news.set()
        self._writing = asyncio.create_task(self._keep_writing())

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`. Alarms have no place in files of values."""
        if self._trouble is not None:
            await self._write()
        readings = [item for item in items if isinstance(item, Observed)]
        rejections = await self._in_thread(partial(self._take_now, readings))
        self._news.set()
        return rejections

    async def stop(self) -> None:
        """See `Sink`. Writes what is to be written; what cannot be is written after the next start."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            with contextlib.suppress(SinkDown):
                await self._write()
        await self._in_thread(self._close_now)
        self._thread.shutdown()

    async def _keep_writing(self) -> None:
        wait = FIRST_WAIT_S
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            try:
                await self._write()
            except SinkDown:
                self._news.set()
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                wait = FIRST_WAIT_S
                await asyncio.sleep(max(self._every, SHARE * (time.monotonic() - began)))

    async def _write(self) -> None:
        """Write all that is to be written, file by file, so that deliveries get in between. Raises
        SinkDown."""
        try:
            for key in await self._in_thread(lambda: self._open_now().dirty()):
                await self._in_thread(partial(self._make_now, key))
            await self._in_thread(self._prune_now)
        except SinkDown as down:
            self._trouble = down
            raise
        self._trouble = None

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        """What `work` answers. Raises SinkDown."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work)
        except (OSError, sqlite3.DatabaseError) as error:
            await loop.run_in_executor(self._thread, self._close_now)
            raise SinkDown("LP-424", f"{self._folder}: {error}") from error

    def _open_now(self) -> State:
        if self._state is None:
            file = self._context.folder / f"files-{self._context.name}.sqlite"
            self._state = State(file, self._days, self._layout, each=self._each)
        return self._state

    def _close_now(self) -> None:
        if self._state is not None:
            with contextlib.suppress(SinkDown):  # told before; now it ends
                self._keep_now()
        if self._state is not None:
            self._state.close()
            self._state = None

    def _keep_now(self) -> None:
        """See that what we write to is the file of this name; write it anew where somebody took it away.

        Raises SinkDown LP-555 where that cannot be done: then the open file is all that has the readings, and
        stays open.
        """
        if self._state is None:
            return
        where = str(self._context.folder / f"files-{self._context.name}.sqlite")
        try:
            lost = self._state.keep()
        except (OSError, sqlite3.Error) as error:
            raise SinkDown("LP-555", f"{where}: {error}") from error
        if lost:
            told = {"part": self._context.name, "code": "LP-556", "detail": f"{where}: {lost}"}
            log.warning("%s: %s %s", *told.values(), extra=told)
            self._state.close()
            self._state = None

    def _take_now(self, items: Sequence[Observed]) -> list[Rejection]:
        state = self._open_now()
        names = {}
        for tenant, station in {(item.ref.tenant, item.ref.station) for item in items}:
            if (known := self._context.station(station, tenant)) is not None:
                names[tenant, station] = known.name
        oldest = self._oldest(state)
        rejections = state.take(items, names, oldest, lambda key: not self._file_of(key).exists())
        self._keep_now()
        return rejections

    def _prune_now(self) -> None:
        state = self._open_now()
        for key in state.expired(self._oldest(state)):
            self._remove(self._file_of(key))
            state.forget(key)

    def _make_now(self, key: Key) -> None:
        """Make one file anew. One under its name that was not written from here is moved aside before."""
        state = self._open_now()
        file = self._file_of(key)
        if not state.is_ours(key):
            part_of(file).unlink(missing_ok=True)
            if file.exists():
                _move_aside(file)
            state.claim(key)
        rows = state.rows(key, by_channel=self._by_channel)
        first = next(rows, None)
        if first is None:  # its readings belong elsewhere by now
            self._remove(file)
        else:
            with replacing(file) as stream:
                self._format.write(stream, chain([first], rows), self._zone, self._context.options["decimal"])
        state.written(key)

    def _file_of(self, key: Key) -> Path:
        # An id has no @, so the file of one tenant's station is never another's ("a_b" beside "b" of "a").
        station = f"{key.tenant}@{key.station}" if key.tenant else key.station
        name = "_".join(filter(None, (key.part, station)))
        return self._folder / self._days.folder_of(key.part) / f"{name}{self._format.SUFFIX}"

    def _remove(self, file: Path) -> None:
        for found in (file, part_of(file)):
            found.unlink(missing_ok=True)
        if file.parent.is_dir():
            sync_folder(file.parent)
            with contextlib.suppress(OSError):  # not empty
                file.parent.rmdir()

    def _oldest(self, state: State) -> str:
        """The first part that is kept. Old is what both our clock and the readings' own times call old."""
        newest = state.newest()
        if self._keep is None or newest is None:
            return ""
        return self._days.part_of(max(0, min(int(self._clock()), newest) - 86400 * self._keep))


def _move_aside(file: Path) -> None:
    """Keep a stranger's file beside ours: `2026-11-26_LP-0001.old-1.csv`."""
    number = 1
    while (kept := file.with_name(f"{file.stem}.old-{number}{file.suffix}")).exists():
        number += 1
    file.rename(kept)
    sync_folder(file.parent)


def create(context: Context) -> Files:
    """The sink of one [[sink]] with kind "files". Raises CannotStart LP-337."""
    if context.options["format"] == "parquet":
        format_parquet.need()
    return Files(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Look whether the folder can be written, or made; changes nothing. CannotStart LP-337, SinkDown
    LP-424."""
    if options["format"] == "parquet":
        format_parquet.need()
    await asyncio.to_thread(_look, options["folder"], name)


def _look(folder: Path, name: str) -> None:
    try:
        there = next(part for part in (folder, *folder.absolute().parents) if part.exists())
        if not there.is_dir():
            raise NotADirectoryError(f"{there} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(f"{there} cannot be written")
    except OSError as error:
        raise SinkDown("LP-424", f"{name}: {folder}: {error}") from error
