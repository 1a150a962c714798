"""What journal/port.py promises, asked of every engine in backends.py."""

import subprocess
import sys
from contextlib import closing

import msgspec
import pytest
from backends import BACKENDS

from luftpegel_gateway.journal.port import Budget, Budgets, Outcome, Outcomes
from luftpegel_gateway.model.events import Delivery, Downlink, Notice
from luftpegel_gateway.model.faults import Fault, JournalDown
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Observed, Rejection
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, StationState

NOW = 1_782_907_200
REF = Ref("", "LP-0001")
KEY = ("", "LP-0001")
NO = Fault("LP-423", "no")


class Journal:
    """One engine's journal at one place, and the shortest way to put something into it."""

    def __init__(self, kind, path):
        self.make_log, self.make_reader, self.no_room, self.shared = BACKENDS[kind]
        self.path = path
        self.log = self.make_log(path)

    def reopen(self):
        self.log.close()
        self.log = self.make_log(self.path)

    def ask(self, name, *values, **options):
        with closing(self.make_reader(self.path)) as reader:
            return getattr(reader, name)(*values, **options)

    def take(self, *seqs, ref=REF, now=NOW, messages=1, **outcome):
        """A batch that knows readings with these numbers and tells them to the sinks."""
        rows = [reading(seq) for seq in seqs]
        each = [Outcome(**({"keep": True} | outcome)) for _ in range(messages)]
        decide = decided(
            each,
            states={
                (ref.tenant, ref.station): StationState(lives=(Life(ref.life, seen=Intervals().add(seqs)),))
            },
            readings={(ref, row.seq): row for row in rows},
            items=[Observed(ref, row, now * 1_000_000) for row in rows],
        )
        deliveries = [message(f"{seqs}{number}") for number in range(messages)]
        return self.log.transact(deliveries, decide, now)

    def refuse(self, *bodies, code="LP-320", dev_eui="70b3d57ed00000aa", now=NOW):
        """A batch of which everything goes into quarantine."""
        each = [Outcome(dev_eui=dev_eui, faults=(Fault(code, str(body)),)) for body in bodies]
        self.log.transact([message(body) for body in bodies], decided(each), now)

    def view(self):
        """The snapshot that a batch gets."""
        seen = []

        def decide(_deliveries, snapshot, _now):
            seen.append(snapshot)
            return Outcomes([], {}, {}, [])

        self.log.transact([], decide, NOW)
        return seen[0]

    def read(self, sink, limit=100, refused=()):
        """All that a sink still gets, taken in steps of `limit`."""
        found = []
        while batch := self.log.after(sink, limit):
            found += batch.items
            self.log.advance(
                sink, batch.position, [Rejection(one, NO) for one in batch.items if one in refused], NOW
            )
        return found


def decided(each, states=None, readings=None, items=(), airtime=None):
    return lambda _deliveries, _snapshot, _now: Outcomes(
        each, states or {}, readings or {}, list(items), airtime or {}
    )


def message(body, size=None):
    return Delivery("chirpstack", "chirpstack-mqtt", "a/topic", str(body).encode(), size)


def reading(seq, **changes):
    return Reading(
        seq, changes.pop("time", NOW + 600 * seq), changes.pop("cells", (Cell(2, seq, 0),)), **changes
    )


def numbers(items):
    return [item.reading.seq for item in items]


@pytest.fixture(params=BACKENDS)
def journal(request, tmp_path):
    journal = Journal(request.param, tmp_path / "journal")
    yield journal
    journal.log.close()


def content(journal):
    """All that can be asked."""
    return {
        "states": dict(journal.ask("states")),
        "history": list(journal.ask("history", KEY, 100)),
        "quarantine": list(journal.ask("quarantine")),
        "notices": list(journal.ask("notices", "70b3d57ed00000aa", 100)),
        "account": journal.ask("account", ["a", "b"]),
        "next": journal.log.after("a", 100),
    }


# -- transact


def test_what_a_batch_told_is_there_and_stays(journal):
    journal.take(0, 1, 2)
    before = content(journal)
    assert numbers(before["next"].items) == [0, 1, 2]
    assert set(before["states"]) == {KEY}
    journal.reopen()
    assert content(journal) == before


