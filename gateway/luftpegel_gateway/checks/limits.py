"""What a station's values are held against: the table's limits, narrowed by stations.toml, ready for use.

A limit that is not checked is `NEVER`, a number that nothing exceeds, so that checks need not ask.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from luftpegel_gateway.checks.contradictions import Companion, companions_of
from luftpegel_gateway.checks.table import REACH_S, TABLE, Row
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.station import Limit, Station

NEVER = 1 << 62


class Rule(msgspec.Struct, frozen=True):
    """All limits of one channel: base units and seconds."""

    low: int
    high: int
    local_low: int
    local_high: int
    reach: int  # values further apart are not held against each other
    rate: int
    jump: int
    spike: int
    noise: int  # percent of the usual step; 0: not asked
    least: int  # no change up to this is a spike or steep
    flat: int
    flat_within: int
    calm_low: int
    calm_high: int
    calm_flat: int
    weak: int
    weak_after: int
    neighbour: int
    remembers: bool  # whether any check needs the past
    companions: tuple[Companion, ...]


class Limits(msgspec.Struct, frozen=True):
    """The rules of one station by channel; channels that the table does not know have none."""

    rules: Mapping[int, Rule]


def limits_for(station: Station) -> Limits:
    """The limits of a station; stations that are alike share them."""
    if not station.limits:
        return _limits(station.interval_s, ())
    return _limits(station.interval_s, tuple(sorted(station.limits.items(), key=_by_name)))


def _by_name(item: tuple[str, Limit]) -> str:
    return item[0]


@lru_cache(maxsize=1024)
def _limits(interval_s: int, narrowed: tuple[tuple[str, Limit], ...]) -> Limits:
    own = dict(narrowed)
    reach = max(REACH_S, 3 * interval_s)
    rules = {}
    for name, row in TABLE.items():
        for channel in (2 * row.number, 2 * row.number + 1):
            limit = own.get(name_of(channel)) or own.get(name) or Limit()
            rules[channel] = _rule(channel, row, limit, reach)
    return Limits(rules)


def _rule(channel: int, row: Row, own: Limit, reach: int) -> Rule:
    """The table's row with what the station narrows."""
    rate = _first(own.rate, row.rate)
    jump = _first(own.jump, row.jump)
    spike = _first(own.spike, row.spike)
    flat = _first(own.flat, row.flat)
    weak = row.weak or 0
    low, high = row.calm or (NEVER, -NEVER)
    return Rule(
        low=row.low,
        high=row.high,
        local_low=_first(own.low, row.low),
        local_high=_first(own.high, row.high),
        reach=reach,
        rate=rate,
        jump=jump,
        spike=spike,
        noise=row.noise,
        least=min(rate, jump, spike // 2),
        flat=flat,
        flat_within=_first(own.flat_within, row.flat_within),
        calm_low=low,
        calm_high=high,
        calm_flat=max(flat, _first(row.calm_flat)),
        weak=weak,
        weak_after=_first(row.weak_after),
        neighbour=_first(own.neighbour, row.neighbour),
        remembers=min(rate, jump, spike, flat) < NEVER,
        companions=companions_of(channel),
    )


def _first(*limits: int | None) -> int:
    """The first limit that there is."""
    return next((limit for limit in limits if limit is not None), NEVER)
