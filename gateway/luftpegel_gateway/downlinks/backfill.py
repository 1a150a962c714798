"""When to ask a station for readings again, and for which. Pure: a station's gaps in, a request out.

Every uplink carries history, so most gaps heal before they are seen here: a gap that is still open under a
new frame lies deeper than its history reaches, and the next frame will reach no deeper. Then the station is
asked, one request at a time. A request that stays unanswered is repeated after some uplinks, later and later;
time is counted in uplinks because a class A station listens only after one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from luftpegel_gateway.model.intervals import Range

LARGEST_REQUEST = 64  # readings: about two full frames at the lowest data rate
FIRST_PATIENCE = 3  # uplinks: one takes the request down, the next brings the answer, one may be lost
LONGEST_PATIENCE = 48
_NAMESPACE = uuid.UUID("5d0f1c2e-7f0b-5c39-9d0c-6c7566747065")


@dataclass(frozen=True, slots=True)
class Asked:
    """The outstanding request, how many uplinks came since, and how many it may take."""

    first: int
    count: int
    uplinks: int = 0
    patience: int = FIRST_PATIENCE


def oldest_gap(missing: Sequence[Range]) -> Range | None:
    """What to ask for first: the oldest gap, which the station overwrites first, cut to one request."""
    if not missing:
        return None
    first, last = missing[0]
    return first, min(last, first + LARGEST_REQUEST - 1)


def plan(asked: Asked | None, wanted: Range | None) -> tuple[Asked | None, bool]:
    """What is outstanding after this uplink, and whether to send it now.

    A gap that shrank or changed means that the station answered: the next request goes out at once.
    """
    if wanted is None:
        return None, False
    first, count = wanted[0], wanted[1] - wanted[0] + 1
    if asked is None or (asked.first, asked.count) != (first, count):
        return Asked(first, count), True
    if asked.uplinks + 1 < asked.patience:
        return Asked(first, count, asked.uplinks + 1, asked.patience), False
    return Asked(first, count, 0, min(2 * asked.patience, LONGEST_PATIENCE)), True


def request_id(dev_eui: str, asked: Asked) -> str:
    """The same UUID for the same question: the network server's queue holds it once."""
    return str(uuid.uuid5(_NAMESPACE, f"{dev_eui}/{asked.first}/{asked.count}"))
