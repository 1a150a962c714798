"""The table of faults is whole: every sink and source that there is stands in it, and the page shows it."""

from pathlib import Path

import pytest
from tests.faults import report
from tests.faults.far_ends import FAR_ENDS
from tests.faults.faults import FAULTS
from tests.faults.near_ends import ELSEWHERE, NEAR_ENDS
from tests.faults.runs import SINKS, SOURCES, cells, class_of_part

from luftpegel_gateway import sinks, sources

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
PROMISES = {"once", "at least once", "at most once"}


def test_every_sink_and_every_source_has_its_other_end():
    """A new one is here by a class that names how its other end is reached, stopped, refused and counted."""
    assert set(FAR_ENDS) == set(sinks.SINKS)
    assert set(NEAR_ENDS) | set(ELSEWHERE) == set(sources.SOURCES)
    assert not set(NEAR_ENDS) & set(ELSEWHERE)


@pytest.mark.parametrize(("kind", "test"), ELSEWHERE.items())
def test_a_source_that_is_tried_elsewhere_is_killed_there(kind, test):
    text = (REPOSITORY / test).read_text(encoding="utf-8")
    assert kind in text
    assert "kill" in text
    assert f"`{kind}`" in PAGE


PARTS = [*((SINKS, kind) for kind in FAR_ENDS), *((SOURCES, kind) for kind in NEAR_ENDS)]


@pytest.mark.parametrize(("group", "kind"), PARTS)
def test_what_cannot_be_is_a_fault_with_a_reason(group, kind):
    part = class_of_part(group, kind)
    assert part.kind == kind
    assert part.promise in PROMISES
    assert set(part.without) <= set(FAULTS)
    assert all(len(reason) > 20 for reason in part.without.values())


def test_the_page_has_every_cell_with_its_figures():
    shown = {tuple(line.split(" | ")[:2]): line for line in PAGE.splitlines() if line.startswith("| ")}
    for group, fault, kind, why_not in cells():
        line = shown[f"| {fault}", f"{group} {kind}"]
        counts = [word.strip() for word in line.split("|")[3:9]]
        if why_not:
            assert why_not in line
        else:
            assert all(word.isdigit() for word in counts), line
            assert (counts[2], counts[5]) == ("0", "0"), line
    assert report.meanings() in PAGE


def test_a_run_that_failed_is_told(tmp_path, capsys):
    file = tmp_path / "faults.json"
    report.write(file, {(SINKS, "kill"): AssertionError("it broke")}, 1, 10)
    assert report.main([str(file)]) == 1
    assert "FAILED: it broke" in capsys.readouterr().out
