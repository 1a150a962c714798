"""The first two rows of a readings frame, read in one piece: all that is read of nearly every frame.

A frame that goes on from the one before has one new row, and the next one is known and agrees; the other
forty nine are never looked at. The wire's own reader (`firmware/lib/luftpegel_wire`) reads these two at a
price of a function call for each of some eighty decisions, because it has the face of an encoder, fits into
a board's heap, and keeps what later rows are predicted from. Here the decisions are written out, and nothing
is kept. What stands before the first value (channels, steps, that nothing is unusual) is the same in every
frame of a kind of station: it takes up one interval of the packed number, which is remembered.

This reads what is usual and never guesses: for anything else, damage included, the answer is "as far as
here", and the wire's reader, which alone says what a frame means, goes over it from the beginning. A test
holds each answer against that reader, for sound frames and for damaged ones.
"""

from typing import NamedTuple

from luftpegel_gateway.decode.told import OLDEST_S, Told
from luftpegel_gateway.model.readings import Cell
from luftpegel_wire import WireError
from luftpegel_wire.column import MAX_MAGNITUDE, PROBABILITIES, level
from luftpegel_wire.quality import OK
from luftpegel_wire.rangecoder import BOTTOM, HALF, ONE, SPARE, TOP
from luftpegel_wire.readings import INTERVALS, MAX_AGE, VERSION, code_channels, code_steps

_ARRAY, _VERSION = 0x84, VERSION  # the first two bytes of a frame
_SHORT, _BYTE, _TWO, _FOUR = 24, 0x18, 0x19, 0x1A  # CBOR: below it the number itself; in so many bytes
_STRING, _LONG_STRING = 0x40, 0x58
_SPARE = bytes(SPARE)  # what a decoder reads behind the end
# The model of docs/wire.md in its first two rows, probabilities in parts of 4096.
_LIKELY = ONE * 3 // 4
_PLAIN_FIRST = ONE - ONE // 64
_PLAIN_NEXT = _PLAIN_FIRST + ((ONE - 32 - _PLAIN_FIRST) >> 4)
_NEGATIVE = 512
_USUAL_LENGTH = 3072
_LONGEST = 26  # bits of a first value
_FAR = 12  # units; what a difference has beyond them is written out
_DIFFERENCE = tuple(probability << 4 for probability in PROBABILITIES[level(16)])
_DIFFERENCES = tuple(_DIFFERENCE[min(count, len(_DIFFERENCE) - 1)] for count in range(_FAR))
_MOST_REMEMBERED = 4096


class _Beginning(NamedTuple):
    """What packed rows begin with: all whose first `size` bytes, as a number, lie in low..low+width-1.

    `steps`: base units by channel, in the order of the columns.
    """

    size: int
    low: int
    width: int
    steps: dict[int, int]


class _Coder:
    """The wire's `Coder` as a decoder that tells where it stands. IndexError where the bytes end."""

    def __init__(self, packed: bytes) -> None:
        """`packed`: with what is read behind the end."""
        self.packed = packed
        self.at = SPARE
        self.width = TOP - 1
        self.code = int.from_bytes(packed[:SPARE], "big")

    def bit(self, probability: int, _value: object = 0) -> int:
        """The next decision."""
        part = ((self.width >> 8) * probability) >> 4
        value = int(self.code < part)
        if value:
            self.width = part
        else:
            self.code, self.width = self.code - part, self.width - part
        while self.width < BOTTOM:
            self.code, self.width = self.code << 8 | self.packed[self.at], self.width << 8
            self.at += 1
        return value

    def bits(self, count: int, _value: object = 0) -> int:
        """A number of `count` bits."""
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit(HALF)
        return value


# By the first two bytes of the packed rows: what began with these when they were last seen.
_remembered: dict[bytes, _Beginning] = {}


def first_rows(payload: bytes) -> tuple[int, int, dict[int, int], list[Told]] | None:
    """Newest number, number of rows, steps by channel, and the first rows of a frame, two at most.

    None, or fewer rows than two, where something is not as usual.
    """
    try:
        head = _head(payload)
        if head is None:
            return None
        newest, age, rows, at = head
        packed = payload[at:] + _SPARE
        begins = _remembered.get(packed[:2])
        if begins is None or not (
            0 <= int.from_bytes(packed[: begins.size], "big") - begins.low < begins.width
        ):
            begins = _begin(packed)
            if begins is None:
                return None
        return newest, rows, begins.steps, _rows(packed, begins, (newest, age, rows))
    except IndexError:  # it ends too early
        return None


def _head(payload: bytes) -> tuple[int, int, int, int] | None:
    """Newest number, its age, number of rows, and where the packed ones begin. IndexError where it ends."""
    if payload[0] != _ARRAY or payload[1] != _VERSION:
        return None
    newest, at = _number(payload, 2)
    age, at = _number(payload, at)
    size = payload[at]
    if size == _LONG_STRING and payload[at + 1] >= _SHORT:
        at += 1
        size = payload[at]
    elif _STRING <= size < _STRING + _SHORT:
        size -= _STRING
    else:
        return None
    rows = payload[at + 1] + 1
    whole = at + 1 + size == len(payload)
    if newest < rows - 1 or not 0 <= age <= MAX_AGE or not whole:
        return None
    return newest, age, rows, at + 2


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number in its one form, and where the next item begins; -1 for anything else."""
    first = data[at]
    if first < _SHORT:
        return first, at + 1
    if first == _BYTE:
        number = data[at + 1]
        return (number if number >= _SHORT else -1), at + 2
    if first == _TWO:
        number = data[at + 1] << 8 | data[at + 2]
        return (number if number >= 0x100 else -1), at + 3
    if first == _FOUR:
        number = int.from_bytes(data[at + 1 : at + 5], "big")
        return (number if number >= 0x10000 else -1), at + 5
    return -1, at + 1


def _begin(packed: bytes) -> _Beginning | None:
    """Read the beginning with the wire's decoder, and remember it; None where it is not the usual one."""
    coder = _Coder(packed)
    if coder.code >= coder.width:
        return None
    try:
        channels = code_channels(coder, None)
    except WireError:
        return None
    steps = {}
    for channel, step in zip(channels, code_steps(coder, channels, None), strict=True):
        if step is None:
            return None
        steps[channel] = step
    if not steps or not coder.bit(_PLAIN_FIRST):
        return None
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    low = int.from_bytes(packed[: coder.at], "big") - coder.code
    begins = _remembered[packed[:2]] = _Beginning(coder.at, low, coder.width, steps)
    return begins


