"""Two tellings of one reading: do they agree, and what does the second one add?

A reading is told by some forty frames. Values may come in coarser steps from one frame than from another;
the time is the truest where the reading was the youngest, for the frame's own error is the same for all its
rows and a sleeping board's clock runs up to several per cent wrong.
"""

from collections.abc import Mapping, Sequence

from luftpegel_gateway.decode.uplink import Told
from luftpegel_gateway.model.readings import Reading

SLACK_S = 60  # a frame waits for its slot after the ages were taken
SLACK_SHARE = 20  # one part in twenty of the age


def tolerance(age: int | None) -> int:
    """How far two tellings of one time may differ, seconds."""
    return SLACK_S + (age or 0) // SLACK_SHARE


def comparable(known: Reading, told: Told) -> bool:
    """Whether both tell a channel in common."""
    if known.cells and told.cells and known.cells[0].channel == told.cells[0].channel:
        return True
    here = {cell.channel for cell in known.cells}
    return any(cell.channel in here for cell in told.cells)


def same_values(known: Reading, told: Told, steps: Mapping[int, int]) -> bool:
    """Whether no channel that both tell contradicts."""
    return contradiction(known, told, steps) is None


def contradiction(known: Reading, told: Told, steps: Mapping[int, int]) -> str | None:
    """The first channel that differs, in words; None when the tellings agree."""
    mine = known.cells
    for place, cell in enumerate(told.cells):
        before = mine[place] if place < len(mine) else None
        if before is None or before.channel != cell.channel:
            before = next((other for other in mine if other.channel == cell.channel), None)
        if before is None:
            continue
        ours, theirs = before.value, cell.value
        if ours == theirs:
            continue
        if ours is None or theirs is None or abs(ours - theirs) > steps[cell.channel]:
            return f"channel {cell.channel} is {theirs}, known with {ours}"
    return None


def covers(known: Reading, told: Told) -> bool:
    """Whether the telling adds nothing: no channel is new, and the known time is told at least as truly."""
    if len(told.cells) > len(known.cells) or not known.cells:
        return False
    if told.age is not None and (known.age is None or known.age > told.age):
        return False
    if all(ours.channel == theirs.channel for ours, theirs in zip(known.cells, told.cells, strict=False)):
        return True
    here = {cell.channel for cell in known.cells}
    return all(cell.channel in here for cell in told.cells)


def merged(known: Reading, told: Told, received_s: int, *, unsure: bool) -> Reading:
    """The known reading with what the telling adds: channels of its own, and a truer time."""
    here = {cell.channel for cell in known.cells}
    added = tuple(cell for cell in told.cells if cell.channel not in here)
    cells = tuple(sorted(known.cells + added, key=lambda cell: cell.channel)) if added else known.cells
    time, age, doubt = known.time, known.age, known.unsure
    if told.age is not None and (known.age is None or told.age < known.age):
        time, age, doubt = received_s - told.age, told.age, unsure
    return Reading(known.seq, time, cells, age, doubt, known.revision, known.recorded)


def informative(rows: Sequence[Told]) -> bool:
    """Whether agreement of these rows means something: values that rest agree with any other board's."""
    return len({tuple(cell.value for cell in row.cells) for row in rows if row.cells}) > 1