def test_transact_answers_each_delivery(journal):
    downlink = Downlink("topic", "70b3d57ed0000001", 2, b"x", "id")
    each = [Outcome(keep=True), Outcome(keep=True, downlink=downlink), Outcome(passed="filtered")]
    answers = journal.log.transact([message(number) for number in range(3)], decided(each), NOW)
    assert answers == [None, downlink, None]


def test_decide_gets_the_batch_and_our_clock(journal):
    seen = []

    def decide(deliveries, snapshot, now):
        seen.append((list(deliveries), now))
        return Outcomes([Outcome(keep=True)], {}, {}, [])

    journal.log.transact([message("x")], decide, NOW + 5)
    assert seen[0] == ([message("x")], NOW + 5)


def test_a_decide_that_raises_leaves_nothing(journal):
    journal.take(0)
    before = content(journal)

    def decide(_deliveries, _snapshot, _now):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        journal.log.transact([message("x")], decide, NOW)
    assert content(journal) == before
    journal.take(1)
    assert numbers(journal.read("a")) == [0, 1]


def test_outcomes_that_cannot_be_written_leave_nothing(journal):
    """The number of outcomes is not that of the deliveries: a mistake of the rules."""
    before = content(journal)
    with pytest.raises(ValueError, match="zip"):
        journal.log.transact([message("x")], decided([], items=[Observed(REF, reading(0), 0)], states={
            KEY: StationState()}), NOW)  # fmt: skip
    assert content(journal) == before


@pytest.mark.parametrize("work", ["take", "refuse", "advance", "discard", "replay"])
def test_down_leaves_nothing_behind(journal, work):
    journal.take(0, 1)
    journal.refuse("x")
    position = journal.log.after("a", 1).position
    before = content(journal)
    [entry] = [one.id for one in before["quarantine"]]
    works = {
        "take": lambda: journal.take(2),
        "refuse": lambda: journal.refuse("y"),
        "advance": lambda: journal.log.advance(
            "a", position, [Rejection(Observed(REF, reading(0), 0), NO)], NOW
        ),
        "discard": lambda: journal.log.discard([entry]),
        "replay": lambda: journal.log.replay(entry, decided([Outcome(keep=True)]), NOW),
    }
    with journal.no_room(journal.log), pytest.raises(JournalDown):
        works[work]()
    assert content(journal) == before
    works[work]()
    journal.reopen()
    assert content(journal) != before


def test_an_odd_text_is_kept(journal):
    """Half of a surrogate pair out of somebody's JSON, and a zero byte."""
    odd = "\ud800 \0 ü"
    notice = Notice("70b3d57ed00000aa", "ERROR", "CODE", odd)
    each = [Outcome(dev_eui="70b3d57ed00000aa", notice=notice, faults=(Fault("LP-320", odd),))]
    journal.log.transact([message("x")], decided(each), NOW)
    [entry] = journal.ask("quarantine")
    assert entry.detail.endswith("ü")
    assert journal.ask("notices", "70b3d57ed00000aa", 5)[0][2].endswith("ü")


# -- the snapshot


def test_an_unknown_station_has_nothing(journal):
    journal.take(0)
    view, ref = journal.view(), Ref("tenant", "LP-0001")
    assert view.state(("tenant", "LP-0001")) == StationState()
    assert list(view.newest(ref)) == list(view.between(ref, 0, 9)) == []
    assert list(view.before(ref, 9, 9)) == list(view.behind(ref, 0, 9)) == []
    assert list(view.around(("tenant", "LP-0001"), 0, 1 << 40)) == []
    assert view.airtime() == {}


@pytest.mark.parametrize("first", range(3, 9))
@pytest.mark.parametrize("last", range(2, 9))
def test_between_has_both_ends(journal, first, last):
    journal.take(4, 5, 7)
    found = [row.seq for row in journal.view().between(REF, first, last)]
    assert found == [seq for seq in (4, 5, 7) if first <= seq <= last]


@pytest.mark.parametrize("seq", range(2, 10))
@pytest.mark.parametrize("count", range(4))
def test_before_and_behind_have_the_nearest(journal, seq, count):
    known = (3, 4, 5, 8)
    journal.take(*known)
    view = journal.view()
    assert [row.seq for row in view.before(REF, seq, count)] == [one for one in known if one < seq][::-1][
        :count
    ][::-1]
    assert [row.seq for row in view.behind(REF, seq, count)] == [one for one in known if one > seq][:count]


