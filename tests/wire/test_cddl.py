"""spec/luftpegel.cddl holds what decoders hold, by an existing tool's judgement (zcbor)."""

import random

import pytest
import wire_random
import wire_zcbor

from luftpegel_tools.generate import golden
from luftpegel_tools.generate.cddl import RULES
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_wire import WireError, cbor, cbor_reader, decode

CDDL = (REPOSITORY / "spec" / "luftpegel.cddl").read_text(encoding="utf-8")
RELEASES = [golden.read_release(release) for release in golden.releases()]
FITTING = [v for good, bad in RELEASES for v in good + [b for b in bad if b.level == "body"]]
VIOLATING = [v for _, bad in RELEASES for v in bad if v.level == "cddl"]


def judged(frames):
    return wire_zcbor.verdicts(CDDL, [(RULES[port], payload) for port, payload in frames])


@pytest.fixture(scope="module")
def complaints():
    vectors = FITTING + VIOLATING
    return dict(zip(map(id, vectors), judged([(v.port, v.payload) for v in vectors]), strict=True))


@pytest.mark.parametrize("vector", FITTING, ids=lambda vector: vector.name)
def test_allows(vector, complaints):
    assert complaints[id(vector)] is None


@pytest.mark.parametrize("vector", VIOLATING, ids=lambda vector: vector.name)
def test_forbids(vector, complaints):
    assert complaints[id(vector)] is not None


def accepted(port, payload):
    try:
        decode(port, payload)
    except WireError:
        return False
    return True


def test_agrees_with_the_decoder_on_random_arrays():
    """Arrays that are nearly frames: mostly the right members, now and then another."""
    rng = random.Random(5)
    frames = [_nearly_a_frame(rng) for _ in range(1500)]
    for (port, payload), complaint in zip(frames, judged(frames), strict=True):
        assert (complaint is None) == accepted(port, payload), f"port {port}, {payload.hex()}: {complaint}"
    assert 300 < sum(accepted(*frame) for frame in frames) < 1200


# Behind the version: n for a number from 0 up, s for one with a sign, m for a map, b for a body.
MEMBERS = {1: "nnb", 2: "m", 3: "nnnnss", 10: "nm", 11: "nn"}
BODY = cbor_reader.loads(next(v for v in FITTING if v.name == "reading 0").payload)[3]


def _nearly_a_frame(rng):
    port = rng.choice(wire_random.PORTS)
    members = [rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 0, 2)), *(_member(rng, kind) for kind in MEMBERS[port])]
    if rng.random() < 0.1:
        members.append(0)
    elif rng.random() < 0.1:
        members.pop()
    return port, cbor.dumps(members)


def _member(rng, kind):
    if rng.random() < 0.06:
        return rng.choice((-1, 1 << 32, -(1 << 32), "x", b"", [], {}, (1 << 64) - 1))
    if kind == "m":
        return {rng.randrange(40): _member(rng, "s") for _ in range(rng.randrange(5))}
    if kind == "b":
        return BODY
    number = rng.choice((0, 1, 23, 24, 255, 65536, (1 << 31) - 1))
    return -number if kind == "s" and rng.random() < 0.5 else number
