"""Neighbour stations: a value that differs from those around: QARTOD test 13, WMO's spatial consistency.

It is held against the median of what they told at about that time, so that one of three that is wrong itself
changes nothing. One neighbour alone raises the doubt as well: which of the two is wrong, a person decides.
"""

from collections.abc import Mapping, Sequence

import msgspec

from luftpegel_gateway.checks.limits import Limits
from luftpegel_gateway.model.quality import NEIGHBOUR
from luftpegel_gateway.model.readings import Cell, Reading


def judge_neighbours(reading: Reading, around: Mapping[int, Sequence[int]], limits: Limits) -> Reading:
    """The reading with NEIGHBOUR set or cleared in each cell; other flags stand.

    `around` has for each channel the good values of the neighbours at about the reading's time.
    """
    cells = tuple(_judge(cell, around.get(cell.channel, ()), limits) for cell in reading.cells)
    if cells == reading.cells:
        return reading
    return msgspec.structs.replace(reading, cells=cells)


def _judge(cell: Cell, around: Sequence[int], limits: Limits) -> Cell:
    rule = limits.rules.get(cell.channel)
    flags = cell.flags & ~NEIGHBOUR
    if cell.value is not None and rule is not None and around:
        ordered = sorted(around)
        middle = len(ordered) // 2
        twice = ordered[middle] + ordered[~middle]  # twice the median
        if abs(2 * cell.value - twice) > 2 * rule.neighbour:
            flags |= NEIGHBOUR
    return cell if flags == cell.flags else Cell(cell.channel, cell.value, cell.wire, flags, cell.memo)
