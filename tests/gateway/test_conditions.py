"""What is wrong: the most specific cause, since when, gone when it is gone; whatever clock and disk do."""

import json
import logging

import pytest

from luftpegel_gateway.conditions import conditions as module
from luftpegel_gateway.conditions.conditions import RANKS, STALE_S, Conditions
from luftpegel_gateway.words.messages import CATALOGUE

T0 = 1_780_000_000.0
YEAR_2038 = 2_150_000_000.0


class Clock:
    """Both clocks; the wall clock can be set."""

    def __init__(self):
        self.wall, self.steady = T0, 1000.0

    def passes(self, seconds):
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock, tmp_path):
    """Conditions as after a start; again: as after a restart."""
    return lambda: Conditions(tmp_path / module.FILE, lambda: clock.wall, lambda: clock.steady)


@pytest.fixture
def all_(make):
    return make()


def shown(conditions):
    return [(one.subject, one.code) for one in conditions.current()]


def test_nothing_is_wrong_at_first(all_):
    assert all_.current() == ()
    assert all_.of("source") is None


def test_since_stays_and_last_seen_moves(all_, clock):
    all_.report("source", "LP-441", "refused")
    clock.passes(60)
    all_.report("source", "LP-441", "timed out")
    clock.passes(5)
    found = all_.of("source")
    assert (found.since, found.last_seen, found.detail) == (T0, T0 + 60, "timed out")


def test_subjects_are_sorted_and_each_has_one_cause(all_):
    all_.report("store", "LP-411", "full")
    all_.report("journal", "LP-410", "full")
    all_.report("source", "LP-401", "lost")
    all_.report("source", "LP-404", "QoS 0")
    assert shown(all_) == [("journal", "LP-410"), ("source", "LP-401"), ("store", "LP-411")]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("vague", "specific"),
    [
        ("LP-401", "LP-402"),  # the end of a connection, and the refused login before it
        ("LP-441", "LP-442"),  # cannot be reached, and the certificate
        ("LP-441", "LP-444"),
        ("LP-401", "LP-449"),
        ("LP-445", "LP-447"),
        ("LP-404", "LP-401"),
        ("LP-420", "LP-422"),
        ("LP-440", "LP-449"),
    ],
)
def test_the_specific_cause_is_shown_whatever_is_told_first(all_, vague, specific, order):
    for code in (vague, specific)[::order]:
        all_.report("source", code, "")
    assert shown(all_) == [("source", specific)]
    all_.clear("source", specific)
    assert shown(all_) == [("source", vague)]
    all_.clear("source")
    assert shown(all_) == []


def test_every_rank_is_of_a_code_that_people_are_told():
    assert set(RANKS) <= set(CATALOGUE)


def test_a_specific_cause_that_is_not_seen_any_more_explains_nothing(all_, clock):
    all_.report("source", "LP-402", "not authorized")
    for _ in range(10):
        clock.passes(30)
        all_.report("source", "LP-401", "closed")
    assert shown(all_) == [("source", "LP-402")]
    clock.passes(STALE_S)
    all_.report("source", "LP-401", "closed")
    assert shown(all_) == [("source", "LP-401")]
    all_.report("source", "LP-402", "not authorized")
    assert all_.of("source").since == T0


def test_a_lonely_cause_does_not_fade(all_, clock):
    all_.report("source", "LP-403", "refused")
    clock.passes(100 * STALE_S)
    assert shown(all_) == [("source", "LP-403")]


def test_clearing_is_of_one_subject_and_of_the_named_codes(all_):
    for subject in ("a", "b"):
        for code in ("LP-401", "LP-404"):
            all_.report(subject, code, "")
    all_.clear("a", "LP-401", "LP-441")
    all_.clear("b")
    all_.clear("nobody")
    assert shown(all_) == [("a", "LP-404")]


def test_what_comes_again_begins_again(all_, clock):
    all_.report("source", "LP-441", "")
    all_.clear("source")
    clock.passes(60)
    all_.report("source", "LP-441", "")
    assert all_.of("source").since == T0 + 60


def test_changes_are_logged_once_and_not_every_attempt(all_, caplog):
    caplog.set_level(logging.INFO, "luftpegel.gateway")
    for attempt in range(20):
        all_.report("source", "LP-402", f"attempt {attempt}")
        all_.report("source", "LP-401", "lost")
    all_.clear("source")
    all_.clear("source")
    assert [record.getMessage() for record in caplog.records] == [
        "source: LP-402 attempt 0",
        "source: works",
    ]


