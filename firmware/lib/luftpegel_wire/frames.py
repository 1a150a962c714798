# The other frames of a station: status, alarm, configuration, and the request to send readings again. Each
# is a CBOR array that begins with its version; open lists of settings are maps from small numbers. Here is
# what is written of them; frames_reader.py reads.

from .cbor import dumps
from .errors import TOO_LARGE, WireError

VERSION = 1

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
    20: "trouble",  # number of the LP code that keeps the station from what it should do
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


def encode_status(fields, limit=None):
    # Of at most `limit` bytes: what does not fit is left out, the highest numbers first, which are the least
    # missed. Raises WireError if nothing is left.
    numbers = _numbers(fields, STATUS_FIELDS)
    payload = dumps([VERSION, numbers])
    while limit is not None and len(payload) > limit:
        if not numbers:
            raise WireError(TOO_LARGE, "no status fits into %d bytes" % limit)
        del numbers[max(numbers)]
        payload = dumps([VERSION, numbers])
    return payload


def encode_config(token, fields):
    return dumps([VERSION, token, _numbers(fields, CONFIG_FIELDS)])


def encode_alarm(seq, age, channel, kind, value, threshold):
    (number,) = _numbers({kind: None}, ALARM_KINDS)
    return dumps([VERSION, seq, age, channel, number, value, threshold])


def encode_backfill(first_seq, count):
    return dumps([VERSION, first_seq, count])


def _numbers(fields, table):
    numbers = {name: number for number, name in table.items()}
    return {numbers.get(name, name): value for name, value in fields.items()}
