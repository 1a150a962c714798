# Reads a readings frame: the way back of readings.py, with the same model. A gateway reads it row by row and
# stops where it knows what follows; the CPython of a gateway may run this file compiled (docs/wire.md).

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


class ReadingsReader:
    # The same frame, read no further than it is asked for: what stands before the rows at once, each row by
    # next(). Who needs no more rows drops the reader. Damage behind the last row that was read is then not
    # noticed: LoRaWAN's MIC has already covered the bytes. All raise WireError, nothing else.
    # count: rows in the frame.

    def __init__(self, payload):
        self.version = VERSION
        self.seq, self.age, body = parts(loads(payload))
        self.count = body[0] + 1
        self._coder = Decoder(body[1:])
        self.channels = code_channels(self._coder, None)
        self.steps = code_steps(self._coder, self.channels, None)
        self._model = Rows(len(self.channels))
        self._nothing = [0] * len(self.channels)
        self._told = 0
        self._age = self.age
        self._broken = False

    def next(self):
        # The next row, newest first; None behind the last. A row that cannot be read is the last asked for:
        # whatever followed would be a wrong number.
        if self._broken:
            raise WireError(MALFORMED, "behind a row that cannot be read")
        if self._told == self.count:
            return None
        self._broken = True
        nothing = self._nothing
        absent, interval, values, quality = self._model.code(self._coder, False, 0, nothing, nothing)
        age = self._age
        if absent:
            age = None
        else:
            self._age = age = None if age is None or interval is None else age + interval
        for index, step in enumerate(self.steps):
            if values[index] is not None and step is not None:
                values[index] *= step
        row = Row(self.seq - self._told, age, interval, tuple(values), tuple(quality), absent)
        self._told += 1
        self._broken = False
        return row

    def finish(self):
        # Reads what is left of the rows, then holds the end to what an encoder would have written.
        while self.next():
            pass
        self._coder.finish()


def decode_readings(payload):
    # Raises WireError, nothing else.
    frame = ReadingsReader(payload)
    rows = [frame.next() for _ in range(frame.count)]
    frame.finish()
    return Readings(frame.seq, frame.age, frame.channels, frame.steps, rows)


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