def test_newest_goes_on_while_readings_come(journal):
    """In any order, and after a restart."""
    for seq in (5, 3, 40, 39, 41, 4, *range(60, 90), 2):
        journal.take(seq)
        known = [row.seq for row in journal.view().between(REF, 0, 1 << 40)]
        newest = [row.seq for row in journal.view().newest(REF)]
        assert newest == known[-len(newest) :]
        assert len(newest) >= min(4, len(known))
    before = list(journal.view().newest(REF))
    journal.reopen()
    assert list(journal.view().newest(REF)) == before


def test_lives_and_tenants_are_apart(journal):
    refs = [Ref("", "LP-0001", 0), Ref("", "LP-0001", 1), Ref("town", "LP-0001", 0)]
    for number, ref in enumerate(refs):
        journal.take(number, ref=ref)
    view = journal.view()
    assert [[row.seq for row in view.newest(ref)] for ref in refs] == [[0], [1], [2]]
    assert [[row.seq for row in view.between(ref, 0, 9)] for ref in refs] == [[0], [1], [2]]
    assert [item.ref for item in journal.read("a")] == refs


def test_around_goes_by_time_over_all_lives(journal):
    journal.take(0, 1, 2)
    journal.take(1, 2, 3, ref=Ref("", "LP-0001", 1))
    found = journal.view().around(KEY, NOW + 600, NOW + 1200)
    assert sorted((life, row.seq) for life, row in found) == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_a_corrected_reading_replaces_the_known_one(journal):
    journal.take(0, 1)
    corrected = reading(0, revision=1, time=NOW + 5)
    change = decided([Outcome(keep=True)], readings={(REF, 0): corrected})
    journal.log.transact([message("x")], change, NOW)
    for _ in range(2):
        assert list(journal.view().between(REF, 0, 0)) == [corrected]
        assert corrected in journal.view().newest(REF)
        journal.reopen()


def test_airtime_is_remembered(journal):
    journal.log.transact([message("x")], decided([Outcome(keep=True)], airtime={"roof": (495000, 17)}), NOW)
    journal.log.transact([message("y")], decided([Outcome(keep=True)], airtime={"tower": (495001, 3)}), NOW)
    journal.reopen()
    assert journal.view().airtime() == {"roof": (495000, 17), "tower": (495001, 3)}


# -- sinks


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_every_sink_gets_everything_in_order(journal, limit):
    for begin in range(0, 15, 3):
        journal.take(begin, begin + 1, begin + 2)
    assert numbers(journal.read("a", limit)) == list(range(15))
    assert journal.log.after("a", limit) is None
    assert numbers(journal.read("b", 4)) == list(range(15))


@pytest.mark.parametrize("limit", [1, 2, 4, 5])
def test_a_position_outlives_a_restart_within_a_batch(journal, limit):
    journal.take(*range(5))
    journal.take(*range(5, 10))
    got = []
    while batch := journal.log.after("a", limit):
        got += numbers(batch.items)
        journal.log.advance("a", batch.position, (), NOW)
        journal.reopen()
    assert got == list(range(10))


def test_without_advance_the_same_comes_again(journal):
    journal.take(0, 1)
    first = journal.log.after("a", 10)
    assert journal.log.after("a", 10) == first
    journal.reopen()
    assert journal.log.after("a", 10) == first


def test_ten_thousand_items(journal):
    for begin in range(0, 10_000, 1000):
        journal.take(*range(begin, begin + 1000))
    assert journal.ask("account", ["a"]).waiting == {"a": 10_000}
    assert numbers(journal.read("a", 333)) == list(range(10_000))
    assert journal.ask("account", ["a"]).waiting == {"a": 0}


def test_items_come_as_they_were_told(journal):
    told = [
        Observed(
            REF, reading(0, age=7, unsure=True, revision=3, cells=(Cell(2, None, 8, 5, (1, 2)),)), 17, True
        ),
        AlarmRaised(REF, 4, None, 2, "above", 2500, 2400, 99),
        Observed(REF, reading(1, time=None, cells=()), 18),
    ]
    journal.log.transact(
        [message("x")], decided([Outcome(keep=True)], states={KEY: StationState()}, items=told), NOW
    )
    assert journal.read("a", 1) == told


