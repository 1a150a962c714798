# The console's REPL: friendly, raw and raw paste, byte for byte as MicroPython's pyexec speaks it to
# mpremote.
import gc

import usys
import vb_bus as bus
from vb_readline import Reader
from vb_readline import get as _get
from vb_readline import put as _put

_WINDOW = 128
_ROOM = 256


class Repl:
    # `lent`: bytes of heap that stand for something the firmware would take on a chip.
    def __init__(self, space, lent):
        self._space = space
        self._lent = lent
        self._reader = Reader(space)

    def run(self, raw):
        gc.collect()
        bus.call(OP.READY, gc.mem_alloc() - self._lent)
        self._file("boot.py")
        if not raw:
            self._file("main.py")
        while True:
            try:
                if not raw:
                    self._friendly()
                self._raw()
                raw = False
            except KeyboardInterrupt:
                pass  # came in after the program had ended

    def _file(self, name):
        try:
            usys.modules["os"].stat(name)
        except OSError:
            return
        self._guard(lambda: execfile(name, self._space), False)

    def _guard(self, job, raw):
        # Run the firmware's code with Ctrl-C on; returns the exception's text, or b"".
        failure = None
        try:
            bus.call(OP.INTERRUPT_CHAR, 3)
            job()
        except SystemExit:
            self._soft_reset(raw, b"\x04\x04" if raw else b"")
        except BaseException as error:
            failure = error
        while True:
            try:
                if failure is not None:
                    gc.collect()  # Ctrl-C may have ended a collection half-way, which leaves the heap locked
                bus.call(OP.INTERRUPT_CHAR, -2)
                break
            except KeyboardInterrupt:
                pass
        if failure is None:
            return b""
        text = bus.trace(failure)
        if not raw:
            _put(text)
        return text

    def _execute(self, source, kind, raw):
        gc.collect()
        return self._guard(lambda: exec(compile(source, "<stdin>", kind), self._space), raw)

    def _soft_reset(self, raw, before=b""):
        _put(before + b"MPY: soft reboot\r\n")
        bus.call(OP.SOFT_RESET, raw)

    def _raw(self):
        _put(b"raw REPL; CTRL-B to exit\r\n>")
        source = b""
        while True:
            part = _get(_ROOM)
            end = part[-1]
            if end > 5 or end == 0:
                source += part
                continue
            source += part[:-1]
            if end == 1:
                _put(b"raw REPL; CTRL-B to exit\r\n>")
            elif end == 2:
                _put(b"\r\n")
                return
            elif end == 4:
                self._raw_run(source, b"OK")
            elif end == 5 and not source:
                self._raw_paste()
            source = b""

    def _raw_run(self, source, greeting):
        if not source:
            _put(greeting + b"\r\n")
            self._soft_reset(True)
        _put(greeting)
        text = self._execute(source, "exec", True)
        _put(b"\x04" + text + b"\x04>")

    def _raw_paste(self):
        kind = _get(1) + _get(1)
        if kind != b"A\x01":
            _put(b"R\x00")
            return
        _put(b"R\x01" + bytes((_WINDOW, 0)) + b"\x01")
        parts = []
        count = 0
        while True:
            part = _get(_WINDOW - count)
            end = part[-1]
            if end in (3, 4):
                break
            parts.append(part)
            count += len(part)
            if count == _WINDOW:
                count = 0
                _put(b"\x01")
        _put(b"\x04")
        if end == 3:
            _put(b"\x04\x04>")
            return
        parts.append(part[:-1])
        source = b"".join(parts)
        parts = None
        text = self._execute(source, "exec", True)
        _put(b"\x04" + text + b"\x04>")

    def _friendly(self):
        version = ".".join(str(part) for part in usys.implementation.version[:3])
        machine = usys.modules["sys"].implementation._machine
        _put('MicroPython v%s; %s\r\nType "help()" for more information.\r\n' % (version, machine))
        while True:
            line = self._reader.line(b">>> ")
            if line == 1:
                _put(b"\r\n")
                return
            if line == 4:
                _put(b"\r\n")
                self._soft_reset(False)
            kind = "single"
            if line == 5:
                line = self._paste()
                kind = "exec"
            elif isinstance(line, int):  # Ctrl-B, Ctrl-C
                _put(b"\r\n")
                continue
            elif _open(line):
                line = self._block(line)
            if line.strip():
                self._execute(line, kind, False)

    def _block(self, line):
        while True:
            more = self._reader.line(b"... ", line)
            if isinstance(more, int):
                _put(b"\r\n")
                return b"" if more != 4 else line + b"\n"
            if not more.strip():
                return line + b"\n"
            line += b"\n" + more
            if not line[0] == 64 and not _block_of(line) and not _open(line):
                return line

    def _paste(self):
        _put(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
        text = b""
        while True:
            key = _get(1)
            if key == b"\x04":
                _put(b"\r\n")
                return text
            if key == b"\x03":
                _put(b"\r\n")
                return b""
            if key == b"\r":
                text += b"\n"
                _put(b"\r\n=== ")
            else:
                text += key
                _put(key)


_BLOCKS = (b"if", b"while", b"for", b"try", b"with", b"def", b"class", b"async")


def _block_of(line):
    # Whether the lines are a compound statement, which only an empty line ends.
    word = line.split(b" ", 1)[0].split(b":", 1)[0].split(b"(", 1)[0].rstrip()
    return word in _BLOCKS or line.startswith(b"@")


def _open(line):
    # Whether more lines belong to this one: a compound statement, brackets or a long text left open, a backslash.
    if _block_of(line):
        return True
    depth = 0
    quote = b""
    at = 0
    while at < len(line):
        three, one = line[at : at + 3], line[at : at + 1]
        if one == b"\\":
            at += 2
            continue
        if quote:
            if line[at : at + len(quote)] == quote:
                at += len(quote)
                quote = b""
                continue
        elif three in (b'"""', b"\'\'\'"):
            quote = three
            at += 3
            continue
        elif one in b"\"'":
            quote = one
        elif one == b"#":
            end = line.find(b"\n", at)
            at = len(line) if end < 0 else end
            continue
        else:
            depth += (one in b"([{") - (one in b")]}")
        at += 1
    return depth > 0 or len(quote) == 3 or line.endswith(b"\\")
