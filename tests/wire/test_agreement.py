"""All decoders say the same of random frames: right ones, and mostly wrong ones."""

import random

import pytest
import wire_decoders
import wire_fuzz
import wire_random

OTHERS = [name for name in wire_decoders.DECODERS if name != "python"]


def agree(decode_all, frames):
    expected = wire_decoders.python(frames)
    for frame, told, want in zip(frames, decode_all(frames), expected, strict=True):
        assert told == want, f"port {frame[0]}, {frame[1].hex()}"
    return expected


@pytest.mark.parametrize("name", OTHERS)
def test_on_right_frames(name):
    rng = random.Random(2)
    frames = [(1, wire_random.readings_frame(rng, rng.choice((51, 242)))) for _ in range(200)]
    frames += [wire_random.other_frame(rng) for _ in range(200)]
    told = agree(wire_decoders.DECODERS[name](), frames)
    assert not [outcome for outcome in told if "error" in outcome]


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "javascript"])
def test_on_any_bytes(name):
    agree(wire_decoders.DECODERS[name](), list(wire_fuzz.inputs(3, 3000)))


@pytest.mark.parametrize("seed", range(10))
def test_javascript_on_any_bytes(seed):
    """20,000 inputs in all; it answers every one, as decodeUplink never throws."""
    agree(wire_decoders.javascript, list(wire_fuzz.inputs(100 + seed, 2000)))