# ruff: noqa: PLR0912, PLR0915 - one function, for a call costs as much as three decisions
def _rows(packed: bytes, begins: _Beginning, told: tuple[int, int, int]) -> list[Told]:
    """The first row, and the second if it is as usual; `told`: newest number, its age, number of rows.

    The decision of probability p of docs/wire.md, again and again: the lower part of the interval is a 1.
    """
    newest, age, rows = told
    at, low, width, steps = begins
    code = int.from_bytes(packed[:at], "big") - low
    bottom = BOTTOM
    columns = len(steps)
    numbers: list[int] = []  # first values; behind them the seconds to the second row
    found: list[Told] = []
    while True:
        negative = False
        if len(numbers) == columns:
            cells = [Cell(channel, number * step, OK)
                     for (channel, step), number in zip(steps.items(), numbers, strict=True)]  # fmt: skip
            found.append(Told(newest, age if age <= OLDEST_S else None, tuple(cells)))
            if rows == 1:
                return found
            part = ((width >> 8) * _PLAIN_NEXT) >> 4
            if code >= part:
                return found
            width = part
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
            part = ((width >> 8) * _LIKELY) >> 4
            if code < part:  # one of the usual intervals
                width = part
                if width < bottom:
                    code, width, at = code << 8 | packed[at], width << 8, at + 1
                number = 0
                for _ in range(3):
                    part = width >> 8 << 7
                    if code < part:
                        width, number = part, number << 1 | 1
                    else:
                        code, width, number = code - part, width - part, number << 1
                    if width < bottom:
                        code, width, at = code << 8 | packed[at], width << 8, at + 1
                numbers.append(INTERVALS[number])
                break
            code, width = code - part, width - part
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
        # A number that stands for itself: sign, number of bits, bits.
        part = ((width >> 8) * _NEGATIVE) >> 4
        if code < part:
            width, negative = part, True
        else:
            code, width = code - part, width - part
        if width < bottom:
            code, width, at = code << 8 | packed[at], width << 8, at + 1
        part = ((width >> 8) * _USUAL_LENGTH) >> 4
        if code < part:
            width, length, bits = part, 0, 3
        else:
            code, width, length, bits = code - part, width - part, 0, 5
        if width < bottom:
            code, width, at = code << 8 | packed[at], width << 8, at + 1
        for _ in range(bits):
            part = width >> 8 << 7
            if code < part:
                width, length = part, length << 1 | 1
            else:
                code, width, length = code - part, width - part, length << 1
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
        if bits == 3:
            length += 7
        elif length > _LONGEST:
            return found
        number = 1 if length else 0
        for _ in range(length - 1):
            part = width >> 8 << 7
            if code < part:
                width, number = part, number << 1 | 1
            else:
                code, width, number = code - part, width - part, number << 1
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
        numbers.append(-number if negative else number)
        if len(numbers) > columns:
            break
    interval = numbers[columns]
    if interval < 0:
        return found
    cells = []
    for (channel, step), number in zip(steps.items(), numbers, strict=False):
        count = 0
        for chance in _DIFFERENCES:
            part = ((width >> 8) * chance) >> 4
            if code < part:
                width = part
                if width < bottom:
                    code, width, at = code << 8 | packed[at], width << 8, at + 1
                break
            code, width, count = code - part, width - part, count + 1
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
        if count == _FAR:  # what is beyond is written out: as many bits as 1s before them
            length, beyond = 0, 1
            while True:
                part = width >> 8 << 7
                one = code < part
                if one:
                    width, length = part, length + 1
                else:
                    code, width = code - part, width - part
                if width < bottom:
                    code, width, at = code << 8 | packed[at], width << 8, at + 1
                if not one:
                    break
            for _ in range(length):
                part = width >> 8 << 7
                if code < part:
                    width, beyond = part, beyond << 1 | 1
                else:
                    code, width, beyond = code - part, width - part, beyond << 1
                if width < bottom:
                    code, width, at = code << 8 | packed[at], width << 8, at + 1
            count += beyond - 1
        if count:
            part = width >> 8 << 7
            if code < part:
                width, count = part, -count
            else:
                code, width = code - part, width - part
            if width < bottom:
                code, width, at = code << 8 | packed[at], width << 8, at + 1
            number += count  # noqa: PLW2901
            if not -MAX_MAGNITUDE <= number <= MAX_MAGNITUDE:
                return found
        cells.append(Cell(channel, number * step, OK))
    age += interval
    found.append(Told(newest - 1, age if age <= OLDEST_S else None, tuple(cells)))
    return found