def test_what_a_sink_refuses_is_quarantined_and_can_be_offered_again(journal):
    journal.take(0, 1, 2)
    [_, bad, _] = journal.log.after("a", 3).items
    journal.read("b")
    assert numbers(journal.read("a", refused=[bad])) == [0, 1, 2]
    [entry] = journal.ask("quarantine")
    assert (entry.code, entry.detail, entry.sink, entry.station, entry.times) == (
        "LP-423",
        "no",
        "a",
        "LP-0001",
        1,
    )
    journal.reopen()
    assert journal.log.replay(entry.id, None, NOW) is None
    assert journal.read("a") == journal.read("b") == [bad]
    assert journal.ask("quarantine") == []
    assert [one.resolved_at for one in journal.ask("quarantine", resolved=True)] == [NOW]


def test_an_alarm_and_a_reading_are_refused_apart(journal):
    told = [Observed(REF, reading(4), 17), AlarmRaised(REF, 4, NOW, 2, "above", 2500, 2400, 17)]
    journal.log.transact(
        [message("x")], decided([Outcome(keep=True)], states={KEY: StationState()}, items=told), NOW
    )
    journal.read("a", refused=told)
    entries = journal.ask("quarantine")
    assert len(entries) == 2
    for entry in entries:
        journal.log.replay(entry.id, None, NOW)
    assert journal.read("a") == told


def test_the_newest_revision_that_was_refused_is_offered_again(journal):
    for revision in range(3):
        row = reading(4, revision=revision)
        one = Observed(REF, row, 17)
        change = decided([Outcome(keep=True)], states={KEY: StationState()}, items=[one])
        journal.log.transact([message(revision)], change, NOW)
        journal.read("a", refused=[one])
    [entry] = journal.ask("quarantine")
    assert entry.times == 3
    journal.log.replay(entry.id, None, NOW)
    assert [item.reading.revision for item in journal.read("a")] == [2]


# -- quarantine


def test_the_same_message_again_is_the_same_entry(journal):
    journal.refuse("x", "x", "y")
    journal.refuse("x", now=NOW + 9)
    found = {entry.payload: entry for entry in journal.ask("quarantine")}
    assert {body: entry.times for body, entry in found.items()} == {b"x": 3, b"y": 1}
    assert (found[b"x"].first_at, found[b"x"].last_at) == (NOW, NOW + 9)


def test_tenants_are_apart_in_the_quarantine_and_in_what_the_network_says(journal):
    """Also with one device, one id and one message; each is there for its own tenant, and found by it."""
    for tenant in ("", "a", "b"):
        told = Notice("70b3d57ed00000aa", "ERROR", "CODE", f"of {tenant}")
        each = [
            Outcome(notice=told, tenant=tenant),
            Outcome(
                tenant=tenant, key=(tenant, "X"), dev_eui="70b3d57ed00000aa", faults=(Fault("LP-250", "x"),)
            ),
        ]
        journal.log.transact([message("n"), message("same")], decided(each), NOW)
    for tenant in ("", "a", "b"):
        assert journal.ask("notices", "70b3d57ed00000aa", 9, tenant) == [(NOW, "CODE", f"of {tenant}")]
        [entry] = journal.ask("quarantine", station=(tenant, "X"))
        [group] = journal.ask("groups", station=(tenant, "X"))
        assert (entry.tenant, group.tenant, group.entries) == (tenant, tenant, 1)
        assert journal.ask("numbers", station=(tenant, "X")) == [(entry.id, entry.size)]
    assert journal.ask("quarantine", station=("a", "Y")) == []


def test_an_entry_for_each_code(journal):
    each = [
        Outcome(keep=True, faults=(Fault("LP-253", "one"), Fault("LP-253", "two"), Fault("LP-255", "three")))
    ]
    journal.log.transact([message("x")], decided(each), NOW)
    told = {entry.code: entry.detail for entry in journal.ask("quarantine")}
    assert set(told) == {"LP-253", "LP-255"}
    assert all(word in told["LP-253"] for word in ("one", "two"))


def test_an_entry_tells_where_it_came_from(journal):
    whole = Delivery("town", "chirpstack-mqtt", "t/1", b"\0\xff{", 12_345)
    each = [Outcome(dev_eui="70b3d57ed00000aa", key=KEY, faults=(Fault("LP-250", "odd"),))]
    journal.log.transact([whole], decided(each), NOW)
    [entry] = journal.ask("quarantine")
    assert (entry.source, entry.kind, entry.topic, entry.payload, entry.size) == msgspec.structs.astuple(
        whole
    )
    assert (entry.dev_eui, entry.station) == ("70b3d57ed00000aa", "LP-0001")
    assert journal.ask("entry", entry.id) == entry
    assert journal.ask("entry", entry.id + 1) is None


