"""What the checks remember of a channel's past, as the few integers of `Cell.memo`.

    rest seconds, below, above      of the flat line's run (rest.py)
    weak seconds, below, above      of the attenuated signal's run
    [anchor value, anchor time]     the last value before a steep one, while a return to it may be expected
    [value, time, anchor ...]       instead, where the cell's own value serves as nobody's neighbour

Runs are relative to the last value that serves: the cell's own, or the one in the memo.
"""

from collections.abc import Sequence

from luftpegel_gateway.checks.rest import STILL, Runs
from luftpegel_gateway.model.readings import Cell, Reading

Memo = tuple[int, ...]
# The last value of a channel that serves, its time, the anchor (the same, unless it was steep), and the runs.
Past = tuple[int, int, int, int, Runs]
NOTHING: Memo = ()
_RUNS = len(STILL)


def find(channel: int, known: Sequence[Reading]) -> tuple[Cell, int | None] | None:
    """The latest cell of a channel among `known`, with its reading's time."""
    for reading in reversed(known):
        for cell in reading.cells:
            if cell.channel == channel:
                return cell, reading.time
    return None


def recall(cell: Cell, time: int | None) -> Past | None:
    """What a cell of a reading at `time` remembers of the past up to it; None where nothing is known yet."""
    memo, value = cell.memo, cell.value
    size = len(memo)
    if size == _RUNS and value is not None and time is not None:
        return value, time, value, time, memo  # type: ignore[return-value] # six integers
    runs: Runs = memo[:_RUNS]  # type: ignore[assignment]
    if size == _RUNS + 2 and value is not None and time is not None:
        return value, time, memo[-2], memo[-1], runs
    if size == _RUNS + 4:
        return memo[-4], memo[-3], memo[-2], memo[-1], runs
    return None


def carry(past: Past | None) -> Memo:
    """The memo of a cell that serves as nobody's neighbour: the past goes on as it was."""
    return NOTHING if past is None else (*past[4], *past[:4])


def keep(runs: Runs, past: Past, steep: bool, returned: bool, until: int) -> Memo:
    """The memo of a cell whose own value serves, which comes after `past`.

    After a steep value the one before it stays the anchor, until a value returns to it or its time is over:
    `until` is the oldest time (Unix seconds) that an anchor may have.
    """
    value, time, anchor, anchored_at, _ = past
    if anchored_at != time and anchored_at >= until and not returned:
        return (*runs, anchor, anchored_at)
    return (*runs, value, time) if steep else runs
