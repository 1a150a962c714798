"""The golden vectors of every release: today's encoder still makes them, each decoder still reads them."""

import json
import subprocess
import sys

import pytest
import wire_decoders

from luftpegel_tools.generate import golden, golden_bad, golden_good, golden_vectors
from luftpegel_wire import errors

GOOD = [(release, vector) for release in golden.releases() for vector in golden.read_release(release)[0]]
BAD = [(release, vector) for release in golden.releases() for vector in golden.read_release(release)[1]]


def named(vectors):
    return [pytest.param(vector, id=f"{release}: {vector.name}") for release, vector in vectors]


@pytest.fixture(scope="module", params=wire_decoders.DECODERS)
def outcomes(request):
    """By payload and port, what one decoder makes of all vectors."""
    decode_all = wire_decoders.DECODERS[request.param]()
    frames = [(vector.port, vector.payload) for _, vector in GOOD + BAD]
    return dict(zip(frames, decode_all(frames), strict=True))


@pytest.mark.parametrize("vector", named(GOOD))
def test_is_read(vector, outcomes):
    assert outcomes[vector.port, vector.payload] == vector.content


@pytest.mark.parametrize("vector", named(BAD))
def test_is_refused(vector, outcomes):
    assert outcomes[vector.port, vector.payload] == {"error": vector.error}


@pytest.mark.parametrize("vector", named(GOOD))
def test_is_still_encoded(vector):
    assert golden_vectors.encode(vector.content) == vector.payload


def test_the_newest_release_has_every_vector_of_today():
    newest = golden.releases()[-1]
    assert golden.read_release(newest) == (golden_good.vectors(), golden_bad.vectors())


def test_every_refusal_has_a_vector():
    codes = {code for name, code in vars(errors).items() if name.isupper()}
    assert {vector.error for _, vector in BAD} == codes - {errors.TOO_LARGE}


@pytest.mark.parametrize("release", golden.releases())
def test_names_are_unique(release):
    good, bad = golden.read_release(release)
    names = [vector.name for vector in good + bad]
    assert len(names) == len(set(names))


def test_frozen_file_is_never_overwritten():
    release = golden.releases()[0]
    path = golden.FOLDER / f"{release}.json"
    before = path.read_bytes()
    command = [sys.executable, "-m", "luftpegel_tools.generate.golden", release]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "frozen" in done.stdout
    assert path.read_bytes() == before


def test_file_is_what_the_script_writes():
    release = golden.releases()[-1]
    text = (golden.FOLDER / f"{release}.json").read_text(encoding="utf-8")
    assert text == golden.text_of(release, *golden.read_release(release))
    assert json.loads(text)["release"] == release
