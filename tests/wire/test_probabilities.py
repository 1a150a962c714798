"""The table of probabilities is what its formula says, so that nobody has to believe 91 numbers."""

from math import sqrt

import pytest

from luftpegel_wire.column import PROBABILITIES, level

COLUMNS = 7
PARTS = ((0.9, 1), (0.1, 3))  # weight and width of two geometric distributions


def recomputed(row):
    """A row: chance of 0, then of each magnitude given that it is not less, in 256ths.

    Level l stands for a mean magnitude of 2**(l/2) sixteenths, less half a level, being the upper end of its
    means. A two-sided geometric distribution of mean magnitude m has p(e) = p0 * t**|e| with
    t = (sqrt(1 + m*m) - 1) / m and p0 = (1 - t) / (1 + t).
    """
    mean = 2 ** (row / 2) / 16 * 2**-0.25
    parts = []
    for weight, width in PARTS:
        m = mean * width
        t = (sqrt(1 + m * m) - 1) / m
        parts.append((weight * (1 - t) / (1 + t), t))
    chances = [sum(p0 for p0, _ in parts)]
    for magnitude in range(1, COLUMNS):
        exactly = sum(p0 * t**magnitude for p0, t in parts)
        at_least = sum(p0 * t**magnitude / (1 - t) for p0, t in parts)
        chances.append(exactly / at_least)
    return [min(255, max(1, round(256 * chance))) for chance in chances]


@pytest.mark.parametrize("row", range(len(PROBABILITIES)))
def test_row(row):
    assert list(PROBABILITIES[row]) == recomputed(row)


@pytest.mark.parametrize("mean", range(1, 65))
def test_level_is_the_first_that_reaches_the_mean(mean):
    reaching = [row for row in range(len(PROBABILITIES)) if 2 ** (row / 2) >= mean]
    assert level(mean) == reaching[0]
