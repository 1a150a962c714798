# The lines between a receiver and the gateway: text that a terminal can show, each with a checksum.
#
#   @H 1 0011223344556677 1a2b3c4d 3600 2 0*0F1E2D3C     receiver: who I am
#   @F 1a2b3c4d 17 3600 0 -97 30 e170b3…*0F1E2D3C        receiver: a frame that I heard
#   @A 1a2b3c4d 17*0F1E2D3C                              gateway: it is on the disk
#   @Q*0F1E2D3C                                          gateway: who are you?
#
# A line begins at its last "@" and ends with a line feed, so whatever else comes along the wire (a boot
# banner, a traceback, half a line of a receiver that was reset) costs at most the one line that it falls
# into. The checksum is CRC-32 over the text between "@" and "*". What does not fit is no line.

import binascii

VERSION = 1
LONGEST = 600  # bytes; a frame of 255 bytes needs some 570
HELLO, FRAME, TAKEN, ASK = "H", "F", "A", "Q"
_DIGITS = "0123456789abcdef"
_MOST = 0xFFFFFFFF


class Lines:
    # Cuts what comes along the wire into lines. `skipped`: bytes that were in none.
    def __init__(self):
        self.skipped = 0
        self._rest = b""

    def feed(self, data):
        # The whole lines, each from its "@" on, without the line feed. Holds no more than one line.
        parts = (self._rest + data).split(b"\n")
        self._rest = self._cut(parts.pop())
        return [one for one in [self._cut(part) for part in parts] if one]

    def _cut(self, part):
        # A line may lie in this, or its beginning; all before its "@" never becomes one.
        begin = part.rfind(b"@")
        keep = part[begin:] if begin >= 0 else b""
        if len(keep) > LONGEST:
            keep = b""
        self.skipped += len(part) - len(keep)
        return keep


def hello(receiver, boot, uptime_s, waiting, lost):
    # `receiver`: its id, 8 bytes. `boot`: a number that is drawn anew at each start. `waiting`: frames in its
    # ring; `lost`: frames that had to leave it unread since it started.
    return _line(HELLO, VERSION, _hex(receiver), _boot(boot), uptime_s, waiting, lost)


def heard(boot, number, uptime_s, age_s, rssi, snr4, frame):
    # `number` counts the frames of this boot. `age_s`: how long ago it came. `rssi` dBm, `snr4` quarters of
    # dB.
    return _line(FRAME, _boot(boot), number, uptime_s, age_s, rssi, snr4, _hex(frame))


def taken(boot, number):
    return _line(TAKEN, _boot(boot), number)


def ask():
    return _line(ASK)


def read(line):
    # What a line says: (kind, its values in the order of the functions above); a hello with its version
    # first. Raises ValueError for a line that is damaged, or of a kind that nobody knows.
    text, star, told = line.rpartition(b"*")
    if line[:1] != b"@" or not star or told != _sum(text[1:]):
        raise ValueError("damaged")
    words = str(text[1:], "ascii").split(" ")
    kind = words[0]
    if kind == HELLO and len(words) >= 7:  # a later version may say more
        return (kind, _number(words[1], 255), _bytes(words[2], 8, 8), _boot_of(words[3]),
                _number(words[4]), _number(words[5]), _number(words[6]))
    if kind == FRAME and len(words) == 8:
        return (kind, _boot_of(words[1]), _number(words[2]), _number(words[3]), _number(words[4]),
                _signed(words[5], 300), _signed(words[6], 400), _bytes(words[7], 1, 255))
    if kind == TAKEN and len(words) == 3:
        return kind, _boot_of(words[1]), _number(words[2])
    if kind == ASK and len(words) == 1:
        return (kind,)
    raise ValueError("no such line")


def _line(*words):
    text = " ".join([str(word) for word in words]).encode()
    return b"@" + text + b"*" + _sum(text) + b"\n"


def _sum(text):
    return b"%08X" % (binascii.crc32(text) & 0xFFFFFFFF)


def _hex(data):
    return str(binascii.hexlify(data), "ascii")


def _boot(boot):
    return "%08x" % boot


def _boot_of(word):
    return int.from_bytes(_bytes(word, 4, 4), "big")


def _bytes(word, least, most):
    if len(word) % 2 or not 2 * least <= len(word) <= 2 * most or word.strip(_DIGITS):
        raise ValueError("no hexadecimal digits")
    return binascii.unhexlify(word)


def _number(word, most=_MOST):
    if not 1 <= len(word) <= 10 or not word.isdigit() or int(word) > most:
        raise ValueError("no number")
    return int(word)


def _signed(word, most):
    return -_number(word[1:], most) if word[:1] == "-" else _number(word, most)