# Restart.


def test_since_survives_a_restart(all_, make, clock):
    all_.report("source", "LP-442", "self-signed")
    clock.passes(3600)
    clock.steady = 5.0  # the machine was started anew
    after = make()
    assert after.current() == ()  # it may be gone: nobody has seen it since
    after.report("source", "LP-442", "self-signed")
    assert after.of("source").since == T0


def test_what_ended_before_the_restart_is_forgotten(all_, make, clock):
    all_.report("source", "LP-442", "")
    all_.clear("source")
    clock.passes(60)
    after = make()
    after.report("source", "LP-442", "")
    assert after.of("source").since == T0 + 60


def test_what_ended_while_we_were_away_is_forgotten(all_, make, clock):
    all_.report("source", "LP-442", "")
    after = make()
    after.clear("source")
    clock.passes(60)
    after.report("source", "LP-442", "")
    assert after.of("source").since == T0 + 60
    assert make().current() == ()


def test_a_restart_keeps_what_is_not_told_anew_yet(all_, make, clock):
    all_.report("a", "LP-442", "")
    all_.report("b", "LP-442", "")
    clock.passes(60)
    make().report("a", "LP-442", "")
    clock.passes(60)
    last = make()
    last.report("b", "LP-442", "")
    assert last.of("b").since == T0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000, b'[{"subject":"s","code":"c","since":"x"}]',
     b'[{"subject":"s","code":"c","since":1e999}]', b"\0" * 4096],
)  # fmt: skip
def test_a_broken_file_is_ignored(tmp_path, make, content):
    (tmp_path / module.FILE).write_bytes(content)
    conditions = make()
    conditions.report("source", "LP-441", "")
    assert conditions.of("source").since == T0
    assert json.loads((tmp_path / module.FILE).read_bytes())[-1]["code"] == "LP-441"


def test_a_file_that_cannot_be_written_changes_nothing_else(make, tmp_path, caplog):
    conditions = make()
    (tmp_path / "conditions.new").mkdir()
    conditions.report("source", "LP-441", "")
    conditions.report("other", "LP-441", "")
    assert len(conditions.current()) == 2
    assert len([one for one in caplog.records if "cannot be written" in one.getMessage()]) == 1


def test_the_file_is_written_on_change_only_and_has_a_bound(make, tmp_path, monkeypatch, clock):
    conditions = make()
    conditions.report("source", "LP-441", "")
    file = tmp_path / module.FILE
    file.unlink()
    for attempt in range(5):
        clock.passes(30)
        conditions.report("source", "LP-441", f"attempt {attempt}")
    assert not file.exists()
    monkeypatch.setattr(module, "MOST_KEPT", 10)
    for number in range(50):
        conditions.report(f"s{number}", "LP-441", "")
    assert len(json.loads(file.read_bytes())) == 10


# The own clock is trusted no further than it goes.


def test_a_clock_that_ran_ahead_leaves_nothing_in_the_future(all_, clock):
    clock.wall = YEAR_2038
    all_.report("source", "LP-441", "")
    clock.passes(100)
    clock.wall = T0  # set right
    found = all_.of("source")
    assert (found.since, found.last_seen) == (T0 - 100, T0 - 100)


def test_a_clock_that_was_behind_does_not_make_it_old(all_, clock):
    clock.wall = 10.0  # no battery: 1970
    all_.report("source", "LP-441", "")
    clock.passes(20)
    clock.wall = T0
    assert all_.of("source").since == T0 - 20


def test_a_since_of_the_future_in_the_file_is_now(make, clock):
    clock.wall = YEAR_2038
    make().report("source", "LP-441", "")
    clock.wall = T0
    after = make()
    after.report("source", "LP-441", "")
    assert after.of("source").since == T0
    clock.passes(50)
    assert after.of("source").since == T0


def test_a_clock_that_jumps_does_not_change_which_cause_is_shown(all_, clock):
    all_.report("source", "LP-402", "")
    clock.wall = YEAR_2038
    all_.report("source", "LP-401", "")
    assert shown(all_) == [("source", "LP-402")]
    clock.wall = T0
    all_.report("source", "LP-401", "")
    assert shown(all_) == [("source", "LP-402")]
