# One line at the prompt, edited as MicroPython's own readline does it: cursor, history, completion, indentation,
# and any byte at all.
import usys
import vb_bus as bus

_HISTORY = 8
_INDENT = b"    "
_ARROWS = {b"A": 16, b"B": 14, b"C": 6, b"D": 2, b"H": 1, b"F": 5}  # as the control keys that do the same
_NUMBERED = {b"1": 1, b"7": 1, b"4": 5, b"8": 5, b"3": -1}


def get(most):
    # Up to `most` bytes, never beyond a control byte, so that whatever follows it stays for its own reader.
    return bus.call(OP.STDIN, most, 2, b"", most)


def put(data):
    bus.call(OP.STDOUT, 0, 0, data if isinstance(data, bytes) else data.encode())


def back(count):
    return b"\b" * count if count <= 4 else b"\x1b[%dD" % count


class Reader:
    # `space` is where names are completed from.
    def __init__(self, space):
        self._space = space
        self._past = []
        self._line = b""
        self._at = 0
        self._looked = 0

    def line(self, prompt, before=b""):
        # The line, or a number: the control key (1 to 5) that was pressed on an empty one. `before`: the lines
        # that it goes on from.
        put(prompt)
        self._line, self._at, self._looked = b"", 0, 0
        indent = indentation(before)
        if indent:
            self._insert(indent)
        while True:
            code = get(1)[0]
            if code == 13:
                put(b"\r\n")
                line = b"" if self._line == indent else self._line
                if line and (not self._past or self._past[0] != line):
                    self._past.insert(0, line)
                    del self._past[_HISTORY:]
                return line
            if code == 3 or (1 <= code <= 5 and not self._line):
                return code
            if code == 27:
                code = self._escape()
            self._key(code, prompt)

    def _key(self, code, prompt):
        if code >= 32 and code != 127:
            self._insert(bytes((code,)))
        elif code in (8, 127):
            self._delete_left()
        elif code == 9:
            self._complete(prompt)
        elif code in (-1, 4):
            self._replace(self._at, self._line[: self._at] + self._line[self._at + 1 :], self._at)
        elif code in (1, 2, 5, 6):
            self._move({1: 0, 2: self._at - 1, 5: len(self._line), 6: self._at + 1}[code])
        elif code == 11:
            self._replace(self._at, self._line[: self._at], self._at)
        elif code == 21:
            self._replace(0, self._line[self._at :], 0)
        elif code in (14, 16):
            self._look(1 if code == 16 else -1)

    def _escape(self):
        # The rest of an escape sequence, as the control key of the same meaning; 0 for one that is unknown.
        key = get(1)
        if key not in (b"[", b"O"):
            return 0
        key = get(1)
        if key in _NUMBERED:
            return _NUMBERED[key] if get(1) == b"~" else 0
        return _ARROWS.get(key, 0)

    def _insert(self, text):
        self._replace(self._at, self._line[: self._at] + text + self._line[self._at :], self._at + len(text))

    def _delete_left(self):
        count = min(1, self._at)
        before = self._line[: self._at]
        if before and not before.strip() and len(before) % 4 == 0:
            count = 4  # an indentation goes at once
        if count:
            start = self._at - count
            self._replace(start, before[:start] + self._line[self._at :], start)

    def _look(self, step):
        if 0 <= self._looked + step <= len(self._past):
            self._looked += step
            line = self._past[self._looked - 1] if self._looked else b""
            self._replace(0, line, len(line))

    def _move(self, to):
        to = max(0, min(len(self._line), to))
        put(back(self._at - to) if to < self._at else self._line[self._at : to])
        self._at = to

    def _replace(self, start, line, to):
        # Show `line` from `start` on, where it differs, with the cursor at `to` in the end.
        text = back(self._at - start)
        if len(line) < len(self._line):
            text += b"\x1b[K"
        put(text + line[start:] + back(len(line) - to))
        self._line, self._at = line, to

    def _complete(self, prompt):
        before = self._line[: self._at]
        if not before.strip():
            self._insert(_INDENT)
            return
        part, names = candidates(before, self._space)
        common = _common(names)
        if len(common) > len(part):
            self._insert(common[len(part) :])
        elif len(names) > 1:
            put(_columns(names) + b"\r\n" + prompt + self._line + back(len(self._line) - self._at))


def indentation(before):
    # What the next line begins with: as the last one, and deeper after a colon.
    last = before[before.rfind(b"\n") + 1 :] if before else b""
    depth = len(last) - len(last.lstrip(b" "))
    return last[:depth] + (_INDENT if last.rstrip().endswith(b":") else b"")


def candidates(before, space):
    # The word at the end of `before`, from its last dot on, and the names that begin like it.
    start = len(before)
    while start and (before[start - 1 : start].isalpha() or before[start - 1] in b"0123456789_."):
        start -= 1
    path = before[start:].split(b".")
    part = path[-1]
    try:
        if before[:start].strip() in (b"import", b"from") and len(path) == 1:
            names = list(usys.modules) + ["machine", "network", "time", "os", "struct"]
        elif len(path) == 1:
            names = list(space)
        else:
            thing = space[path[0].decode()]
            for name in path[1:-1]:
                thing = getattr(thing, name.decode())
            names = dir(thing)
    except (KeyError, AttributeError, UnicodeError):
        return part, []
    found = {name.encode() for name in names if isinstance(name, str)}
    return part, sorted(
        name for name in found if name.startswith(part) and (part or not name.startswith(b"_"))
    )


def _common(names):
    if not names:
        return b""
    first, last = names[0], names[-1]
    count = 0
    while count < min(len(first), len(last)) and first[count] == last[count]:
        count += 1
    return first[:count]


def _columns(names):
    text = b""
    column = 80
    for name in names:
        width = (len(name) // 16 + 1) * 16
        if column + width > 80:
            text += b"\r\n"
            column = 0
        column += width
        text += name + b" " * (width - len(name))
    return text
