# A binary range coder: yes/no decisions with known probabilities become a string of bytes that is as short
# as information theory allows (G. N. N. Martin, 1979). Registers of 24 bits keep every product below
# MicroPython's 31-bit small integers, so that nothing is allocated per decision.
#
# Encoder and Decoder (in rangedecoder.py) have the same face: `bit(probability, value)` codes a decision and
# returns it. A model written against that face therefore serves both directions, and cannot differ between
# them; the decoder ignores the value handed in.

TOP = 1 << 24
BOTTOM = 1 << 16
ONE = 4096  # probabilities are of a 1, in parts of this: 1 to 4095
HALF = 2048
SPARE = 3  # bytes that the decoder is ahead of the encoder


class Encoder:
    def __init__(self):
        self._out = bytearray()
        self._low = 0
        self._range = TOP - 1

    def bit(self, probability, value):
        part = ((self._range >> 8) * probability) >> 4
        if value:
            self._range = part
        else:
            self._low += part
            self._range -= part
            if self._low >= TOP:
                self._low -= TOP
                _carry(self._out, len(self._out))
        while self._range < BOTTOM:
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
        # Two pieces of heap, not one more: this is where a station has least.
        number = roundest(self._low, self._range)
        end = len(self._out)
        out = self._out + (number & TOP - 1).to_bytes(SPARE, "big")
        if number >= TOP:
            _carry(out, end)
        length = len(out)
        while length > end and out[length - 1] == 0:
            length -= 1
        return bytes(memoryview(out)[:length])


def roundest(low, width):
    # The least number in the final interval that ends in three zero bytes, or else in two: it is never
    # narrower than two bytes.
    number = (low + 0xFFFFFF) & ~0xFFFFFF
    return number if number - low < width else (low + 0xFFFF) & ~0xFFFF


def _carry(out, end):
    at = end - 1
    while out[at] == 255:
        out[at] = 0
        at -= 1
    out[at] += 1
