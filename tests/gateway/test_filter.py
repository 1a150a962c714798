"""The filter of a source: whose events are read, and how the others are counted."""

from pathlib import Path

import pytest

from luftpegel_gateway.config.options import Wrong
from luftpegel_gateway.model.events import Joined, Notice, Passed, Uplink
from luftpegel_gateway.sources.filter import OPTIONS, Filter, make
from luftpegel_gateway.words.messages import CATALOGUE

EUI = "70b3d57ed0000001"
APP = "8a6f6a0c-0c5e-4f2e-9d1c-1e0b7f1d2c3b"


def read(**table):
    """A filter from what stands in gateway.toml."""
    given = {key: OPTIONS[key].read(value, Path()) for key, value in table.items()}
    return make({key: option.default for key, option in OPTIONS.items()} | given)


def uplink(dev_eui=EUI, application=APP, name="Luftpegel [Nord]"):
    return Uplink(dev_eui, 1, b"", application=application, application_name=name)


def test_by_default_all_is_let_in_and_strangers_are_kept():
    assert read() == Filter()
    assert read().passes(uplink())
    assert read().unknown(uplink()) is None


@pytest.mark.parametrize(("pattern", "fits"), [
    (EUI, True), (EUI.upper(), True), ("70-b3-d5-7e-d0-00-00-01", True), ("70b3d57e*", True), ("*0001", True),
    ("70b3d57ed000000?", True), ("*", True), ("70b3****0001", True), ("a84041*", False),
    ("70b3d57ed0000002", False), ("*0002", False), ("*70b3d57ed00000?2", False),
])  # fmt: skip
def test_devices(pattern, fits):
    chosen = read(devices=[pattern])
    assert chosen.passes(uplink()) == fits
    assert chosen.kept_out(uplink()) == (None if fits else Passed("filtered", EUI))


@pytest.mark.parametrize(("pattern", "fits"), [
    (APP, True), (APP.upper(), True), ("8a6f*", True), ("Luftpegel [Nord]", True), ("luftpegel*", True),
    ("*[Nord]", True), ("Luftpegel ?Nord?", True), ("Luftpegel", False), ("Luftpegel [N]*", False),
    ("Luftpegel .*", False), ("a|.*", False),
])  # fmt: skip
def test_applications(pattern, fits):
    assert read(applications=[pattern]).passes(uplink()) == fits


def test_one_of_several_is_enough_and_both_lists_must_fit():
    chosen = read(applications=["other", APP], devices=["a8*", "70b3*"])
    assert chosen.passes(uplink())
    assert not chosen.passes(uplink(dev_eui="0" * 16))
    assert not chosen.passes(uplink(application="third", name=""))


@pytest.mark.parametrize("event", [
    Joined(EUI, application=APP, application_name="x"), Notice(EUI, "INFO", "", "", APP, "x"), uplink(),
])  # fmt: skip
def test_joins_and_notices_are_filtered_alike(event):
    assert read(applications=[APP]).passes(event)
    assert not read(applications=["y"]).passes(event)
    assert not read(devices=["a*"]).passes(event)


def test_strangers_can_be_counted_in_place_of_kept():
    assert read(others="count").unknown(uplink()) == Passed("device unknown", EUI)
    assert read(others="count").passes(uplink())


@pytest.mark.parametrize(("table", "code"), [
    ({"devices": []}, "LP-321"), ({"applications": []}, "LP-321"), ({"devices": EUI}, "LP-304"),
    ({"devices": [5]}, "LP-304"), ({"devices": [""]}, "LP-306"), ({"devices": ["70b3d57e"]}, "LP-322"),
    ({"devices": [EUI + "*0"]}, "LP-322"), ({"devices": ["xyz*"]}, "LP-322"),
    ({"devices": ["[ab]*"]}, "LP-322"), ({"applications": [" "]}, "LP-306"),
    ({"devices": ["----"]}, "LP-322"), ({"applications": {"a": 1}}, "LP-304"), ({"others": "drop"}, "LP-306"),
    ({"others": 1}, "LP-304"),
])  # fmt: skip
def test_what_cannot_stand(table, code):
    with pytest.raises(Wrong) as wrong:
        read(**table)
    assert wrong.value.code == code
    assert code in CATALOGUE


def test_stars_in_a_row_cost_no_time():
    """Were each tried at every place, this would not end."""
    assert not read(applications=["*" * 60 + "x"]).passes(uplink(name="a" * 100))
