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
AGAIN_S = 0.05
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
        self._ends = {}  # of each connection's task: the writers to its two ends
        self._loop, self._door = asyncio.new_event_loop(), None
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
        if self._door is None:
            self._door = socket.create_server(("127.0.0.1", self.port))
            self._door.setblocking(False)
            self._loop.add_reader(self._door, self._accept)

    def _accept(self):
        """At one go: asyncio's own server, closed while it accepts, leaves that connection behind, open."""
        try:
            connection, _ = self._door.accept()
        except OSError:  # who knocked has left again
            return
        connection.setblocking(False)
        ends = []
        task = self._loop.create_task(self._serve(connection, ends))
        self._ends[task] = ends
        task.add_done_callback(self._ends.pop)

    async def _away(self):
        door, self._door = self._door, None
        if door is not None:
            self._loop.remove_reader(door)
            door.close()
        await self._abort()

    async def _abort(self):
        """End what is under way now, also what is still on its way to the server behind."""
        under_way = set(self._ends)
        while under_way:
            for task in under_way:
                for end in self._ends.get(task, ()):
                    end.transport.abort()
            _, under_way = await asyncio.wait(under_way, timeout=AGAIN_S)

    async def _serve(self, connection, ends):
        try:
            self.connections += 1
            manner = self.manner()
            reader, writer = await asyncio.open_connection(sock=connection)
            ends.append(writer)
            try:
                reader_up, writer_up = await asyncio.open_connection("127.0.0.1", self.behind)
            except OSError:
                return
            ends.append(writer_up)
            await asyncio.gather(
                self._carry(UP, reader, writer_up, manner, ends),
                self._carry(DOWN, reader_up, writer, manner, ends),
            )
        finally:
            for end in ends:
                end.transport.abort()

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
