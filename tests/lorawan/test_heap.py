"""The MAC is as small as a board without PSRAM needs it, by the figures of `make bench`."""

import pytest

from luftpegel_tools.figures import lorawan_heap


@pytest.fixture(scope="module")
def figures():
    return {figure.name: figure for figure in lorawan_heap.measure()}


def test_every_aim_is_reached(figures):
    assert len(figures) == 6 + len(lorawan_heap.PACKAGES)
    assert {name for name, figure in figures.items() if figure.ratio > 1} == set()


def test_the_figures_are_measured(figures):
    assert figures["lorawan: heap of the import"].value > 10_000
    assert figures["lorawan: MAC and one region, .mpy"].value > 10_000
    assert figures["lorawan: session to keep"].value > 80
