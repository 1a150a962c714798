# A binary range coder: yes/no decisions with known probabilities become a string of bytes that is as short
# as information theory allows (G. N. N. Martin, 1979). Registers of 24 bits keep every product below
# MicroPython's 31-bit small integers, so that nothing is allocated per decision.
#
# Encoder and Decoder have the same face: `bit(probability, value)` codes a decision and returns it. A model
# written against that face therefore serves both directions, and cannot differ between them; the decoder
# ignores the value handed in.

from .errors import MALFORMED, TRUNCATED, WireError

_TOP = 1 << 24
_BOTTOM = 1 << 16
ONE = 4096  # probabilities are of a 1, in parts of this: 1 to 4095
HALF = 2048
_SPARE = 3  # bytes that the decoder is ahead of the encoder


class Encoder:
    def __init__(self):
        self._out = bytearray()
        self._low = 0
        self._range = _TOP - 1

    def bit(self, probability, value):
        part = ((self._range >> 8) * probability) >> 4
        if value:
            self._range = part
        else:
            self._low += part
            self._range -= part
            if self._low >= _TOP:
                self._low -= _TOP
                _carry(self._out)
        while self._range < _BOTTOM:
            self._out.append(self._low >> 16)
            self._low = (self._low & 0xFFFF) << 8
            self._range <<= 8
        return value

    def bits(self, count, value):
        for shift in range(count - 1, -1, -1):
            self.bit(HALF, (value >> shift) & 1)
        return value

    def finished(self):
        # The bytes so far, closed; coding may go on afterwards as if this had not been called.
        # Zeros at the end are left out, because the decoder reads up to three behind the end.
        out = bytearray(self._out)
        number = _roundest(self._low, self._range)
        if number >= _TOP:
            number -= _TOP
            _carry(out)
        out.extend(number.to_bytes(_SPARE, "big"))
        length = len(out)
        while length > len(self._out) and out[length - 1] == 0:
            length -= 1
        return bytes(out[:length])


def _roundest(low, width):
    # The least number in the final interval that ends in three zero bytes, or else in two: it is never
    # narrower than two bytes.
    number = (low + 0xFFFFFF) & ~0xFFFFFF
    return number if number - low < width else (low + 0xFFFF) & ~0xFFFF


def _carry(out):
    at = len(out) - 1
    while out[at] == 255:
        out[at] = 0
        at -= 1
    out[at] += 1


class Decoder:
    def __init__(self, data):
        self._data = data
        self._range = _TOP - 1
        self._at = _SPARE
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
        while self._range < _BOTTOM:
            self._shift()
        return value

    def _shift(self):
        data, at = self._data, self._at
        if at >= len(data) + _SPARE:
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
        number = _window(data, at - _SPARE)
        low = (number - self._code) & (_TOP - 1)
        if (
            len(data) > at
            or (len(data) > at - _SPARE and data[-1] == 0)
            or number != _roundest(low, self._range) & (_TOP - 1)
        ):
            raise WireError(MALFORMED, "bytes behind the packed rows")


def _window(data, at):
    # The three bytes from there on; behind the end there are zeros.
    return int.from_bytes((bytes(data[at : at + _SPARE]) + bytes(_SPARE))[:_SPARE], "big")
