"""When to ask a station for readings again, and for which. Pure: a life's gaps in, a request out.

Every uplink carries history, so most gaps heal before they are seen here: a gap that is still open under a
new frame lies deeper than its history reaches, and the next frame will reach no deeper. Then the station is
asked, one request at a time. A request that stays unanswered is repeated after some uplinks, later and later,
after the other gaps had their turn: a gap that no station can fill holds up no other. Time is counted in
uplinks, because a class A station listens only after one, and no clock can spoil that.
"""

import uuid
from collections.abc import Sequence

from luftpegel_gateway.model.intervals import Range
from luftpegel_gateway.model.state import Asked

LARGEST_REQUEST = 64  # readings: about two full frames at the lowest data rate
FIRST_PATIENCE = 3  # uplinks: one takes the request down, the next brings the answer, one may be lost
LONGEST_PATIENCE = 48
_NAMESPACE = uuid.UUID("5d0f1c2e-7f0b-5c39-9d0c-6c7566747065")


def plan(asked: Asked | None, gaps: Sequence[Range]) -> tuple[Asked | None, bool]:
    """What is outstanding after this uplink, and whether to send it now.

    A gap that shrank or changed means that the station answered: the next request goes out at once.
    """
    if not gaps:
        return None, False
    if asked is None:
        return _request(gaps[0], FIRST_PATIENCE), True
    same = next((gap for gap in gaps if _request(gap, 0).first == asked.first), None)
    if same is None or _request(same, 0).count != asked.count:
        return _request(_next(asked.first - 1, gaps)[0], FIRST_PATIENCE), True
    if asked.uplinks + 1 < asked.patience:
        return Asked(asked.first, asked.count, asked.uplinks + 1, asked.patience), False
    gap, again = _next(asked.first, gaps)
    patience = min(2 * asked.patience, LONGEST_PATIENCE) if again else asked.patience
    return _request(gap, patience), True


def request_id(dev_eui: str, life: int, asked: Asked) -> str:
    """The same UUID for the same question: the network server's queue holds it once."""
    return str(uuid.uuid5(_NAMESPACE, f"{dev_eui}/{life}/{asked.first}/{asked.count}"))


def _request(gap: Range, patience: int) -> Asked:
    """The beginning of a gap, cut to one request: the station overwrites the oldest first."""
    first, last = gap
    return Asked(first, min(last - first + 1, LARGEST_REQUEST), 0, patience)


def _next(behind: int, gaps: Sequence[Range]) -> tuple[Range, bool]:
    """The gap whose turn is next, and whether all had theirs."""
    place = next((place for place, gap in enumerate(gaps) if gap[0] > behind), None)
    return (gaps[0], True) if place is None else (gaps[place], False)
