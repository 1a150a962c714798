"""A million random and mutated downlinks: no exception, and no state changes without a valid MIC."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import lorawan_fuzz

FRAMES = 1_000_000
PARTS = 20


def test_a_million_frames():
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        parts = list(pool.map(lorawan_fuzz.run, range(PARTS), [FRAMES // PARTS] * PARTS))
    total = {fate: sum(part[fate] for part in parts) for fate in parts[0]}
    assert sum(total.values()) == FRAMES
    assert total["refused"] > 0.98 * FRAMES
    assert total["accepted"] > 5000
    assert total["joined"] > 100
