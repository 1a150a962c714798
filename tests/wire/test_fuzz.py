"""A million inputs raise nothing but WireError, and what is accepted is sane."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import wire_fuzz

from luftpegel_wire import errors

INPUTS = 1_000_000
PARTS = 20


def test_a_million_inputs():
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        results = list(pool.map(wire_fuzz.run, range(PARTS), [INPUTS // PARTS] * PARTS))
    accepted = sum(count for count, _ in results)
    refused = {code: sum(codes.get(code, 0) for _, codes in results) for code in results[0][1]}
    assert accepted + sum(refused.values()) == INPUTS
    assert accepted > INPUTS // 50
    codes = {code for name, code in vars(errors).items() if name.isupper()} - {errors.TOO_LARGE}
    assert set(refused) == codes
    assert min(refused.values()) > INPUTS // 100
