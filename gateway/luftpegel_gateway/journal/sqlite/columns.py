"""Payloads of one kind turned by a quarter: what stands at the same place in each of them, together.

A compressor finds what repeats from event to event, but has to say so anew for each of some forty places,
and that is half of what a compressed event costs. Cut at its quotation marks, an event of JSON falls into
the same number of pieces as its neighbours, and most of these are alike in all of them. Pieces of one length
(times, numbers in hexadecimal) are turned once more, digit by digit. Nothing is read or understood: any bytes
come back as they were, only those of other kinds no shorter.
"""

from collections.abc import Iterable, Sequence

import msgspec

MARK = b'"'  # what payloads are cut at; so no piece contains it, and it can stand between pieces
ALIKE, JOINED, BY_DIGIT = 0, 1, 2  # one for all; one after the other; first bytes of all, second bytes of all
FEW = 8  # payloads on average that a shape must have, or it is not worth while


class Turned(msgspec.Struct, frozen=True, array_like=True):
    """Payloads as columns. `shapes`: of each payload, in their order, which of `tables` it lies in.

    A table is the pieces of its payloads, place by place: how they lie there, and the bytes.
    """

    shapes: list[int]
    tables: list[list[tuple[int, bytes]]]


def turn(payloads: Sequence[bytes]) -> Turned | None:
    """The payloads as columns, or None when they have too little in common."""
    cut = [payload.split(MARK) for payload in payloads]
    numbers: dict[int, int] = {}
    shapes = [numbers.setdefault(len(pieces), len(numbers)) for pieces in cut]
    if len(numbers) * FEW > len(payloads):
        return None
    rows: list[list[list[bytes]]] = [[] for _ in numbers]
    for shape, pieces in zip(shapes, cut, strict=True):
        rows[shape].append(pieces)
    return Turned(shapes, [[_column(places) for places in zip(*table, strict=True)] for table in rows])


def turn_back(turned: Turned) -> list[bytes]:
    """What `turn` was given."""
    counts = [0] * len(turned.tables)
    for shape in turned.shapes:
        counts[shape] += 1
    tables = [iter(_rows(table, count)) for table, count in zip(turned.tables, counts, strict=True)]
    return [next(tables[shape]) for shape in turned.shapes]


def _column(places: Sequence[bytes]) -> tuple[int, bytes]:
    first = places[0]
    if places.count(first) == len(places):
        return ALIKE, first
    length = len(first)
    if length and all(len(piece) == length for piece in places):
        told = b"".join(places)
        return BY_DIGIT, b"".join([told[digit::length] for digit in range(length)])
    return JOINED, MARK.join(places)


def _rows(table: Sequence[tuple[int, bytes]], count: int) -> Iterable[bytes]:
    columns = [_pieces(way, told, count) for way, told in table]
    return (MARK.join(pieces) for pieces in zip(*columns, strict=True))


def _pieces(way: int, told: bytes, count: int) -> Sequence[bytes]:
    if way == ALIKE:
        return [told] * count
    if way == JOINED:
        return told.split(MARK)
    return [told[row::count] for row in range(count)]
