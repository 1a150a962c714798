"""Every code that anything tells can be explained, in both languages, without a network."""

import json
import re

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.technician.error_table import ERRORS
from luftpegel_tools.technician.explain_command import _MESSAGES, explained
from luftpegel_tools.technician.remedies import REMEDIES


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("code", ERRORS)
def test_every_code_has_a_meaning_and_a_next_step(code, language):
    told = explained(code, language)
    assert len(told["means"]) > 5
    assert len(told["next_step"]) > 5
    assert not re.search(r"[{}]", told["means"] + told["next_step"])


@pytest.mark.parametrize("code", ERRORS)
def test_german_is_not_english(code):
    assert explained(code, "de")["means"] != explained(code, "en")["means"]


def test_each_remedy_has_one_home():
    assert not REMEDIES.keys() & _MESSAGES.keys()
    assert REMEDIES.keys() <= ERRORS.keys()


@pytest.mark.parametrize("typed", ["LP-231", "lp231", "231", "LP 231", "lp_231"])
def test_as_people_type_it(typed, capsys):
    assert main(["explain", typed, "--lang", "en"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("LP-231 (told by: radio)\n  the radio does not answer at all\n  Next step: ")


def test_all_of_them(capsys):
    assert main(["explain", "--lang", "de"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ERRORS)
    assert main(["explain", "--json", "LP-110", "LP-600"]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)] == ["LP-110", "LP-600"]


@pytest.mark.parametrize("typed", ["LP-999", "LP-11", "no", ""])
def test_a_code_that_is_not_there(typed, capsys):
    assert main(["explain", typed, "--lang", "de"]) == 1
    assert "gibt es nicht" in capsys.readouterr().err
