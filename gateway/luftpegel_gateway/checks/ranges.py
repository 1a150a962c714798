"""Gross range: outside what the quantity can be. Local range: unusual for this place (QARTOD tests 4 and 5).

WMO-No. 8 calls them the plausible value check and its climatological form.
"""

from luftpegel_gateway.checks.limits import Rule
from luftpegel_gateway.model.quality import GROSS_RANGE, LOCAL_RANGE


def out_of_range(value: int, rule: Rule) -> int:
    """GROSS_RANGE, else LOCAL_RANGE where the station's own range is narrower, else 0."""
    if not rule.low <= value <= rule.high:
        return GROSS_RANGE
    return 0 if rule.local_low <= value <= rule.local_high else LOCAL_RANGE
