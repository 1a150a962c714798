# The streams of sys: the console, in virtual time.
import uio
import usys
import vb_bus as bus

_STREAM_POLL = 3
_CHUNK = 1024


class Input(uio.IOBase):
    # sys.stdin and sys.stdin.buffer; blocks in virtual time, so other boards go on.
    def __init__(self, text):
        self._text = text
        self.buffer = self

    def is_among(self, streams):
        return id(self) in streams or id(self.buffer) in streams

    def ioctl(self, request, argument):
        if request == _STREAM_POLL:
            return argument & 1 if bus.call(OP.STDIN, 0, 1) else 0
        return -1

    def _bytes(self, count):
        data = b""
        while len(data) < count:
            data += bus.call(OP.STDIN, min(count - len(data), _CHUNK), 0, b"", _CHUNK)
        return data

    def read(self, count=1):
        data = self._bytes(count if count > 0 else 1)
        return data.decode() if self._text else data

    def readinto(self, buffer, count=-1):
        count = len(buffer) if count < 0 else min(count, len(buffer))
        data = bus.call(OP.STDIN, min(count, _CHUNK), 0, b"", _CHUNK)
        buffer[: len(data)] = data
        return len(data)

    def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            line += self._bytes(1)
        return line.decode() if self._text else line


class Output(uio.IOBase):
    # sys.stdout.buffer: bytes as they are; sys.stdout itself stays the built-in one, whose newlines become
    # CR LF.
    def write(self, data, count=-1):
        data = bytes(data) if count < 0 else bytes(data[:count])
        for at in range(0, len(data), 4096):
            bus.call(OP.STDOUT, 0, 0, data[at : at + 4096])
        return len(data)

    def flush(self):
        pass


class TextOutput(uio.IOBase):
    buffer = Output()

    def write(self, text):
        usys.stdout.write(text)
        return len(text)

    def flush(self):
        pass

    def ioctl(self, request, argument):
        return argument & 4 if request == _STREAM_POLL else 0


stdin = Input(True)
stdin.buffer = Input(False)
stdout = TextOutput()
