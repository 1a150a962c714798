"""Any order, repetition and split of a station's readings leaves each attribute with its newest value."""

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sinks.conftest import HUMIDITY, LEVEL, START, TEMPERATURE, Driver, observed

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks.ngsi_answers import problem_type, read_multi, words_of
from luftpegel_gateway.sinks.ngsi_entities import attributes_of
from luftpegel_gateway.sinks.ngsi_state import State

cells = st.dictionaries(
    st.sampled_from([LEVEL, TEMPERATURE, HUMIDITY]), st.one_of(st.none(), st.integers(0, 10000)), min_size=1
)
readings = st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 8)), cells, min_size=1, max_size=12)


def newest(items):
    """(entity, attribute) -> the reading that it is to be of."""
    marks = {}
    for item in items:
        for one in attributes_of(item, "level"):
            key = one.entity, one.name
            marks[key] = max(one.mark, marks.get(key, one.mark))
    return marks


@settings(max_examples=15, deadline=None)
@given(readings, st.randoms(use_true_random=False))
def test_in_the_state(told, luck):
    items = [observed(seq, values, life=life) for (life, seq), values in told.items()]
    stream = [*items, *luck.choices(items, k=luck.randrange(8))]
    luck.shuffle(stream)
    shown = {}
    with tempfile.TemporaryDirectory() as folder:
        while stream:
            size = luck.randrange(1, 5)
            part, stream = stream[:size], stream[size:]
            state = State(Path(folder) / "state")
            pending = state.merge([one for item in part for one in attributes_of(item, "level")])
            told = {
                entity: {name: held.mark for name, held in one.attributes.items()}
                for entity, one in pending.items()
            }
            for entity, marks in told.items():
                for name, mark in marks.items():
                    assert shown.get((entity, name), mark) <= mark
                    shown[entity, name] = mark
            if luck.random() < 0.7:  # else the process died before it noted it
                state.told(told)
    assert shown == newest(items)


@pytest.mark.parametrize("seed", range(6))
def test_in_a_broker_that_fails(tmp_path, broker, seed):
    """With cut connections, lost answers and all kinds of statuses between."""
    luck = random.Random(seed)
    broker.luck = lambda: luck.choice([*[""] * 12, "cut", "lost", "500", "503", "429", "401"])
    items = [
        observed(seq, {LEVEL: 1000 + seq, TEMPERATURE: luck.choice([None, 2000 + seq])}, life=life,
                 time=START + 600 * (seq + 20 * life))
        for life in (0, 1) for seq in range(15)
    ]  # fmt: skip
    driver = Driver("ngsi-ld", tmp_path, broker.url, {"history": "missing"})
    stream = [*items, *luck.choices(items, k=15)]
    luck.shuffle(stream)
    while stream:
        size = luck.randrange(1, 12)
        driver.persist(stream[:size])
        stream = stream[size:]
    assert (broker.older, broker.doubled, broker.in_one_batch) == ([], [], [])
    for (entity, name), mark in newest(items).items():
        shown = next(one for term, one in broker.entities[entity].items() if term.rsplit("/")[-1] == name)
        assert shown["reading"]["value"] == f"{mark.life}/{mark.seq}"
    history = sorted(
        one["reading"]["value"] for one in broker.told("urn:ngsi-ld:WaterObserved:LP-0001", "waterLevel")
    )
    assert history == sorted(f"{item.ref.life}/{item.reading.seq}" for item in items)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["a", "b"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["success", "errors", "entityId", "id", "error", "failure", "type", "status"]),
            inner,
        ),
    ),
)


@settings(max_examples=120, deadline=None)
@given(anything)
def test_whatever_is_answered_each_entity_has_one_fate(body):
    found = read_multi(body, ["a", "b"])
    fates = [*found.taken, *found.refused, *found.later]
    assert sorted(fates) == ["a", "b"]
    assert isinstance(words_of(body), str)
    problem_type(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        ({"type": "https://uri.etsi.org/ngsi-ld/errors/BadRequestData"}, "refused"),
        ({"type": "https://uri.etsi.org/ngsi-ld/errors/InternalError"}, "later"),
        ({"type": "https://uri.etsi.org/ngsi-ld/errors/BadRequestData", "status": 500}, "later"),
        ({"type": "x/LdContextNotAvailable", "status": 503}, "later"),
        ({"status": 422}, "refused"),
        ({"status": 409}, "later"),
        ("what", "later"),
        ({}, "later"),
    ],
)
def test_an_entitys_error(error, fate):
    found = read_multi({"success": ["a"], "errors": [{"entityId": "b", "error": error}]}, ["a", "b"])
    assert found.taken == {"a"}
    assert list(getattr(found, fate)) == ["b"]


def test_an_entity_in_both_lists_was_not_taken():
    error = {"entityId": "a", "error": {"type": "x/BadRequestData"}}
    assert read_multi({"success": ["a", "b"], "errors": [error]}, ["a", "b"]).taken == {"b"}


def test_answers_that_are_no_answers(ngsi, broker):
    """A proxy that says 207 and shows a page."""
    ngsi.deliver([observed(0)])
    real = broker.answer
    broker.answer = lambda *_: (207, "<html>", {})
    with pytest.raises(OtherEndDown):
        ngsi.deliver([observed(1)])
    broker.answer = real
    assert ngsi.deliver([observed(1)]) == [[]]
