import pytest

from luftpegel_tools.town.demo import GRACE_WAKES, Day
from luftpegel_tools.town.town import Wishes

HOUR_US = 3_600_000_000


@pytest.fixture
def live(tmp_path):
    """Live through some virtual hours of a town with a real gateway.

    `prepare(day)` may plan events on the day's clock. Gives the day, still standing, and {kind: result}.
    """
    days = []

    def run(hours, *, kills=0, prepare=None, grace_wakes=GRACE_WAKES, **wishes):
        folder = tmp_path / str(len(days))
        day = Day(folder, Wishes(**wishes), days=hours / 24, kills=kills, grace_wakes=grace_wakes)
        days.append(day)
        if prepare:
            prepare(day)
        return day, {result.kind: result for result in day.run(lambda _: None)}

    yield run
    for day in days:
        day.__exit__()


@pytest.fixture
def at():
    """Plan a call at a virtual hour of the day."""

    def plan(day, hour, call, *args):
        day.town.clock.call_at(day.since_us + round(hour * HOUR_US), call, *args)

    return plan
