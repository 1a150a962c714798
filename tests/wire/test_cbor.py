"""Our CBOR beside cbor2's: the same bytes out, and exactly its deterministic subset in."""

import random

import cbor2
import wire_random
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_wire import WireError, cbor, cbor_reader

SEEDS = st.integers(0, 2**64 - 1)
INTEGERS = st.integers(-(2**64), 2**64 - 1)
KEYS = st.integers(0, 2**64 - 1)
SCALARS = INTEGERS | st.binary(max_size=300) | st.text(max_size=80)
ITEMS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


def depth(item):
    if isinstance(item, list):
        return 1 + max(map(depth, item), default=0)
    if isinstance(item, dict):
        return 1 + max(map(depth, item.values()), default=0)
    return 0


def ours(item):
    """Whether an item that cbor2 read is of the kinds that frames are made of, nested as deep as we allow."""
    if type(item) is dict:
        return all(type(key) is int and key >= 0 for key in item) and all(map(ours, item.values()))
    if type(item) is list:
        return all(map(ours, item))
    if type(item) is int:
        return -(2**64) <= item < 2**64  # beyond, it was a tagged bignum
    return type(item) in (bytes, str)


def oracle(data):
    """(True, item) if by cbor2's word the bytes are deterministic CBOR of our kinds, else (False, None)."""
    try:
        item = cbor2.loads(data, allow_duplicate_keys=False, allow_indefinite=False, max_depth=20)
        right = ours(item) and depth(item) <= 4 and cbor2.dumps(item, canonical=True) == data
    except Exception:
        right = False
    return (True, item) if right else (False, None)


def verdict(data):
    try:
        return True, cbor_reader.loads(data)
    except WireError:
        return False, None


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_same_bytes(item):
    assert cbor.dumps(item) == cbor2.dumps(item, canonical=True)


@settings(max_examples=300, deadline=None)
@given(ITEMS)
def test_reads_what_cbor2_writes(item):
    assert verdict(cbor2.dumps(item, canonical=True)) == ((True, item) if depth(item) <= 4 else (False, None))


ANY_CBOR = st.recursive(
    SCALARS | st.floats() | st.booleans() | st.none() | st.just(cbor2.undefined) | st.datetimes().map(str),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(INTEGERS | st.text(max_size=3) | st.booleans(), inner, max_size=4)
        | st.builds(cbor2.CBORTag, st.integers(6, 2**32), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(ANY_CBOR, st.booleans())
def test_accepts_nothing_else_of_cbor(item, canonical):
    data = cbor2.dumps(item, canonical=canonical)
    assert verdict(data) == oracle(data)


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=24))
def test_agrees_on_any_bytes(data):
    assert verdict(data) == oracle(data)


@settings(max_examples=2000, deadline=None)
@given(SEEDS)
def test_agrees_on_mutated_items(seed):
    rng = random.Random(seed)
    data = wire_random.mutated(rng, cbor2.dumps(wire_random.random_item(rng), canonical=True))
    assert verdict(data) == oracle(data)
