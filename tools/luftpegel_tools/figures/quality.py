"""What the gateway's checks find in real series, and what they flag that is good. No stage of it is timed.

Labelled faults are the single wrong values that a technician mended or a filter finds; injected ones are put
into the series at random but the same places: spikes of two to ten times the limit, and rest for as long as
the limit and a day.
Hits are given against the aim of 90 %, false alarms (flagged among the rows without a label, which in series
without labels are all rows) against the aim of 0.1 %.
"""

import random
from collections.abc import Iterator, Sequence

from luftpegel_gateway.checks.table import TABLE
from luftpegel_gateway.model.quality import FLAGS, FLAT, SPIKE
from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.quality_series import Rows, Series, all_series

_HITS, _ALARMS = 90.0, 0.1  # percent: the aims
_EACH = 100  # one row in so many gets a spike
_APART = 12
_DAY = 86400
_BEFORE_REST = 50


def measure() -> Iterator[Figure]:
    """Hits and false alarms of each series, then of each check over all series."""
    alarms: dict[int, int] = dict.fromkeys(FLAGS, 0)
    good = 0
    for series in all_series():
        flags = series.judged()
        sound = [row for row, (_, value) in enumerate(series.rows) if value is not None]
        sound = [row for row in sound if row not in series.faulty]
        good += len(sound)
        for flag in alarms:
            alarms[flag] += sum(bool(flags[row] & flag) for row in sound)
        flagged = sum(bool(flags[row]) for row in sound)
        yield _figure(f"{series.name}: good rows flagged", flagged, sound, _ALARMS)
        yield from _hits(series, flags)
    for flag, count in alarms.items():
        if count:
            yield _figure(f"all series: good rows flagged {FLAGS[flag][0]}", count, range(good), _ALARMS)


def _hits(series: Series, flags: Sequence[int]) -> Iterator[Figure]:
    """Labelled and injected faults that are flagged."""
    if series.isolated:
        hit = sum(bool(flags[row]) for row in series.isolated)
        yield _figure(f"{series.name}: single labelled faults found", hit, series.isolated, _HITS)
    row = TABLE[series.quantity]
    if row.spike is not None:
        rows, places = _spiked(series, row.spike, row.low, row.high)
        found = series.judged(rows)
        hit = sum(bool(found[place] & SPIKE) for place in places)
        yield _figure(f"{series.name}: injected spikes found", hit, places, _HITS)
    if row.flat is not None:
        rows, places = _resting(series, row.flat)
        found = series.judged(rows)
        hit = sum(bool(found[place] & FLAT) for place in places)
        if places:
            yield _figure(f"{series.name}: rest beyond the limit found", hit, places, _HITS)


def _figure(name: str, part: int, whole: Sequence[int] | frozenset[int] | range, aim: float) -> Figure:
    percent = 100 * part / max(1, len(whole))
    return Figure(name, percent, f"% of {len(whole)}", f"aim of {aim:g} %", percent / aim)


def _spiked(series: Series, limit: int, low: int, high: int) -> tuple[Rows, list[int]]:
    """The series with single values moved by two to ten limits, far from each other and from known faults."""
    luck = random.Random(series.name)  # noqa: S311  (no secret: the same places on each run)
    rows = list(series.rows)
    places: list[int] = []
    for place in sorted(luck.sample(range(_APART, len(rows) - _APART), len(rows) // _EACH)):
        near = rows[place - _APART : place + _APART]
        value = rows[place][1]
        sound = all(other is not None and low <= other <= high for _, other in near)
        labelled = not series.faulty.isdisjoint(range(place - _APART, place + _APART))
        if value is None or not sound or labelled:
            continue
        moved = value + luck.choice((-1, 1)) * luck.randrange(2 * limit, 10 * limit)
        if low <= moved <= high and (not places or place - places[-1] > _APART):
            rows[place] = rows[place][0], moved
            places.append(place)
    return rows, places


def _resting(series: Series, limit: int) -> tuple[Rows, list[int]]:
    """The series with a sensor that stops moving; the rows by which it has rested too long, a day of them.

    Where it lies in the quantity's calm range, rest is natural, and there are none.
    """
    row = TABLE[series.quantity]
    rows = list(series.rows)
    value = next(value for _, value in rows[_BEFORE_REST:] if value is not None)
    if row.calm is not None and row.calm[0] <= value <= row.calm[1]:
        return rows, []
    step = series.interval_s
    start = rows[_BEFORE_REST][0]
    first, last = limit // step + 1, (limit + _DAY) // step
    stuck = [(start + step * place, value) for place in range(last + 1)]
    return [*rows[:_BEFORE_REST], *stuck], list(range(_BEFORE_REST + first + 1, _BEFORE_REST + last + 1))
