"""From what was measured to figures: medians over the rounds, and ours as a ratio to each other's."""

import statistics
from collections.abc import Iterator, Mapping, Sequence

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.gateway.line_up import OURS, Contender


def compared(
    name: str, unit: str, measured: Mapping[str, Sequence[float]], contenders: Sequence[Contender]
) -> Iterator[Figure]:
    """One row of ours for each other that was measured in the same rounds, then a row for each of those.

    `measured`: values by the contender's title, one a round. A peer that could not be had is a row without a
    value, with the reason.
    """
    medians = {title: statistics.median(values) for title, values in measured.items() if values}
    ours = medians.get(OURS.title)
    others = [contender for contender in contenders if contender.title != OURS.title]
    if ours is not None:
        for other in others:
            if other.title in medians:
                theirs = medians[other.title]
                ratio = ours / theirs if theirs else None  # a clock's tick may be more than all of it
                yield Figure(f"{name}: {OURS.title}", ours, unit, other.title, ratio)
        if not medians.keys() - {OURS.title}:
            yield Figure(f"{name}: {OURS.title}", ours, unit, "", None)
    for other in others:
        why = other.missing or "no run came to its end"
        value = medians.get(other.title)
        yield Figure(f"{name}: {other.title}", value, unit, "" if value is not None else why, None)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
