"""All five drivers with each radio run inside their budget, where objects are as large as an ESP32's."""

import pytest

from luftpegel_tools.bench.station import BUDGET_KIB, BUDGETS_KIB, run_wakes


@pytest.mark.parametrize("radio", BUDGETS_KIB)
def test_whole_wakes_with_the_largest_frames_fit_into_the_budget(radio):
    outcome = run_wakes(BUDGETS_KIB[radio], wakes=5, radio=radio)
    assert (outcome.newest_seq, outcome.rows, outcome.crashes) == (4, 5, 0)
    assert outcome.healthy


def test_too_small_a_heap_is_noticed():
    # Otherwise the test above would prove nothing.
    outcome = run_wakes(BUDGET_KIB // 2, wakes=2)
    assert outcome.crashes or outcome.newest_seq < 1


def test_three_hundred_wakes_leave_nothing_behind():
    outcome = run_wakes(BUDGET_KIB, wakes=300, frame_bytes=51)
    assert (outcome.newest_seq, outcome.crashes) == (299, 0)
    assert outcome.healthy
