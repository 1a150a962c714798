"""The operator's commands over lists: a long quarantine by groups and pages, replay and discard."""

import argparse
import asyncio
import contextlib
import dataclasses
import io
import json
import sys

import pytest

from luftpegel_gateway.cli import basics, quarantine, requests
from luftpegel_gateway.cli.site import Site
from luftpegel_gateway.control.handlers import handlers
from luftpegel_gateway.control.lock import locked
from luftpegel_gateway.control.protocol import MOST_IDS, Told
from luftpegel_gateway.control.server import serving
from luftpegel_gateway.model.faults import CannotStart, Fault
from luftpegel_gateway.model.state import Link, StationState
from luftpegel_gateway.model.station import Station

STRANGER, OTHER = "70b3d57ed00000aa", "70b3d57ed00000bb"
STATION = Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "climate")


class Journal:
    """Replays and discards entries of the reader; knows devices once the list of stations was read anew."""

    def __init__(self, reader):
        self.reader, self.asked, self.reread = reader, [], 0

    async def call(self, work):
        return work(self)

    def replay(self, number, _decide, _now):
        self.asked.append(number)
        entry = self.reader.entry(number)
        if entry is None:
            raise KeyError(number)
        if not self.reread:
            return Fault("LP-320", f"device {entry.dev_eui}")
        self.reader.entries.remove(entry)
        return None

    def discard(self, numbers):
        before = len(self.reader.entries)
        self.reader.entries = [entry for entry in self.reader.entries if entry.id not in set(numbers)]
        return before - len(self.reader.entries)


@pytest.fixture
def journal(reader):
    return Journal(reader)


@pytest.fixture
def site(tmp_path, reader, journal):
    """A site without a running gateway."""

    def reread():
        journal.reread += 1
        return 1

    by_type = handlers(journal, None, reread, lambda: None)
    return Site(
        tmp_path, [STATION], ["chirpstack"], ["store"], None, lambda: reader,
        lambda: contextlib.nullcontext(by_type), None, None,
    )  # fmt: skip


@pytest.fixture
def command(site, capsys):
    """Types a verb; returns its exit code and what it printed."""
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers()
    for name, run, _, *options in (*basics.VERBS, *quarantine.VERBS, *requests.VERBS):
        verb = verbs.add_parser(name)
        verb.add_argument("--json", action="store_true")
        verb.set_defaults(run=run)
        for add in options:
            add(verb)

    def run(*words, language="en", at=site):
        args = parser.parse_args(words)
        code = args.run(args, at, language)
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def full(reader, make_entry):
    """Entries of two strangers, one of another code, and one that is resolved."""
    reader.entries = [make_entry(number, dev_eui=(STRANGER, OTHER)[number % 2]) for number in range(1, 1201)]
    reader.entries.append(make_entry(1201, code="LP-253", station="LP-0001"))
    reader.entries.append(make_entry(1202, resolved_at=5))
    return reader


def test_a_long_list_is_told_by_groups(command, full):
    code, text = command("list")
    assert (code, len(text.splitlines())) == (1, 3 + 1)
    assert [line.split()[0] for line in text.splitlines()[:3]] == ["600", "600", "1"]
    assert "600.0 kB  LP-320  70b3d57ed00000bb" in text
    groups = json.loads(command("list", "--json")[1])
    assert sum(group["entries"] for group in groups) == 1201
    assert json.loads(command("list", "--json", "--device", STRANGER.upper())[1])[0]["entries"] == 600


def test_single_entries_by_pages_newest_last(command, full):
    code, text = command("list", "--all", "--limit", "5")
    first, *lines = text.splitlines()
    assert (code, first) == (1, "1,196 older ones are not shown; --limit shows more.")
    assert [int(line.split()[0]) for line in lines] == [1197, 1198, 1199, 1200, 1201]
    assert len(command("list", "--all")[1].splitlines()) == 1 + quarantine.LIMIT
    entries = json.loads(command("list", "--all", "--json", "--code", "LP-253")[1])
    assert [entry["id"] for entry in entries] == [1201]


def test_nothing_there(command):
    assert command("list") == (0, "Nothing is in quarantine.\n")
    assert command("list", "--all", language="de") == (0, "Die Quarantäne ist leer.\n")
    assert command("replay", "--code", "LP-200") == (0, "Nothing in quarantine fits.\n")
    assert command("discard", "--yes") == (0, "Nothing in quarantine fits.\n")


def test_an_entry_that_is_not_there(command, full):
    for words in (["show", "9999"], ["replay", "9999", "1"], ["discard", "9999"], ["replay", "1202"]):
        with pytest.raises(CannotStart, match="LP-330"):
            command(*words)


def test_replay_reads_the_stations_anew_and_asks_in_bounded_parts(command, full, journal, capsys):
    code, text = command("replay", "--code", "LP-320")
    assert (code, journal.reread) == (0, 1)
    assert journal.asked == list(range(1, 1201))
    assert text.count("resolved") == 1200
    assert len(journal.asked) > MOST_IDS
    code, text = command("replay", "1201", "--json")
    assert (code, json.loads(text)) == (0, [{"id": 1201, "code": None}])


def test_replay_of_what_is_still_wrong(command, full, journal, monkeypatch):
    monkeypatch.setattr(journal, "replay", lambda *_: Fault("LP-320", "device x"))
    code, text = command("replay", "3", "1")
    assert code == 1
    assert [line.split()[0] for line in text.splitlines()] == ["3", "1"]
    assert text.count("still in quarantine: LP-320 device x") == 2


