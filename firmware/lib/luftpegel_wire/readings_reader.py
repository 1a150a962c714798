# Reads a readings frame: the way back of readings.py, with the same model.

from .cbor_reader import loads
from .errors import MALFORMED, OUT_OF_RANGE, UNKNOWN_VERSION, WireError
from .rangedecoder import Decoder
from .readings import MAX_AGE, MAX_SEQ, UNKNOWN_AGE, VERSION, Row, Rows, code_channels, code_steps


class Readings:
    # rows: newest first, numbered without a gap from seq downwards. age: of the newest reading that is
    # there, None if unknown. steps: base units a channel; None where the channel is not in the table and
    # has its usual step: its values are then in unknown units.

    def __init__(self, seq, age, channels, steps, rows):
        self.version = VERSION
        self.seq = seq
        self.age = age
        self.channels = channels
        self.steps = steps
        self.rows = rows


def decode_readings(payload):
    # Raises WireError, nothing else.
    seq, age, body = parts(loads(payload))
    coder = Decoder(body[1:])
    channels = code_channels(coder, None)
    steps = code_steps(coder, channels, None)
    model = Rows(len(channels))
    nothing = [0] * len(channels)
    rows = []
    now = age
    for number in range(seq, seq - body[0] - 1, -1):
        absent, interval, values, quality = model.code(coder, False, 0, nothing, nothing)
        if not absent:
            now = None if now is None or interval is None else now + interval
        scaled = [value if value is None else value * (step or 1) for value, step in zip(values, steps)]
        rows.append(Row(number, None if absent else now, interval, tuple(scaled), tuple(quality), absent))
    coder.finish()
    return Readings(seq, age, channels, steps, rows)


def parts(frame):
    # (seq, age, body) of a frame that has the right shape.
    if not isinstance(frame, list) or not frame or not isinstance(frame[0], int):
        raise WireError(MALFORMED, "a frame is an array that begins with its version")
    if frame[0] != VERSION:
        raise WireError(UNKNOWN_VERSION, "version %d; this decoder knows %d" % (frame[0], VERSION))
    if len(frame) != 4 or not isinstance(frame[1], int) or not isinstance(frame[2], int):
        raise WireError(MALFORMED, "a readings frame is [version, seq, age, body]")
    _, seq, age, body = frame
    if not isinstance(body, bytes) or not body:
        raise WireError(MALFORMED, "a readings frame has a body")
    if not 0 <= seq <= MAX_SEQ or seq < body[0]:
        raise WireError(OUT_OF_RANGE, "reading number %d with %d older ones" % (seq, body[0]))
    if not UNKNOWN_AGE <= age <= MAX_AGE:
        raise WireError(OUT_OF_RANGE, "an age of %d seconds" % age)
    return seq, None if age == UNKNOWN_AGE else age, body
