"""The checks agree with ioos-qc and saqc wherever the definitions are the same, on random series."""

import random

import checks_oracles
import pytest
from checks_series import NOON, judged

from luftpegel_gateway.checks.table import TABLE

STEP = 600
KINDS = ("spikes", "steps", "rests", "weak", "ranges")
ROW = TABLE["temperature"]
LIMITS = {
    name: getattr(ROW, name)
    for name in ("low", "high", "jump", "spike", "flat", "flat_within", "weak", "weak_after")
}
DAY = 86400 // STEP


def noise(luck, count):
    """Values round 20 degrees that are neither at rest nor wild."""
    return [2000 + luck.choice((-1, 1)) * luck.randrange(30, 40) for _ in range(count)]


def band(luck, count, width):
    """Values that stay within a band."""
    return [2500 + luck.choice((0, width // 2, width)) for _ in range(count)]


def make(kind, luck):
    """A series with one kind of fault, at sizes on both sides of its limit."""
    values = noise(luck, 4 * DAY)
    places = range(20, len(values) - 20, 12)
    if kind == "spikes":
        for place in luck.sample(places, 12):
            # Clearly on one side of the limit: near it, ours also asks the values further away.
            values[place] += luck.choice((-1, 1)) * LIMITS["spike"] * luck.choice((70, 130, 280)) // 100
    if kind == "steps":
        for turn, place in enumerate(sorted(luck.sample(places, 6))):
            height = (-1) ** turn * luck.choice((LIMITS["jump"] - 100, LIMITS["jump"] + 100))
            values[place:] = [value + height for value in values[place:]]
    if kind == "ranges":
        for place in luck.sample(places, 12):
            values[place] = luck.choice((ROW.low, ROW.low - 1, ROW.high, ROW.high + 1))
    if kind == "rests":
        lasting = LIMITS["flat"] // STEP + luck.choice((0, 1, 2, 50))
        values[100 : 101 + lasting] = band(luck, lasting + 1, LIMITS["flat_within"])
    if kind == "weak":
        lasting = LIMITS["weak_after"] // STEP + luck.choice((0, 1, 2, 50))
        values[100 : 101 + lasting] = band(luck, lasting + 1, LIMITS["weak"])
    return values


@pytest.fixture(scope="module")
def judgements():
    """For each kind: the series, our words, and what the oracles say."""
    luck = random.Random(7)
    cases = [(kind, make(kind, luck)) for kind in KINDS for _ in range(8)]
    times = [NOON + STEP * place for place in range(4 * DAY)]
    asked = [{"times": times, "values": values, "limits": LIMITS} for _, values in cases]
    answers = checks_oracles.verdicts(asked)
    return [
        (kind, judged("temperature", values, STEP), told)
        for (kind, values), told in zip(cases, answers, strict=True)
    ]


def places(words, word):
    return [place for place, flags in enumerate(words) if word in flags]


def both(judgements, kind, word):
    """Our places and those of QARTOD's reference, for each series of a kind."""
    return [(places(ours, word), told["ioos"][word]) for one, ours, told in judgements if one == kind]


@pytest.mark.parametrize("oracle", ["ioos", "saqc"])
def test_ranges(judgements, oracle):
    found = [(places(ours, "range"), told[oracle]["range"]) for _, ours, told in judgements]
    assert any(ours for ours, _ in found)
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]


@pytest.mark.parametrize("oracle", ["ioos", "saqc"])
def test_spikes(judgements, oracle):
    for kind, ours, told in judgements:
        if kind == "spikes":
            assert places(ours, "spike") == told[oracle]["spike"] != []


def test_steps(judgements):
    """Ours and QARTOD's rate agree on steps; what comes back at once, ours takes for a return."""
    found = both(judgements, "steps", "rate")
    assert any(ours for ours, _ in found)
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]


def test_rest(judgements):
    found = both(judgements, "rests", "flat")
    assert any(ours for ours, _ in found)
    assert any(not ours for ours, _ in found)
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]


def test_rest_as_plateaus(judgements):
    """saqc flags a plateau from its beginning, which is known only afterwards: ours is its late part."""
    for kind, ours, told in judgements:
        if kind == "rests":
            plateau = told["saqc"]["flat"]
            late = [place for place in plateau if place - plateau[0] > LIMITS["flat"] // STEP]
            assert places(ours, "flat") == late


def test_weak_signals(judgements):
    found = [(places(ours, "attenuated"), told["ioos"]["attenuated"]) for _, ours, told in judgements]
    assert any(ours for ours, _ in found)
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]