def test_replay_decides_as_it_came(journal):
    journal.refuse("x", now=NOW)
    [entry] = journal.ask("quarantine")
    frames = journal.ask("account", []).frames
    seen = []

    def decide(deliveries, snapshot, now):
        seen.append((list(deliveries), now))
        row = reading(0)
        return Outcomes([Outcome(keep=True)], {KEY: StationState()}, {(REF, 0): row}, [Observed(REF, row, 0)])

    assert journal.log.replay(entry.id, decide, NOW + 999) is None
    assert seen == [([message("x")], NOW)]
    assert numbers(journal.read("a")) == [0]
    assert [one.resolved_at for one in journal.ask("quarantine", resolved=True)] == [NOW + 999]
    assert journal.ask("account", []).frames == frames, "a message is counted once"
    journal.refuse("x")
    assert [one.id for one in journal.ask("quarantine")] == [entry.id]


def test_replay_that_fails_again_stays(journal):
    journal.refuse("x")
    before = content(journal)
    [entry] = before["quarantine"]
    fault = Fault("LP-320", "still")
    assert journal.log.replay(entry.id, decided([Outcome(faults=(fault,))]), NOW) == fault
    assert content(journal) == before


def test_replay_that_is_in_part_right_keeps_that_part(journal):
    journal.refuse("x")
    [entry] = journal.ask("quarantine")
    fault, row = Fault("LP-253", "one of them"), reading(0)
    change = decided(
        [Outcome(keep=True, faults=(fault,))], {KEY: StationState()}, {(REF, 0): row}, [Observed(REF, row, 0)]
    )
    assert journal.log.replay(entry.id, change, NOW) == fault
    assert numbers(journal.read("a")) == [0]
    assert [one.id for one in journal.ask("quarantine")] == [entry.id]


def test_replay_of_nothing(journal):
    with pytest.raises(KeyError):
        journal.log.replay(17, decided([]), NOW)


def test_discard(journal):
    journal.refuse(*range(10))
    ids = [entry.id for entry in journal.ask("quarantine")]
    assert journal.log.discard([*ids[:3], 10_000]) == 3
    assert [entry.id for entry in journal.ask("quarantine")] == ids[3:]
    assert journal.log.discard(ids[:3]) == 0
    journal.refuse("new")
    assert journal.ask("quarantine")[-1].id > ids[-1], "a number is never given twice"


def test_lists_and_groups_agree(journal):
    journal.refuse(*range(5), dev_eui="a", now=NOW)
    journal.refuse(*range(5, 8), dev_eui="b", now=NOW + 5)
    journal.refuse(8, 8, dev_eui="b", code="LP-250", now=NOW - 5)
    groups = journal.ask("groups")
    assert [(one.code, one.dev_eui, one.entries, one.times) for one in groups] == [
        ("LP-250", "b", 1, 2), ("LP-320", "a", 5, 5), ("LP-320", "b", 3, 3),
    ]  # fmt: skip
    for chosen in (
        {},
        {"code": "LP-320"},
        {"dev_eui": "b"},
        {"code": "LP-320", "dev_eui": "b"},
        {"code": "x"},
    ):
        entries = journal.ask("quarantine", **chosen)
        groups = journal.ask("groups", **chosen)
        assert sum(group.entries for group in groups) == len(entries)
        assert sum(group.bytes for group in groups) == sum(entry.size for entry in entries)
        assert list(journal.ask("numbers", **chosen)) == [(entry.id, entry.size) for entry in entries]
        for group in groups:
            mine = [one for one in entries if (one.code, one.dev_eui) == (group.code, group.dev_eui)]
            assert group.newest == max(one.id for one in mine)
            assert (group.first_at, group.last_at) == (mine[0].first_at, mine[-1].last_at)
    assert list(journal.ask("numbers", before=NOW)) == [(9, 1)]
    assert len(journal.ask("quarantine", limit=3)) == 3
    assert journal.ask("quarantine", limit=3) == journal.ask("quarantine")[-3:]


# -- counting, reading, tidying


