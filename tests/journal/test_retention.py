"""What leaves SQLite's journal, by each bound alone, whatever a clock says; and how large its file stays."""

from contextlib import closing

import pytest
from test_contract import KEY, REF, Journal, decided, message, numbers, reading
from test_messages import deliveries

from luftpegel_gateway.journal.port import Budget, Budgets, Outcome
from luftpegel_gateway.journal.sqlite import retention, room
from luftpegel_gateway.model.events import Notice
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import StationState

NOW = 1_782_907_200
DAY = 86400
AHEAD = 2_145_916_800  # 2038
ROOMY = Budget(31, 1000, 1_000_000)


@pytest.fixture
def journal(tmp_path):
    journal = Journal("sqlite", tmp_path / "journal")
    journal.log._database.execute("PRAGMA synchronous = OFF")
    yield journal
    journal.log.close()


def tidy(journal, now=NOW, sinks=("a",), **budgets):
    rounds = 1
    while journal.log.tidy(
        sinks, Budgets(**({"frames": ROOMY, "quarantine": ROOMY, "notices": ROOMY} | budgets)), now
    ):
        rounds += 1
    return rounds


def frames(journal):
    with closing(journal.make_reader(journal.path)) as reader:
        return [one.payload for one, _ in reader.messages()]


def take(journal, number, own, network=None):
    """A frame that came at `own` by our clock and at `network` by the others'."""
    each = [Outcome(keep=True, received_at=None if network is None else network * 1_000_000)]
    journal.log.transact([message(number)], decided(each, {KEY: StationState()}), own)


@pytest.mark.parametrize(
    ("clocks", "left"),
    [
        ([(NOW, NOW), (NOW + 40 * DAY, NOW + 40 * DAY)], 1),
        ([(NOW, NOW), (NOW + 30 * DAY, NOW + 30 * DAY)], 2),
        ([(NOW, NOW), (AHEAD, NOW + DAY)], 2),
        ([(AHEAD, NOW), (NOW + DAY, NOW + DAY)], 2),
        ([(AHEAD, NOW), (NOW + 40 * DAY, NOW + 40 * DAY)], 1),
        ([(NOW, NOW), (NOW + DAY, AHEAD)], 2),
        ([(AHEAD, None), (NOW, NOW), (NOW + 40 * DAY, NOW + 40 * DAY)], 1),
    ],
    ids=[
        "old",
        "not yet",
        "ours ran ahead",
        "ours was ahead",
        "ours was ahead long ago",
        "theirs",
        "no clock tells",
    ],
)
def test_frames_leave_when_both_clocks_call_them_old(journal, clocks, left):
    for number, (own, network) in enumerate(clocks):
        take(journal, number, own, network)
    tidy(journal, now=clocks[-1][0])
    assert len(frames(journal)) == left


def test_frames_leave_beyond_their_count(journal):
    for number in range(100):
        take(journal, number, NOW, NOW)
    tidy(journal, frames=Budget(31, 1000, 10))
    assert 0 < len(frames(journal)) <= 10
    assert frames(journal)[-1] == b"99"


@pytest.mark.parametrize("ours", [AHEAD, NOW + 500 * DAY], ids=["our clock ran ahead", "it is so late"])
def test_the_quarantine_leaves_by_age(journal, ours):
    """400 days by both clocks."""
    true = NOW + DAY if ours == AHEAD else ours
    journal.refuse("x", now=NOW)
    take(journal, 1, ours, true)
    tidy(journal, now=ours, quarantine=Budget(400, 1000, 1000))
    assert len(journal.ask("quarantine")) == (1 if ours == AHEAD else 0)
    assert journal.ask("account", []).discarded == (0 if ours == AHEAD else 1)


@pytest.mark.parametrize("budget", [Budget(400, 1000, 100), Budget(400, 0, 1000)], ids=["count", "bytes"])
def test_a_stranger_pushes_out_its_own_entries(journal, budget):
    journal.refuse(*(f"station {number}" for number in range(20)), code="LP-253", dev_eui="70b3d57ed0000001")
    for begin in range(0, 1000, 100):
        journal.refuse(*range(begin, begin + 100))
    tidy(journal, quarantine=budget)
    codes = [entry.code for entry in journal.ask("quarantine")]
    assert len(codes) <= budget.count
    if budget.mib:
        assert codes.count("LP-253") == 20
        assert journal.ask("quarantine")[-1].payload == b"999", "the newest stay"
    assert journal.ask("account", []).discarded == 1020 - len(codes)


