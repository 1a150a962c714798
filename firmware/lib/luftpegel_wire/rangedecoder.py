# The way back from the bytes of rangecoder.Encoder to its decisions.

from .errors import MALFORMED, TRUNCATED, WireError
from .rangecoder import BOTTOM, HALF, SPARE, TOP, roundest


class Decoder:
    def __init__(self, data):
        self._data = data
        self._range = TOP - 1
        self._at = SPARE
        self._code = _window(data, 0)
        if self._code >= self._range:  # below it now means below it for ever: no number grows
            raise WireError(MALFORMED, "no encoder begins packed rows with 255, 255, 255")

    def bit(self, probability, _value=0):
        part = ((self._range >> 8) * probability) >> 4
        value = 1 if self._code < part else 0
        if value:
            self._range = part
        else:
            self._code -= part
            self._range -= part
        while self._range < BOTTOM:
            self._shift()
        return value

    def _shift(self):
        data, at = self._data, self._at
        if at >= len(data) + SPARE:
            raise WireError(TRUNCATED, "the packed rows end before all are told")
        self._at = at + 1
        self._code = (self._code << 8) | (data[at] if at < len(data) else 0)
        self._range <<= 8

    def bits(self, count, _value=0):
        value = 0
        for _ in range(count):
            value = (value << 1) | self.bit(HALF)
        return value

    def finish(self):
        # The bytes must be those that an encoder would have written: not one more, not others of the same
        # meaning, and no zero as the last one that it could spare.
        data, at = self._data, self._at
        number = _window(data, at - SPARE)
        low = (number - self._code) & (TOP - 1)
        if (
            len(data) > at
            or (len(data) > at - SPARE and data[-1] == 0)
            or number != roundest(low, self._range) & (TOP - 1)
        ):
            raise WireError(MALFORMED, "bytes behind the packed rows")


def _window(data, at):
    # The three bytes from there on; behind the end there are zeros.
    return int.from_bytes((bytes(data[at : at + SPARE]) + bytes(SPARE))[:SPARE], "big")
