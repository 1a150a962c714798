# Reads the frames of frames.py. A number that this decoder does not know is kept under that number, so that
# newer stations remain readable.

from .cbor_reader import loads
from .errors import MALFORMED, OUT_OF_RANGE, UNKNOWN_VERSION, WireError
from .frames import ALARM_KINDS, CONFIG_FIELDS, STATUS_FIELDS, VERSION

_LIMIT = 1 << 32


class Status:
    def __init__(self, fields):
        self.version = VERSION
        self.fields = fields  # name, or number if unknown: value


class Config:
    def __init__(self, token, fields):
        self.version = VERSION
        self.token = token  # chosen by the sender; the answer carries it too
        self.fields = fields


class Alarm:
    def __init__(self, seq, age, channel, kind, value, threshold):
        self.version = VERSION
        self.seq = seq
        self.age = age
        self.channel = channel
        self.kind = kind  # a name of ALARM_KINDS, or a number if unknown
        self.value = value  # base units
        self.threshold = threshold


class Backfill:
    def __init__(self, first_seq, count):
        self.version = VERSION
        self.first_seq = first_seq
        self.count = count


def decode_status(payload):
    (fields,) = _parts(payload, (dict,))
    return Status(_names(fields, STATUS_FIELDS))


def decode_config(payload):
    token, fields = _parts(payload, (int, dict))
    _natural((token,))
    return Config(token, _names(fields, CONFIG_FIELDS))


def decode_alarm(payload):
    seq, age, channel, kind, value, threshold = _parts(payload, (int,) * 6)
    _natural((seq, age, channel, kind))
    return Alarm(seq, age, channel, ALARM_KINDS.get(kind, kind), value, threshold)


def decode_backfill(payload):
    first_seq, count = _parts(payload, (int, int))
    _natural((first_seq, count))
    return Backfill(first_seq, count)


def _parts(payload, kinds):
    # The members behind the version, each of its kind.
    frame = loads(payload)
    if not isinstance(frame, list) or not frame or not isinstance(frame[0], int):
        raise WireError(MALFORMED, "a frame is an array that begins with its version")
    if frame[0] != VERSION:
        raise WireError(UNKNOWN_VERSION, "version %d; this decoder knows %d" % (frame[0], VERSION))
    parts = frame[1:]
    if len(parts) != len(kinds) or not all(isinstance(part, kind) for part, kind in zip(parts, kinds)):
        raise WireError(MALFORMED, "members are not %s" % ", ".join([kind.__name__ for kind in kinds]))
    _within_limit(parts)
    return parts


def _within_limit(items):
    for item in items:
        if isinstance(item, int) and not -_LIMIT < item < _LIMIT:
            raise WireError(OUT_OF_RANGE, "%d needs more than 32 bits" % item)


def _natural(numbers):
    for number in numbers:
        if number < 0:
            raise WireError(OUT_OF_RANGE, "%d where nothing below 0 makes sense" % number)


def _names(fields, table):
    for value in fields.values():
        if not isinstance(value, (int, str)):
            raise WireError(MALFORMED, "a setting is a number or a text")
    _within_limit(fields)
    _within_limit(fields.values())
    return {table.get(number, number): value for number, value in fields.items()}