def test_counters_never_fall(journal):
    journal.take(0, messages=3)
    journal.refuse("x", "y")
    journal.log.transact([message("p")] * 4, decided([Outcome(passed="filtered")] * 4), NOW)
    journal.log.transact([message("r")], decided([Outcome()]), NOW)  # a repeat
    account = journal.ask("account", [])
    assert (account.frames, account.quarantined, account.passed) == (5, 2, {"filtered": 4})
    journal.read("a")
    journal.log.discard([entry.id for entry in journal.ask("quarantine")])
    tiny = Budget(0, 0, 0)
    while journal.log.tidy(["a"], Budgets(tiny, tiny, tiny), NOW + 1):
        pass
    journal.reopen()
    account = journal.ask("account", [])
    assert (account.frames, account.quarantined, account.passed) == (5, 0, {"filtered": 4})


def test_waiting_is_told_with_its_beginning(journal):
    journal.take(0, 1, now=NOW)
    journal.take(2, 3, now=NOW + 60)
    account = journal.ask("account", ["a", "b"])
    assert (account.waiting, account.waiting_since) == ({"a": 4, "b": 4}, {"a": NOW, "b": NOW})
    journal.log.advance("a", journal.log.after("a", 1).position, (), NOW)
    assert journal.ask("account", ["a"]).waiting == {"a": 3}
    assert journal.ask("account", ["a"]).waiting_since == {"a": NOW}
    journal.log.advance("a", journal.log.after("a", 1).position, (), NOW)
    assert journal.ask("account", ["a"]).waiting_since == {"a": NOW + 60}
    journal.read("a")
    assert journal.ask("account", ["a"]).waiting_since == {"a": None}


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_tidy_never_takes_what_a_sink_waits_for(journal, limit):
    tiny = Budgets(Budget(0, 0, 0), Budget(0, 0, 0), Budget(0, 0, 0))
    for begin in range(0, 12, 3):
        journal.take(begin, begin + 1, begin + 2)
    journal.read("a")
    got = []
    while batch := journal.log.after("b", limit):
        got += numbers(batch.items)
        journal.log.advance("b", batch.position, (), NOW)
        while journal.log.tidy(["a", "b"], tiny, NOW + 400 * 86400):
            pass
        journal.reopen()
        assert numbers(journal.log.after("never heard of", 100).items)[-1] == 11 if len(got) < 12 else True
    assert got == list(range(12))
    journal.take(12)
    assert numbers(journal.read("b")) == [12]


def test_a_history_over_lives(journal):
    journal.take(0, 1, 2)
    journal.take(1000, ref=Ref("", "LP-0001", 1))
    absent = decided([Outcome(keep=True)], readings={(REF, 3): Reading(3, None, ())})
    journal.log.transact([message("x")], absent, NOW)
    assert [(life, row.seq) for life, row in journal.ask("history", KEY, 3)] == [(1, 1000), (0, 2), (0, 1)]
    assert journal.ask("history", ("", "nobody"), 3) == []


def test_notices_newest_first(journal):
    for number in range(4):
        each = [Outcome(notice=Notice("70b3d57ed00000aa", "ERROR", "CODE", str(number)))]
        journal.log.transact([message(number)], decided(each), NOW + number)
    assert list(journal.ask("notices", "70b3d57ed00000aa", 2)) == [
        (NOW + 3, "CODE", "3"),
        (NOW + 2, "CODE", "2"),
    ]
    assert journal.ask("notices", "nobody", 2) == []


def test_a_reader_sees_what_the_writer_has_taken(journal):
    with closing(journal.make_reader(journal.path)) as reader:
        for seq in range(20):
            journal.take(seq)
            assert [row.seq for _, row in reader.history(KEY, 1)] == [seq]
            assert reader.account(["a"]).waiting == {"a": seq + 1}


READ = """
import sys
from contextlib import closing
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from backends import BACKENDS
reader = BACKENDS[sys.argv[1]][1]
for line in sys.stdin:
    with closing(reader(Path(sys.argv[2]))) as one:
        print(one.account(["a"]).waiting["a"], flush=True)
"""


@pytest.mark.parametrize("kind", [kind for kind, backend in BACKENDS.items() if backend[3]])
def test_a_reader_in_another_process(kind, tmp_path):
    journal = Journal(kind, tmp_path / "journal")
    command = [sys.executable, "-c", READ, kind, str(journal.path), *sys.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for seq in range(10):
            journal.take(seq)
            process.stdin.write("\n")
            process.stdin.flush()
            assert int(process.stdout.readline()) == seq + 1
        process.stdin.close()
    journal.log.close()
    assert process.returncode == 0
