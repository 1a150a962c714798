# The other frames of a station: status, alarm, configuration, and the request to send readings again. Each
# is a CBOR array that begins with its version; open lists of settings are maps from small numbers. A number
# that this decoder does not know is kept under that number, so that newer stations remain readable.

from .cbor import dumps, loads
from .errors import MALFORMED, OUT_OF_RANGE, UNKNOWN_VERSION, WireError

VERSION = 1
_LIMIT = 1 << 32

# What a status frame can tell; numbers are for ever.
STATUS_FIELDS = {
    1: "firmware",  # text, like "0.1.0"
    2: "boots",  # since the station was made
    3: "reset_cause",  # as machine.reset_cause()
    4: "uptime_s",  # since the last power-on
    5: "oldest_seq",  # of the readings that the station still has
    6: "newest_seq",
    7: "interval_s",
    8: "heap_free",  # bytes
    9: "flash_free",  # bytes
    10: "frames_sent",
    11: "joins",
    12: "rssi",  # of the last downlink, dBm
    13: "snr",  # dB
    14: "crash",  # number of the last crash record; 0: none
    15: "clock",  # 0 unknown, 1 from the network
    16: "faults",  # sensors that did not deliver at the last sampling
    17: "data_rate",
    18: "rx_offset_us",  # how late downlinks come by the station's clock
    19: "rx_spread_us",  # how much that varies
}

# What a configuration frame can set; the station answers with what is now in force.
CONFIG_FIELDS = {
    1: "interval_s",
    2: "alarm_interval_s",
    3: "status_interval_s",
    4: "data_rate",
    5: "adr",
    6: "history",  # most readings a frame; 0: as many as fit
}

# Why an alarm was raised.
ALARM_KINDS = {1: "above", 2: "below", 3: "rate", 4: "fault", 5: "over"}


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


def encode_status(fields):
    return dumps([VERSION, _numbers(fields, STATUS_FIELDS)])


def encode_config(token, fields):
    return dumps([VERSION, token, _numbers(fields, CONFIG_FIELDS)])


def encode_alarm(seq, age, channel, kind, value, threshold):
    (number,) = _numbers({kind: None}, ALARM_KINDS)
    return dumps([VERSION, seq, age, channel, number, value, threshold])


def encode_backfill(first_seq, count):
    return dumps([VERSION, first_seq, count])


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


def _numbers(fields, table):
    numbers = {name: number for number, name in table.items()}
    return {numbers.get(name, name): value for name, value in fields.items()}
