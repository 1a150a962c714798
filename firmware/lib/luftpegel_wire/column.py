# One column of a readings frame: predicts each value from the ones before it (all newer, for the frame runs
# backwards in time) and codes the difference with probabilities that follow how large differences have
# lately been. Encoder and decoder learn the same from the same values, so nothing of this is transmitted.
# docs/wire.md tells it in full.

from .errors import OUT_OF_RANGE, WireError
from .rangecoder import HALF

MAX_MAGNITUDE = (1 << 26) - 1  # of a value, in steps: the difference of two predictions stays below 2**29

# How likely each magnitude is, in 256ths. A row a level: the mean magnitude is 2**(level / 2) sixteenths.
# Column 0: the difference is 0; column i: it is i, given that it is not less; the last column repeats.
# From a mixture of two geometric distributions (docs/wire.md has the formula, a test recomputes the table).
PROBABILITIES = (
    b"\xf0\xf6\xf3\xef\xed\xec\xec",
    b"\xea\xf2\xee\xe9\xe6\xe5\xe4",
    b"\xe2\xed\xe6\xe0\xdc\xda\xd9",
    b"\xd7\xe5\xdd\xd4\xce\xcb\xca",
    b"\xc9\xdb\xd1\xc6\xbd\xb9\xb7",
    b"\xb7\xcf\xc3\xb5\xaa\xa3\xa0",
    b"\xa2\xc0\xb4\xa4\x96\x8d\x88",
    b"\x8a\xad\xa3\x95\x86\x7a\x73",
    b"\x70\x97\x8f\x85\x79\x6d\x63",
    b"\x58\x7f\x7a\x73\x6b\x62\x59",
    b"\x42\x67\x64\x60\x5b\x56\x50",
    b"\x30\x50\x4e\x4c\x4a\x47\x44",
    b"\x23\x3d\x3c\x3b\x3a\x38\x37",
)
_RECENT = 8  # values that a column remembers
_UNARY_LIMIT = 12  # a magnitude beyond this many units is written out

_NEGATIVE = 512  # one first value in eight is below zero
_USUAL_LENGTH = 3072  # three first values in four are of 7 to 14 bits


class Column:
    def __init__(self, mean=16):
        self._seen = 0  # values so far
        self._recent = [0, 0, 0, 0, 0, 0, 0, 0]  # the last of them, value n at n modulo 8
        self._sum = 0  # of those
        self._mean = mean  # of the differences' magnitude, in 16ths
        self._guesses = [0, 0, 0, 0]  # of each predictor, for the value to come
        self._misses = [0, 0, 0, 0]  # how far off each predictor has lately been, in 16ths
        self._product = 0  # of this column's steps and the left neighbour's, and
        self._square = 0  # the neighbour's steps squared: their quotient is the slope between the two

    def begin(self, value):
        # The first value is known from elsewhere.
        self._remember(value)

    def code(self, coder, value, drive):
        # Codes the next value; drive is the left neighbour's step in this row. Gives (value, own step).
        if not self._seen:
            value = _first(coder, value)
            self._remember(value)
            return value, 0
        guess = self._guess(drive)
        value = guess + _difference(coder, self._mean, value - guess)
        most = MAX_MAGNITUDE
        if value > most or value < -most:
            raise WireError(OUT_OF_RANGE, "a value of %d steps" % value)
        return value, self._learn(value, value - guess, drive)

    def _guess(self, drive):
        # Last value; line through the last two; mean of the last eight; last value plus the neighbour's
        # step times the slope. Gives the guess of the predictor that has lately been best.
        seen, recent, guesses, misses = self._seen, self._recent, self._guesses, self._misses
        last = recent[(seen - 1) % _RECENT]
        count = seen if seen < _RECENT else _RECENT
        guesses[0] = last
        guesses[1] = 2 * last - recent[(seen - 2) % _RECENT] if seen > 1 else last
        guesses[2] = (2 * self._sum + count) // (2 * count)
        guesses[3] = last
        if self._square:
            guesses[3] += (2 * self._product * drive + self._square) // (2 * self._square)
        best = 0
        for index in range(1, 4):
            if misses[index] < misses[best]:
                best = index
        return guesses[best]

    def _learn(self, value, difference, drive):
        # Gives the column's own step.
        guesses, misses = self._guesses, self._misses
        for index in range(4):
            misses[index] += (_sixteenths(value - guesses[index]) - misses[index]) >> 3
        self._mean += (_sixteenths(difference) - self._mean) >> (1 if self._seen < 3 else 2)
        if self._mean < 1:
            self._mean = 1
        step = value - guesses[0]
        step = -1023 if step < -1023 else 1023 if step > 1023 else step
        self._product += 16 * drive * step - (self._product >> 4)
        self._square += 16 * drive * drive - (self._square >> 4)
        self._remember(value)
        return step

    def _remember(self, value):
        at = self._seen % _RECENT
        self._sum += value - self._recent[at]
        self._recent[at] = value
        self._seen += 1


def _sixteenths(difference):
    # The magnitude of a difference in 16ths of a step, of at most 4095 steps.
    if difference < 0:
        difference = -difference
    return 16 * difference if difference < 4095 else 16 * 4095


def _first(coder, value):
    # A column's first value stands for itself: sign, number of bits, bits.
    negative = coder.bit(_NEGATIVE, value < 0)
    magnitude = -value if value < 0 else value
    length = _length(magnitude)
    if coder.bit(_USUAL_LENGTH, 7 <= length <= 14):
        length = 7 + coder.bits(3, length - 7)
    else:
        length = coder.bits(5, length)
    if length > 26:
        raise WireError(OUT_OF_RANGE, "a first value of %d bits" % length)
    if length > 1:
        magnitude = (1 << (length - 1)) | coder.bits(length - 1, magnitude & ((1 << (length - 1)) - 1))
    else:
        magnitude = length
    return -magnitude if negative else magnitude


def _difference(coder, mean, difference):
    # Magnitude in units of 2**shift by unary decisions, the bits below the unit, the sign. A unit of one
    # step has the special case "no difference at all"; wider units begin with the table's second column.
    shift = 0
    while mean > 64:
        mean >>= 1
        shift += 1
    row = PROBABILITIES[level(mean)]
    column = 1 if shift else 0
    magnitude = -difference if difference < 0 else difference
    units = magnitude >> shift
    count = 0
    while count < _UNARY_LIMIT and not coder.bit(row[column] << 4, units == count):
        count += 1
        if column < 6:
            column += 1
    if count == _UNARY_LIMIT:
        count += gamma(coder, units - _UNARY_LIMIT + 1) - 1
    if shift:
        count = (count << shift) | coder.bits(shift, magnitude & ((1 << shift) - 1))
    if count and coder.bit(HALF, difference < 0):
        return -count
    return count


def level(mean):
    # The row of PROBABILITIES for a mean of up to 64 sixteenths: the least with mean**2 <= 2**row.
    square = mean * mean
    row = 0
    while (1 << row) < square:
        row += 1
    return row


def gamma(coder, number):
    # Elias gamma: a number of 1 and up, small ones in few bits.
    length = 0
    while coder.bit(HALF, (number >> (length + 1)) != 0):
        length += 1
        if length > 28:
            raise WireError(OUT_OF_RANGE, "a difference of more than 29 bits")
    return (1 << length) | coder.bits(length, number & ((1 << length) - 1))


def _length(magnitude):
    length = 0
    while magnitude >> length:
        length += 1
    return length
