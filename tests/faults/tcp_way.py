"""A way between a client and a server that breaks as networks do: TCP, real sockets, one thread for all ways.

A connection's `Manner` says how it fares: cut in the middle of some bytes on the way up (what was asked is
torn) or down (the server has done it and its answer is torn, or lost: after 0 bytes), half-closed in either
direction, delayed, or silent: bytes are taken and nothing comes back.
"""

import asyncio
import socket
import threading
from dataclasses import dataclass

from luftpegel_tools.programs.broker import free_port

PATIENCE_S = 20
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Manner:
    """`after`: bytes in the direction `way` until `end` ("cut" or "half") happens; None: never."""

    way: str = UP
    after: int | None = None
    end: str = "cut"
    delay_s: float = 0.0


PLAIN = Manner()


def broken(luck, up=6000, down=800):
    """How a connection fares in a network that fails: cut within so many bytes up or down."""
    end = luck.choice(["cut", "cut", "cut", "half"])
    if luck.random() < 0.5:
        return Manner(UP, luck.randrange(1, up), end)
    return Manner(DOWN, luck.choice([0, 1, luck.randrange(1, down)]), end)


class Way:
    """Listens on `port`, leads to the port `behind`. `manner()` is asked for each connection."""

    def __init__(self, behind):
        self.behind, self.port = behind, free_port()
        self.manner = lambda: PLAIN
        self.silent = False  # nothing comes back, on any connection
        self.connections = self.ended = 0  # how many there were, and how many we ended
        self._open, self._tasks = set(), set()
        self._loop, self._server = asyncio.new_event_loop(), None
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.back()

    def away(self):
        """Nobody listens any more, and all connections end."""
        self._call(self._away())

    def back(self):
        """Listen (again)."""
        self._call(self._listen())

    def calm(self):
        """From now on nothing fails; what is under way ends, for it may hang."""
        self.manner, self.silent = (lambda: PLAIN), False
        self._call(self._abort())

    def close(self):
        self._call(self._away())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _call(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _listen(self):
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _away(self):
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await self._abort()

    async def _abort(self):
        for writer in self._open:
            writer.transport.abort()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _serve(self, reader, writer):
        self._tasks.add(task := asyncio.current_task())
        ends = [writer]
        try:
            self.connections += 1
            manner = self.manner()
            self._open.add(writer)
            try:
                reader_up, writer_up = await asyncio.open_connection("127.0.0.1", self.behind)
            except OSError:
                return
            ends.append(writer_up)
            self._open.add(writer_up)
            await asyncio.gather(
                self._carry(UP, reader, writer_up, manner, ends),
                self._carry(DOWN, reader_up, writer, manner, ends),
            )
        finally:
            for end in ends:
                self._open.discard(end)
                end.transport.abort()
            self._tasks.discard(task)

    async def _carry(self, way, reader, writer, manner, ends):
        left = manner.after if way == manner.way else None
        try:
            while data := await reader.read(65536):
                if manner.delay_s:
                    await asyncio.sleep(manner.delay_s)
                if self.silent and way == DOWN:
                    continue
                if left is not None and len(data) >= left:
                    await self._end(writer, data[:left], manner, ends)
                    return
                left = left and left - len(data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            for end in ends:
                end.transport.abort()

    async def _end(self, writer, last, manner, ends):
        self.ended += 1
        writer.write(last)
        await writer.drain()
        if manner.end == "half":
            writer.write_eof()
            return
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.sleep(0.02)  # what was let through arrives, and is done
        for end in ends:
            end.transport.abort()