def test_discard_says_how_much_it_freed(command, full):
    told = "600 entries discarded, 600.0 kB freed.\n"
    assert command("discard", "--device", STRANGER, "--code", "LP-320", "--yes") == (0, told)
    left = {(entry.dev_eui, entry.code) for entry in full.entries if entry.resolved_at is None}
    assert left == {(OTHER, "LP-320"), (STRANGER, "LP-253")}
    assert json.loads(command("discard", "1", "3", "--yes", "--json")[1]) == {"discarded": 2, "bytes": 2000}


def test_discard_by_age(command, full, make_entry, monkeypatch):
    full.entries = [make_entry(1, last_at=1_000_000), make_entry(2, last_at=1_000_000 + 86400)]
    monkeypatch.setattr(requests.time, "time", lambda: 1_000_001 + 2 * 86400)
    command("discard", "--older-than", "2", "--yes")
    assert [entry.id for entry in full.entries] == [2]


@pytest.mark.parametrize("days", ["nan", "-1", "inf", "x", "1e9"])
def test_an_age_that_is_none(command, full, days):
    with pytest.raises(SystemExit):
        command("discard", "--older-than", days, "--yes")
    assert len(full.entries) == 1202


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("typed", "gone"), [("y\n", True), ("ja\n", True), ("n\n", False), ("\n", False), ("Yes\n", True)]
)
def test_discard_asks_before(command, full, monkeypatch, typed, gone):
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    with contextlib.nullcontext() if gone else pytest.raises(CannotStart, match="LP-333"):
        assert "Discard 1,201 entries (1.2 MB) for good? [y/N]" in command("discard")[1]
    assert (len(full.entries) == 1) is gone


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_discard_without_anybody_to_ask(command, full, monkeypatch, words):
    monkeypatch.setattr(sys, "stdin", Terminal("y\n") if words else io.StringIO("y\n"))
    with pytest.raises(CannotStart, match="LP-333"):
        command("discard", *words)
    assert len(full.entries) == 1202


def test_the_running_gateway_does_it(site, full, journal, command):
    """With its lock held, nothing may open the journal: the request goes through the socket."""

    async def run():
        with locked(site.data):
            async with serving(site.data, handlers(journal, None, lambda: 1, lambda: None)):
                return await asyncio.to_thread(command, "discard", "--code", "LP-320", "--yes")

    assert asyncio.run(run()) == (0, "1,200 entries discarded, 1.2 MB freed.\n")


def test_a_gateway_that_fails_at_it(site, full, command, journal):
    def end(_numbers):
        raise SystemError

    journal.discard = end

    async def run():
        with locked(site.data):
            async with serving(site.data, handlers(journal, None, lambda: 1, lambda: None)):
                return await asyncio.to_thread(command, "discard", "--yes")

    with pytest.raises(CannotStart, match="LP-332 the gateway failed: SystemError"):
        asyncio.run(run())


def test_status_tells_what_the_page_tells(site, reader, command, make_entry, monkeypatch):
    monkeypatch.setattr(basics.time, "time", lambda: 1000.0)
    reader.known["", "LP-0001"] = StationState(link=Link(taken_at=900))
    wrong = []

    def status(*words):
        async def run():
            with locked(site.data):
                told = handlers(None, None, None, None, conditions=lambda: wrong)
                async with serving(site.data, told):
                    return await asyncio.to_thread(command, "status", *words)

        return asyncio.run(run())

    code, text = status()
    assert (code, text.splitlines()[-1]) == (0, "Everything works.")
    reader.entries = [make_entry(1)]
    wrong.append(Told("chirpstack", "LP-402", "bad password", 1.0, 2.0))
    code, text = status()
    assert (code, "Readings do not come in now:" in text) == (1, True)
    assert "chirpstack: LP-402 The broker refuses the connection: bad password." in text
    code, text = status("--json")
    facts = json.loads(text)
    assert (code, facts["quarantined"], facts["running"], facts["ready"]) == (1, 1, True, False)
    assert [found["kind"] for found in facts["findings"]] == ["stops", "quarantine"]
    code, text = command("status")
    assert (code, "The gateway does not run. Start it" in text, "Readings" in text) == (1, True, False)


@pytest.mark.parametrize("told", [[], [Told("journal", "LP-414", "was moved", 1.0, 2.0)]])
def test_status_of_a_running_gateway_whose_journal_is_gone(site, command, monkeypatch, told):
    def gone():
        raise CannotStart("LP-331", "journal.sqlite")

    site = dataclasses.replace(site, open_reader=gone)
    code = "LP-414"  # a gateway runs, so there was a journal

    async def run():
        with locked(site.data):
            told_by = handlers(None, None, None, None, conditions=lambda: told)
            async with serving(site.data, told_by):
                return await asyncio.to_thread(command, "status", *words, at=site)

    words = ()
    exit_code, text = asyncio.run(run())
    assert (exit_code, text.splitlines()[0]) == (1, "Readings do not come in now:")
    assert f"journal: {code}" in text
    words = ("--json",)
    facts = json.loads(asyncio.run(run())[1])
    assert (facts["running"], facts["ready"], facts["findings"][0]["code"]) == (True, False, code)
    with pytest.raises(CannotStart, match="LP-331"):
        command("status", at=site)


def test_a_filter_that_nothing_passes_is_not_an_empty_quarantine(command, full):
    assert command("list", "--code", "LP-999") == (0, "Nothing in quarantine fits.\n")
    assert command("list", "--all", "--device", "ff") == (0, "Nothing in quarantine fits.\n")
