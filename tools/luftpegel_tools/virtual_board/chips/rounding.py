"""How a chip states what its raw bytes mean: exactly, and only then rounded to a base unit."""

import math
from fractions import Fraction


def base_units(exact: Fraction) -> int:
    """The nearest whole number; halves go up, as in the drivers' contract."""
    return math.floor(exact + Fraction(1, 2))


def clamp(value: int, lowest: int, highest: int) -> int:
    """`value` within `lowest`..`highest`, as a converter of limited width gives it."""
    return min(highest, max(lowest, value))
