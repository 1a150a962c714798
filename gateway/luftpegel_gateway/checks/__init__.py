"""Quality control of what stations tell, after published practice (docs/quality.md): flags, never drops.

One pure file a check; `runner` folds them over the readings of one life in order of their numbers. What a
check must remember of the past is a few integers in each value's memo (`memory`), so that a new reading costs
the same whatever the history, and a verdict depends on the readings alone, never on the order in which they
came.
All numbers come from `spec/channels.toml` (`table`), or from the station's own limits (`limits`).
"""

from luftpegel_gateway.checks.explain import explain
from luftpegel_gateway.checks.limits import Limits, limits_for
from luftpegel_gateway.checks.neighbours import judge_neighbours
from luftpegel_gateway.checks.runner import REACH_AFTER, REACH_BEFORE, judge, waits

__all__ = [
    "REACH_AFTER",
    "REACH_BEFORE",
    "Limits",
    "explain",
    "judge",
    "judge_neighbours",
    "limits_for",
    "waits",
]
