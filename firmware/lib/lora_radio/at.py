# What all AT modems have in common: Framer and Dialogue without I/O (bytes in, lines out, time handed in),
# and ATSerial, which runs a Dialogue over a UART.
#
# A modem's line carries more than answers: echo of the command, boot banners, 0xFF and noise of a waking
# UART, ends of earlier answers. So one command is in progress at a time, only lines with its prefix are its
# replies, and all others are kept as events for whoever wants them.

LONGEST_LINE = 640  # a downlink of 242 bytes in hex needs 515
MAX_EVENTS = 8
LONGEST_PAUSE_MS = 50  # between looks at the UART: 48 bytes at 9600 baud, far below its buffer
TICKS_MASK = (1 << 30) - 1  # ticks_ms() wraps at a power of two, 2**30 or more


class Framer:
    # Cuts the byte stream into lines of printable ASCII; what cannot be a line is dropped.
    def __init__(self):
        self._line = bytearray()
        self._overlong = False

    def feed(self, data):
        # The lines (str) that end within `data`.
        lines = []
        for byte in data:
            if byte in (10, 13):
                if self._line and not self._overlong:
                    lines.append(bytes(self._line).decode())
                self._line = bytearray()
                self._overlong = False
            elif 32 <= byte < 127 and not self._overlong:
                self._line.append(byte)
                self._overlong = len(self._line) > LONGEST_LINE
        return lines


class Dialogue:
    # One command in progress: `begin` it, `feed` bytes, take each reply with `reply`, until `expired`.
    def __init__(self):
        self._framer = Framer()
        self._prefixes = ()
        self._replies = []
        self._events = []
        self._since = 0
        self._limit = 0

    def begin(self, prefixes, now, limit_ms):
        # Lines that hold one of `prefixes` (the first that fits) are replies from now on. Replies that nobody
        # took become events.
        for prefix, text in self._replies:
            self._note(prefix + text)
        self._prefixes = prefixes
        self._replies = []
        self.allow(now, limit_ms)

    def allow(self, now, limit_ms):
        # The deadline is `limit_ms` from now.
        self._since = now
        self._limit = limit_ms

    def expired(self, now):
        return (now - self._since) & TICKS_MASK >= self._limit

    def feed(self, data):
        for line in self._framer.feed(data):
            for prefix in self._prefixes:
                if prefix in line:
                    self._replies.append((prefix, line[line.find(prefix) + len(prefix) :]))
                    break
            else:
                self._note(line)

    def _note(self, line):
        self._events.append(line)
        del self._events[:-MAX_EVENTS]

    def reply(self):
        # The next reply as (prefix, what stands behind it), or None; noise may stand before the prefix.
        return self._replies.pop(0) if self._replies else None

    def events(self):
        # The lines that were nobody's reply, oldest first; each is given once.
        events, self._events = self._events, []
        return events


class ATSerial:
    # A dialogue over `uart` (any, read, write), on the time of `clock` (ticks_ms, sleep_ms).
    def __init__(self, uart, clock):
        self._uart = uart
        self._clock = clock
        self._dialogue = Dialogue()

    def begin(self, command, prefixes, limit_ms):
        # Send a command (bytes). Returns the lines that were nobody's reply since the last one.
        self._read()
        self._dialogue.begin(prefixes, self._clock.ticks_ms(), limit_ms)
        self._uart.write(command + b"\r\n")
        return self._dialogue.events()

    def allow(self, limit_ms):
        # Wait that much longer from now on, and no more.
        self._dialogue.allow(self._clock.ticks_ms(), limit_ms)

    def reply(self):
        # The text behind the prefix of the next reply, or None at the deadline.
        reply = self.marked_reply()
        return reply and reply[1]

    def marked_reply(self):
        # The next reply as (prefix, text behind it), or None at the deadline.
        pause = 2
        while True:
            reply = self._dialogue.reply()
            if reply is not None:
                return reply
            if self._dialogue.expired(self._clock.ticks_ms()):
                return None
            if not self._read():
                self._clock.sleep_ms(pause)
                pause = min(2 * pause, LONGEST_PAUSE_MS)

    def _read(self):
        waiting = self._uart.any()
        data = self._uart.read(waiting) if waiting else None
        if data:
            self._dialogue.feed(data)
        return bool(data)
