# select in virtual time: a poll asks its streams through their ioctl and otherwise waits on the host.
import vb_bus as _bus

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16
_STREAM_POLL = 3


class poll:
    def __init__(self):
        self._streams = {}  # id -> [stream, mask]

    def register(self, stream, mask=5):
        if not hasattr(stream, "ioctl"):
            raise OSError("stream operation not supported")
        self._streams[id(stream)] = [stream, mask]

    def unregister(self, stream):
        self._streams.pop(id(stream), None)

    def modify(self, stream, mask):
        if id(stream) not in self._streams:
            raise OSError(2)
        self._streams[id(stream)][1] = mask

    def _ready(self):
        found = []
        for stream, mask in self._streams.values():
            events = stream.ioctl(_STREAM_POLL, mask)
            if events:
                found.append((stream, events))
        return found

    def poll(self, timeout=-1):
        from vb_console import stdin

        attended = stdin.is_among(self._streams)
        left = -1 if timeout is None else timeout
        while True:
            found = self._ready()
            if found or left == 0:
                return found
            left = _bus.call(OP.WAIT, left, attended)

    def ipoll(self, timeout=-1, flags=0):
        found = self.poll(timeout)
        if flags & 1:
            for stream, _ in found:
                self._streams[id(stream)][1] = 0
        return iter(found)


def select(readable, writable, exceptional, timeout=None):
    poller = poll()
    for streams, mask in ((readable, POLLIN), (writable, POLLOUT)):
        for stream in streams:
            known = poller._streams.get(id(stream))
            poller.register(stream, mask | (known[1] if known else 0))
    found = poller.poll(-1 if timeout is None else int(timeout * 1000))
    return [s for s, e in found if e & ~POLLOUT], [s for s, e in found if e & POLLOUT], []
