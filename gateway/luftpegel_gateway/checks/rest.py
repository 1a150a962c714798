"""Rest: for how long a value has stayed within a band. Flat line and attenuated signal are made of it.

A run of rest is three integers: how many seconds it lasts, and how far its lowest and highest value lie
below and above the latest one. A missing value does not end it, and a toggle within the band neither. Both
runs of a channel, in the narrow band of the flat line and the wider one of the weak signal, go together.
"""

# ruff: noqa: PLR1730 - this is asked for every value, and max() costs more than all the rest

Runs = tuple[int, int, int, int, int, int]  # seconds, below, above, twice
STILL: Runs = (0, 0, 0, 0, 0, 0)


def rest(runs: Runs, change: int, seconds: int, flat: int, weak: int) -> Runs:
    """The runs after a value that lies `change` higher and `seconds` later; `flat` and `weak` are the bands.

    A run whose band is left begins anew with this value.
    """
    still, still_below, still_above, dull, dull_below, dull_above = runs
    still += seconds
    dull += seconds
    if change:
        still_below += change
        still_above -= change
        if still_below < 0:
            still_below = 0
        if still_above < 0:
            still_above = 0
        if still_below + still_above > flat:
            still = still_below = still_above = 0
        dull_below += change
        dull_above -= change
        if dull_below < 0:
            dull_below = 0
        if dull_above < 0:
            dull_above = 0
        if dull_below + dull_above > weak:
            dull = dull_below = dull_above = 0
    return still, still_below, still_above, dull, dull_below, dull_above
