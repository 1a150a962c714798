"""All five drivers with each radio run inside their budget, where objects are as large as an ESP32's."""

import pytest

from luftpegel_tools.figures.station import ASK_EVERY, BUDGET_KIB, BUDGETS_KIB, MOST_BYTES, run_wakes


@pytest.mark.parametrize(("frame_bytes", "wakes", "cuts"), [(51, 30, 1), (MOST_BYTES, 60, 2)])
@pytest.mark.parametrize("radio", BUDGETS_KIB)
def test_wakes_with_joins_and_requests_fit_into_the_budget(radio, frame_bytes, wakes, cuts):
    assert wakes > ASK_EVERY
    outcome = run_wakes(BUDGETS_KIB[radio], wakes, frame_bytes=frame_bytes, radio=radio, power_cuts=cuts)
    assert (outcome.crashes, outcome.joins) == (0, 1 + cuts)
    assert outcome.newest_seq >= wakes - 1
    assert frame_bytes // 2 < outcome.frame_bytes <= frame_bytes
    assert outcome.healthy


def test_too_small_a_heap_is_noticed():
    # Otherwise the test above would prove nothing.
    outcome = run_wakes(BUDGET_KIB // 2, wakes=2)
    assert outcome.crashes or outcome.newest_seq < 1
