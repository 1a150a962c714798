# The console's REPL: friendly, raw and raw paste, byte for byte as MicroPython's pyexec speaks it to
# mpremote.
import gc

import uio
import usys
import vb_bus as bus

_WINDOW = 128
_ROOM = 256
_OWN = '  File "vb/'  # frames of the shims are not the firmware's


class Repl:
    # `lent`: bytes of heap that stand for something the firmware would take on a chip.
    def __init__(self, space, lent):
        self._space = space
        self._lent = lent

    def run(self, raw):
        gc.collect()
        bus.call(OP.READY, gc.mem_alloc() - self._lent)
        if self._file("boot.py") and not raw:  # as the ESP32's main.c: none after a boot.py that raised
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
            return True
        return not self._guard(lambda: execfile(name, self._space), False)

    def _guard(self, job, raw):
        # Run the firmware's code with Ctrl-C on; returns the exception's text, or "".
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
            return ""
        text = _trace(failure)
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
        _put(b"\x04" + text.encode() + b"\x04>")

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
        _put(b"\x04" + text.encode() + b"\x04>")

    def _friendly(self):
        version = ".".join(str(part) for part in usys.implementation.version[:3])
        machine = usys.modules["sys"].implementation._machine
        _put('MicroPython v%s; %s\r\nType "help()" for more information.\r\n' % (version, machine))
        while True:
            line = self._line(">>> ")
            if line is None:
                return
            if line == "\x05":
                line = self._paste()
                kind = "exec"
            else:
                kind = "single"
                if _open(line):
                    line = self._block(line)
            if line.strip():
                self._execute(line, kind, False)

    def _block(self, line):
        while True:
            more = self._line("... ")
            if not more:
                return line + "\n"
            line += "\n" + more
            if not more.strip():
                return line

    def _paste(self):
        _put(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
        text = ""
        while True:
            key = _get(1)
            if key == b"\x04":
                _put(b"\r\n")
                return text
            if key == b"\x03":
                _put(b"\r\n")
                return ""
            if key == b"\r":
                text += "\n"
                _put(b"\r\n=== ")
            else:
                text += key.decode()
                _put(key)

    def _line(self, prompt):
        # One edited line; None for Ctrl-A (raw REPL), "\x05" for Ctrl-E (paste).
        _put(prompt)
        line = b""
        while True:
            key = _get(1)
            code = key[0]
            if code == 13:
                _put(b"\r\n")
                return line.decode()
            if code == 1:
                _put(b"\r\n")
                return None
            if code == 5 and not line:
                return "\x05"
            if code == 4 and not line:
                _put(b"\r\n")
                self._soft_reset(False)
            if code in (2, 3):
                _put(b"\r\n" + prompt.encode())
                line = b""
            elif code in (8, 127):
                if line:
                    line = line[:-1]
                    _put(b"\b \b")
            elif code == 27:
                _get(2)  # arrow keys have no history here
            elif code >= 32 or code == 9:
                line += key
                _put(key)


def _open(line):
    # Whether more lines belong to this one, as mp_repl_continue_with_input sees it in the common cases.
    line = line.rstrip()
    if line.endswith((":", "\\")) or line.startswith("@"):
        return True
    depth = 0
    for character in line:
        depth += (character in "([{") - (character in ")]}")
    return depth > 0 or line.count('"""') % 2 == 1 or line.count("'''") % 2 == 1


def _trace(error):
    text = uio.StringIO()
    usys.print_exception(error, text)
    lines = text.getvalue().split("\n")
    return "\r\n".join(line for line in lines if not line.startswith(_OWN))


def _get(most):
    # Up to `most` bytes, never beyond a control byte, so that whatever follows it stays for its own reader.
    return bus.call(OP.STDIN, most, 2, b"", most)


def _put(data):
    bus.call(OP.STDOUT, 0, 0, data if isinstance(data, bytes) else data.encode())
