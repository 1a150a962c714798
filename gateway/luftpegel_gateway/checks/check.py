"""Checks of a value: out of range, changed too fast, stuck, clock standing still. They flag, they never drop.

Each check is a small pure function that answers a quality number or None; the first that objects wins. What
the station flagged itself stands: it knows more about its sensor than we do.
"""

from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_gateway.model.quantities import Quantity, of_channel
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_wire.quality import FLAT, OK, RANGE, RATE, STALE


@dataclass(frozen=True, slots=True)
class Moment:
    """One value in its place: the reading before it (by name), and both times in unix seconds."""

    quantity: Quantity
    value: int
    time: int | None
    before: Cell | None
    time_before: int | None

    @property
    def elapsed(self) -> int | None:
        """Seconds since the reading before, or None when a clock was missing."""
        if self.time is None or self.time_before is None:
            return None
        return self.time - self.time_before


def out_of_range(moment: Moment) -> int | None:
    """RANGE when the value lies outside what the quantity can be."""
    low, high = moment.quantity.low, moment.quantity.high
    below = low is not None and moment.value < low
    above = high is not None and moment.value > high
    return RANGE if below or above else None


def too_fast(moment: Moment) -> int | None:
    """RATE when the value moved further since the reading before than the quantity moves in that time."""
    limit, elapsed = moment.quantity.rate, moment.elapsed
    if (
        limit is None
        or elapsed is None
        or elapsed <= 0
        or moment.before is None
        or moment.before.value is None
    ):
        return None
    # A minute at least: with shorter intervals one step of the wire would already look like a jump.
    return RATE if abs(moment.value - moment.before.value) * 60 > limit * max(elapsed, 60) else None


def flat(moment: Moment) -> int | None:
    """FLAT when the value has not moved by a step for longer than this quantity rests."""
    limit, since = moment.quantity.flat, unchanged_since(moment)
    if limit is None or since is None or moment.time is None:
        return None
    return FLAT if moment.time - since > limit else None


def clock_stands(moment: Moment) -> int | None:
    """STALE when a later sequence number claims a time that is not later: the same sample sent again."""
    elapsed = moment.elapsed
    return STALE if elapsed is not None and elapsed <= 0 else None


CHECKS: tuple[Callable[[Moment], int | None], ...] = (out_of_range, too_fast, clock_stands, flat)


def unchanged_since(moment: Moment) -> int | None:
    """Since when (unix seconds) the channel has shown this very value."""
    if moment.before is not None and moment.before.value == moment.value and moment.before.since is not None:
        return moment.before.since
    return moment.time


def check_cell(cell: Cell, time: int | None, before: Cell | None, time_before: int | None) -> Cell:
    """The cell with its quality after all checks, and since when it is unchanged."""
    quantity = of_channel(cell.channel)
    if quantity is None or cell.value is None:
        return cell
    moment = Moment(quantity, cell.value, time, before, time_before)
    found = cell.wire or next((quality for check in CHECKS if (quality := check(moment)) is not None), OK)
    return Cell(cell.channel, cell.value, cell.wire, found, unchanged_since(moment))


def check_reading(reading: Reading, before: Reading | None) -> Reading:
    """The reading with every cell checked against `before`, the nearest older reading that has a name."""
    cells_before = {cell.channel: cell for cell in before.cells} if before else {}
    time_before = before.time if before else None
    cells = tuple(
        check_cell(cell, reading.time, cells_before.get(cell.channel), time_before) for cell in reading.cells
    )
    return Reading(reading.seq, reading.time, cells)


def silent(last_heard: int | None, now: int, interval_s: int) -> bool:
    """Whether a station is overdue: unheard for three intervals, and for ten minutes at least."""
    return last_heard is None or now - last_heard > max(3 * interval_s, 600)
