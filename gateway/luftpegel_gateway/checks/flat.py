"""Flat line: a value that has not moved for longer than the quantity rests (QARTOD test 8).

Some rest is natural: air is saturated in fog, water that freezes stays at zero, clean air has no dust. There
the limit is the longer one of the calm range.
"""

from luftpegel_gateway.checks.limits import Rule
from luftpegel_gateway.checks.rest import Runs


def is_flat(value: int, runs: Runs, rule: Rule) -> bool:
    """Whether `value`, the latest of its run, has rested for too long."""
    lasting, below, above = runs[:3]
    calm = value - below <= rule.calm_high and value + above >= rule.calm_low
    return lasting > (rule.calm_flat if calm else rule.flat)
