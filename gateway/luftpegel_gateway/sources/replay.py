"""A recording that is played as if it came today: at its own speed, faster, or as fast as the disk takes it.

For trying out limits, a new sink, a new version. Readings are marked as recorded, stations are not heard by
it, and nothing goes back to any. Killed, it goes on where the journal has it all.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from luftpegel_gateway.config.options import Option, file, number
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.sources import Context
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.sources.recording import KIND, LARGEST_LINE, moment_of, parse
from luftpegel_gateway.sources.replay_position import Done, Position, PositionFile, head_of

__all__ = ["KIND", "OPTIONS", "create", "parse", "probe"]

OPTIONS = {
    **source_filter.OPTIONS,
    "file": Option(file),
    "speed": Option(number(0, 1_000_000), 1.0),
}
UNREADABLE = "LP-533"
MOST_WAITING = 500  # lines on their way to the disk
LONGEST_WAIT_S = 3600.0  # between two lines; a longer gap is jumped over, and so is a time that cannot be
WRITE_EVERY_S = 0.25  # the position: so much is played again after a crash, and known
AGAIN_S = 5.0
log = logging.getLogger("luftpegel.gateway")


async def probe(options: Mapping[str, Any], name: str) -> Probed:  # noqa: ARG001
    """Whether the recording can be read. Raises OtherEndDown."""
    try:
        with options["file"].open("rb") as stream:
            first = stream.readline(LARGEST_LINE)
    except OSError as error:
        raise OtherEndDown(UNREADABLE, f"{options['file']}: {error.strerror}") from error
    if moment_of(first.rstrip(b"\r\n")) is None:
        raise OtherEndDown(UNREADABLE, f"{options['file']}: its first line is none of a recording")
    return Probed(str(options["file"]))


class Pace:
    """When lines are due, from the times when they were recorded. One wrong time must neither stop all that
    follow nor let them all come at once."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._from: tuple[int, float] | None = None  # a line's moment, and when it was played

    def wait_s(self, moment: int, now: float) -> float:
        """How long to wait for a line recorded at `moment` (microseconds). `now`: seconds that only rise."""
        if self._from is not None:
            due = self._from[1] + (moment - self._from[0]) / 1e6 / self._speed
            if abs(due - now) <= LONGEST_WAIT_S:
                return max(0.0, due - now)
        self._from = (moment, now)
        return 0.0


class Replay:
    """One recording; the `Upstream` of its arrivals, whose tokens are the ends of their lines."""

    def __init__(self, context: Context) -> None:
        self._name, self._deliver, self._conditions = context.name, context.deliver, context.conditions
        self._path: Path = context.options["file"]
        self._speed: float = context.options["speed"]
        self._file = PositionFile(context.folder, context.name)
        self._loop = asyncio.get_running_loop()
        self._ended, self._room = asyncio.Event(), asyncio.Event()
        self._done, self._head = Done(0), ""
        self._written = Position()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """See `Source`."""
        self._task = self._loop.create_task(self._run())

    def stop(self) -> None:
        """See `Source`; called from another thread than the loop's."""
        if self._task is not None:
            asyncio.run_coroutine_threadsafe(self._end(self._task), self._loop).result()

    async def _end(self, task: asyncio.Task[None]) -> None:
        self._ended.set()
        self._room.set()
        await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._ended.is_set():
            try:
                await self._play()
            except OSError as error:
                self._conditions.report(self._name, UNREADABLE, f"{self._path}: {error.strerror}")
                await self._wait(AGAIN_S)
            else:
                return

    async def _play(self) -> None:
        """All that is not done yet. Raises OSError."""
        self._head = head_of(self._path)
        before = self._file.read()
        begin = before.done if before.head == self._head else 0
        with self._path.open("rb") as stream:
            if begin > os.fstat(stream.fileno()).st_size:
                begin = 0  # it was shortened: what is known is known
            stream.seek(begin)
            self._done = Done(begin)
            self._conditions.clear(self._name, UNREADABLE)
            keeping = asyncio.create_task(self._keep())
            try:
                await self._lines(stream)
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
                await self._write()
        if not self._ended.is_set():
            log.info("%s: the recording is played", self._name)

    async def _lines(self, stream: BinaryIO) -> None:
        """Each line at its time; no more on their way than fit."""
        pace = Pace(self._speed)
        while not self._ended.is_set():
            line, size = _line(stream)
            if not line:
                break
            end = stream.tell()
            if self._speed and (moment := moment_of(line.rstrip(b"\r\n"))) is not None:
                await self._wait(pace.wait_s(moment, self._loop.time()))
            await self._hand_over(line, size, end)
        while len(self._done) and not self._ended.is_set():
            await self._for_room()

    async def _hand_over(self, line: bytes, size: int, end: int) -> None:
        while len(self._done) >= MOST_WAITING and not self._ended.is_set():
            await self._for_room()
        self._done.sent(end)
        text = line[:LARGEST_LINE].rstrip(b"\r\n")
        delivery = Delivery(self._name, KIND, "", text, size if size > LARGEST_LINE else None)
        while not self._ended.is_set() and self._deliver([Arrival(delivery, self, end)]):
            await self._wait(0.1)  # the journal takes nothing now
        if not self._speed:
            await asyncio.sleep(0)

    async def _for_room(self) -> None:
        self._room.clear()
        await self._room.wait()

    async def _wait(self, seconds: float) -> None:
        """So long, or until the end."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)

    async def _keep(self) -> None:
        """Write the position now and then. A disk that takes nothing costs a repeat, no more."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            await self._write()

    async def _write(self) -> None:
        position = Position(self._head, self._done.at)
        if position != self._written:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._file.write, position)  # the loop must not wait for a disk
                self._written = position

    def acknowledge(self, tokens: Sequence[int]) -> None:
        """See `Upstream`."""
        for end in tokens:
            self._done.taken(end)
        self._room.set()

    def answer(self, downlink: Downlink) -> None:
        """See `Upstream`: a recording is answered by nobody."""


def create(context: Context) -> Replay:
    """The source of one [[source]] with kind "replay"."""
    return Replay(context)


def _line(stream: BinaryIO) -> tuple[bytes, int]:
    """The next line, and its size; of one that is too long its head. b"" at the end."""
    line = rest = stream.readline(LARGEST_LINE + 1)
    size = len(line)
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(LARGEST_LINE)
        size += len(rest)
    return line, size
