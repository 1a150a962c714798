"""Every cell of the table of faults: nothing is lost, nothing waits for ever, nothing is there twice where
that is promised. `make faults` prints the counts."""

import pytest
from tests.faults.runs import cells, class_of_part

CELLS = [(group, fault, kind) for group, fault, kind, why_not in cells() if not why_not]


@pytest.mark.parametrize(("group", "fault", "kind"), CELLS, ids=lambda word: word)
def test_cell(runs, group, fault, kind):
    cell = runs.cell(group, fault, kind)
    print(cell)
    assert cell.sent > 0
    assert (cell.lost, cell.waiting) == (0, 0)
    if class_of_part(group, kind).promise != "at least once":
        assert cell.doubled == 0
