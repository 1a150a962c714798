"""What the values of one reading say of each other: QARTOD test 11, WMO-No. 8's internal consistency.

Freezing water, dust in fog, a part larger than its whole, a dew point that cannot be. Each check is a
function of the reading's values by channel (the judged one and the sound ones beside it) to a flag or 0.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from luftpegel_gateway.checks.table import DEW_POINT, DEW_POINT_ABOVE, PARTS, TABLE
from luftpegel_gateway.model.quality import CONTRADICTORY, FREEZING, HUMID

Values = Mapping[int, int]
# A channel without which there is nothing to ask, and the check.
Companion = tuple[int, Callable[[Values], int]]
_DEGREE = 100  # base units of temperature
_SATURATED = 10000  # base units of humidity


def freezing(water: int, limit: int, values: Values) -> int:
    """FREEZING where the water is colder than water can be: it, or the sensor in it, is ice."""
    return FREEZING if values.get(water, limit) < limit else 0


def humid(air: int, limit: int, values: Values) -> int:
    """HUMID where the air is so moist that droplets count as dust."""
    return HUMID if values.get(air, limit) > limit else 0


def part(less: int, more: int, share: int, slack: int, values: Values) -> int:
    """CONTRADICTORY where a part exceeds its whole by more than `share` percent and `slack` base units."""
    some, whole = values.get(less), values.get(more)
    if some is None or whole is None:
        return 0
    return CONTRADICTORY if 100 * (some - slack) > whole * (100 + share) else 0


def too_moist(heat: int, moisture: int, values: Values) -> int:
    """CONTRADICTORY where heat and moisture together make a dew point that no air on Earth has."""
    degrees = values.get(heat, 0)
    if degrees <= DEW_POINT or moisture not in values:
        return 0
    return CONTRADICTORY if dew_point(degrees, values[moisture]) > DEW_POINT else 0


def colder_than_dew(heat: int, moisture: int, other: int, values: Values) -> int:
    """CONTRADICTORY where the sensor `other` is colder than the dew point of the first sensor's air."""
    cold = values.get(other)
    if cold is None or moisture not in values or values.get(heat, cold) <= cold + DEW_POINT_ABOVE:
        return 0
    dew = dew_point(values[heat], values[moisture])
    return CONTRADICTORY if dew > cold + DEW_POINT_ABOVE else 0


def dew_point(heat: int, moisture: int) -> int:
    """Dew point in base units of temperature, by the Magnus formula over water (WMO-No. 8, annex 4.B)."""
    degrees = heat / _DEGREE
    strength = math.log(max(moisture, 1) / _SATURATED) + 17.62 * degrees / (243.12 + degrees)
    return round(_DEGREE * 243.12 * strength / (17.62 - strength))


def companions_of(channel: int) -> tuple[Companion, ...]:
    """The checks that tell something of a channel."""
    return tuple(
        (next((other for other in needed if other != channel), channel), check)
        for flagged, needed, check in _all()
        if channel in flagged
    )


def _all() -> Iterator[tuple[tuple[int, ...], tuple[int, ...], Callable[[Values], int]]]:
    """Every check with the channels that it flags and those that it needs, the rarest first.

    First sensors go with first ones, second with second; but any water may freeze, and any air be moist.
    """
    for name, row in TABLE.items():
        if row.freezing is not None:
            for water in _both(name):
                flagged = (water, *_both("level"), *_both("distance"))
                yield flagged, (water,), partial(freezing, water, row.freezing)
        if row.humid is not None:
            for air in _both("humidity"):
                yield _both(name), (air,), partial(humid, air, row.humid)
    for less, more, share, slack in PARTS:
        for pair in zip(_both(less), _both(more), strict=True):
            yield pair, pair, partial(part, *pair, share, slack)
    heats = _both("temperature")
    for heat, air, other in zip(heats, _both("humidity"), reversed(heats), strict=True):
        yield (heat, air), (heat, air), partial(too_moist, heat, air)
        three = other, heat, air
        yield three, three, partial(colder_than_dew, heat, air, other)


def _both(name: str) -> tuple[int, int]:
    """The channels of a quantity's first and second sensor."""
    return 2 * TABLE[name].number, 2 * TABLE[name].number + 1
