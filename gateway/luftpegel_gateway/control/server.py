"""The gateway's side of the socket: listens in the data folder, answers one request after the other.

The socket belongs to the gateway's user alone (mode 0600). It gets its name when all is set, in place of one
that a killed gateway left behind; the folder's lock, which the caller holds, makes sure that it is dead.
"""

import asyncio
import contextlib
import errno
import logging
import os
import socket
import stat
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from luftpegel_gateway.control.address import NAME, short_path
from luftpegel_gateway.control.handlers import Handlers, handle
from luftpegel_gateway.control.protocol import LARGEST_LINE, Answer, BadLine, line_of, parse_request
from luftpegel_gateway.model.faults import Fault

log = logging.getLogger("luftpegel.gateway")
MOST_CONNECTIONS = 8
RETRY_S = 1.0
IDLE_S = 60.0  # how long a connection may say nothing, or not take its answer


@contextlib.asynccontextmanager
async def serving(folder: Path, handlers: Handlers) -> AsyncIterator[None]:
    """Answer requests inside the context.

    OSError: this folder cannot hold a socket, or something else has its name; a gateway can run without.
    """
    with _listen(folder / NAME) as listening:
        number = _inode(folder / NAME)
        service = _Service(listening, handlers)
        try:
            yield
        finally:
            await service.stop()
            with contextlib.suppress(OSError):
                if _inode(folder / NAME) == number:
                    (folder / NAME).unlink()


def _listen(file: Path) -> socket.socket:
    """A listening socket under this name, in place of a dead one."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(file.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, "there is something else with this name", str(file))
    fresh = file.with_name(f"{NAME}.new")
    fresh.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(fresh) as path:
            listening.bind(path)
        fresh.chmod(0o600)
        listening.listen(MOST_CONNECTIONS)
        listening.setblocking(False)
        fresh.replace(file)
    except OSError:
        listening.close()
        fresh.unlink(missing_ok=True)
        raise
    return listening


def _inode(file: Path) -> int:
    return os.stat(file).st_ino  # noqa: PTH116 - beside unlink of the same name


class _Service:
    """The open connections. It accepts them itself, so that none is half open when it stops.

    asyncio's own server has connections that it has accepted and not told of yet, and waits for all of them.
    """

    def __init__(self, listening: socket.socket, handlers: Handlers) -> None:
        self._listening = listening
        self._handlers = handlers
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._stopped = False
        self._open()

    async def stop(self) -> None:
        """Accept nobody any more, and end all connections."""
        self._stopped = True
        self._shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _open(self) -> None:
        if not self._stopped:
            self._loop.add_reader(self._listening, self._accept)

    def _shut(self) -> None:
        self._loop.remove_reader(self._listening)
        if self._later is not None:
            self._later.cancel()

    def _accept(self) -> None:
        """Take the next connection; at most so many at once, the others wait."""
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError as error:  # no descriptor is left
            log.warning("control: %s", error)
            self._shut()
            self._later = self._loop.call_later(RETRY_S, self._open)
            return
        task = self._loop.create_task(self._converse(connection))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, connection))
        if len(self._tasks) >= MOST_CONNECTIONS:
            self._shut()

    def _ended(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        connection.close()  # here, since a task that is cancelled before it begins runs nothing of its own
        self._tasks.discard(task)
        self._open()

    async def _converse(self, connection: socket.socket) -> None:
        """One connection until it ends."""
        connection.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=connection, limit=LARGEST_LINE)
        writer.transport.set_write_buffer_limits(0)  # so that `drain` waits until everything is sent
        try:
            with contextlib.suppress(OSError, TimeoutError):
                await self._answer(reader, writer)
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _line(reader):
            writer.write(line_of(await self._do(line)))
            async with asyncio.timeout(IDLE_S):
                await writer.drain()

    async def _do(self, line: bytes) -> Answer:
        """The answer to one line; a mistake of ours must not take the gateway down."""
        try:
            return await handle(parse_request(line), self._handlers)
        except BadLine as bad:
            return Answer(error=Fault("LP-332", f"no request: {bad}"))
        except Exception as error:
            log.exception("a request failed")
            return Answer(error=Fault("LP-332", f"the gateway failed: {type(error).__name__}"))


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; nothing at the end, or when it is too long or does not come."""
    async with asyncio.timeout(IDLE_S):
        try:
            return await reader.readline()
        except ValueError:  # longer than the limit
            return b""