def test_a_crowd_of_strangers_pushes_out_its_own_entries(journal):
    """Each of them has fewer entries than the station."""
    each = [Outcome(key=KEY, faults=(Fault("LP-253", "differs"),), dev_eui="70b3d57ed0000001")] * 3
    journal.log.transact([message(number) for number in range(3)], decided(each), NOW)
    for number in range(300):
        journal.refuse(f"stranger {number}", dev_eui=f"{number % 290:016x}")
    tidy(journal, quarantine=Budget(400, 1000, 100))
    left = journal.ask("quarantine")
    assert len(left) == 100
    assert [entry.dev_eui for entry in left].count("70b3d57ed0000001") == 3
    assert left[-1].payload == b"stranger 299", "the newest stay"
    assert len({entry.dev_eui for entry in left}) == 98, "whoever has the most gives first"


def test_many_entries_are_listed_by_reading_few(journal):
    """84,422 of them once took 17 seconds: what is listed is what is read."""
    for begin in range(0, 20_000, 1000):
        journal.refuse(*range(begin, begin + 1000))
    with closing(journal.make_reader(journal.path)) as reader:
        unpacked = []
        plain = reader._packer.unpack
        reader._packer.unpack = lambda blob: unpacked.append(blob) or plain(blob)
        assert reader.groups()[0].entries == 20_000
        assert len(reader.numbers()) == 20_000
        assert unpacked == []
        assert len(reader.quarantine(limit=50)) == len(unpacked) == 50


def test_notices_leave_by_age_and_count(journal):
    for number in range(30):
        each = [Outcome(notice=Notice("70b3d57ed00000aa", "ERROR", "CODE", str(number)))]
        journal.log.transact([message(number)], decided(each), NOW + number * DAY)
    take(journal, 1, NOW + 29 * DAY, NOW + 29 * DAY)
    told = lambda: [text for _, _, text in journal.ask("notices", "70b3d57ed00000aa", 100)]  # noqa: E731
    tidy(journal, now=AHEAD, notices=Budget(10, 16, 1000))
    assert len(told()) == 11
    tidy(journal, now=NOW + 29 * DAY, notices=Budget(400, 16, 4))
    assert told() == ["29", "28", "27", "26"]


def known(journal, life=0):
    return [row.seq for row in journal.view().between(Ref("", "LP-0001", life), 0, 1 << 40)]


def test_values_leave_and_numbers_without_a_time_with_them(journal, monkeypatch):
    """Absent readings have no time; more of them than one look sees must not hide what lies behind."""
    monkeypatch.setattr(retention, "LOOKED_AT", 20)
    rows = {(REF, seq): Reading(seq, None, ()) for seq in range(100)}
    rows |= {(REF, seq): reading(seq, time=NOW) for seq in range(100, 110)}
    rows |= {(REF, 110): Reading(110, None, ())}
    rows |= {(REF, seq): reading(seq, time=NOW + 40 * DAY) for seq in range(111, 115)}
    journal.log.transact([message("x")], decided([Outcome(keep=True)], {KEY: StationState()}, rows), NOW)
    for _ in range(20):
        tidy(journal, now=NOW + 40 * DAY)
    assert known(journal) == [110, 111, 112, 113, 114]


def test_messages_are_packed_together_and_stay_the_same(journal):
    told = deliveries(1500)
    for one in told[:700]:
        journal.log.transact([one], decided([Outcome(keep=True)]), NOW)
    journal.log.transact(told[700:1400], decided([Outcome(keep=True)] * 700), NOW)
    for one in told[1400:]:
        journal.log.transact([one], decided([Outcome(keep=True)]), NOW)
    used = journal.log._database.execute("SELECT sum(length(messages)) FROM segment").fetchone()[0]
    for _ in range(10):
        tidy(journal)
    now = journal.log._database.execute("SELECT sum(length(messages)), count(*) FROM segment").fetchone()
    assert now[0] < used / 2
    assert frames(journal) == [one.payload for one in told]


def test_a_file_that_grew_shrinks_again(journal, monkeypatch):
    """A sink was away; when it has everything, the disk gets its room back, and nothing else is lost."""
    monkeypatch.setattr(room, "RESERVE", 16)
    journal.take(0)
    for begin in range(1, 20_000, 1000):
        journal.take(*range(begin, begin + 1000))
    grown = journal.log._database.execute("PRAGMA page_count").fetchone()[0]
    journal.log._database.execute("DELETE FROM reading WHERE seq > 100")
    journal.log._watch.left()
    journal.read("a", 1000)
    tidy(journal)
    assert journal.log._database.execute("PRAGMA page_count").fetchone()[0] < grown / 2
    assert journal.log._database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    journal.take(30_000)
    assert numbers(journal.read("a")) == [30_000]
