"""Attenuated signal: a value that moves, but far less than the quantity does (QARTOD test 10, range form).

A sensor under a lid, in mud or with a failing amplifier. In the calm range little movement is natural.
"""

from luftpegel_gateway.checks.limits import Rule
from luftpegel_gateway.checks.rest import Runs


def is_attenuated(value: int, runs: Runs, rule: Rule) -> bool:
    """Whether `value`, the latest of its run, has moved too little for too long."""
    lasting, below, above = runs[3:]
    calm = value - below <= rule.calm_high and value + above >= rule.calm_low
    return lasting > rule.weak_after and not calm
