"""The journal in flash: what was written stays, through power cuts, wiped files and rotten bytes."""

import pytest
from hil_tests.conftest import JOURNAL, OPEN_JOURNAL, ROWS

from luftpegel_tools.rig.roles import Rig

APPEND = """
from station.history import Layout
def append(n):
    for _ in range(n):
        values = 2150 + journal.next_seq % 50, 4800
        seq = journal.append(1000, values, (0, 0), Layout((2, 4), (10, 50), 1, 0)).seq
    return seq
"""
CUTS = range(1, 14)

pytestmark = pytest.mark.look_at(
    "the flash chip: an old board's may be worn; `df` of the board's file system"
)


@pytest.fixture
def journal(board: Rig):
    """The board with an empty journal of its own, its numbers going on where they were."""
    if board.files.has(JOURNAL) and not board.is_virtual:
        pytest.skip("this board has a station's journal, which stays untouched")
    board.files.remove(JOURNAL)
    board.exec(OPEN_JOURNAL + APPEND)
    yield board
    board.files.remove(JOURNAL)


def rows(board: Rig) -> dict:
    board.exec(OPEN_JOURNAL + APPEND)
    return {seq: values for seq, values, _ in board.eval(ROWS, timeout_s=60)}


def test_it_keeps_its_rows_over_resets(journal: Rig) -> None:
    first = journal.eval("append(1)")
    journal.eval("append(4)")
    journal.reset.hard()
    kept = rows(journal)
    assert sorted(kept) == list(range(first, first + 5))
    assert all(kept[seq] == (2150 + seq % 50, 4800) for seq in kept)
    assert journal.eval("append(1)") == first + 5


@pytest.mark.parametrize("reset", ["hard", "power"])
def test_numbers_never_repeat_after_a_wiped_file_system(journal: Rig, reset: str) -> None:
    for count in (1, 62, 63, 64, 65):  # around the checkpoint's step
        last = journal.eval(f"append({count})", timeout_s=60)
        journal.files.remove(JOURNAL)
        journal.reset.hard() if reset == "hard" else journal.power.cycle()
        journal.exec(OPEN_JOURNAL + APPEND)
        assert journal.eval("append(1)") > last


def test_numbers_never_repeat_when_it_is_wiped_at_any_number(journal: Rig) -> None:
    """Each place within the checkpoint's step, because an error by one shows at one place only."""
    last = journal.eval("append(1)")
    journal.exec(
        "import os\nworst = 1 << 30\nlast = append(1)\n"
        "for wipe in range(140):\n"
        " for name in os.listdir('/journal'): os.remove('/journal/' + name)\n"
        + OPEN_JOURNAL.replace("\n", "\n ")
        + "\n seq = append(1)\n worst = min(worst, seq - last)\n last = append(wipe % 3 + 62)\n",
        timeout_s=120,
    )
    assert journal.eval("worst") > 0
    assert journal.eval("last") > last


@pytest.mark.parametrize("torn", [True, False], ids=["torn", "whole"])
def test_a_power_cut_at_each_write_loses_at_most_the_last_row(journal: Rig, torn: bool) -> None:
    acknowledged: set[int] = set()
    for nth in CUTS:
        journal.exec(OPEN_JOURNAL + APPEND)
        next_seq = journal.eval("journal.next_seq")
        journal.power.cut_at_write(nth, torn)
        journal.console.start("for _ in range(9): print('kept', append(1))\nprint('all kept')")
        said = ""
        try:
            while "all kept" not in said and journal.power.is_on:
                said += journal.console.wait_for("kept", 0.3)
        except TimeoutError:
            pass
        journal.power.never_mind()
        if not journal.power.is_on:
            journal.power.on()
        journal.reset.take()
        there = rows(journal)
        assert acknowledged <= set(there), f"lost at write {nth}"
        assert sorted(there) == sorted(set(there))
        assert all(there[seq] == (2150 + seq % 50, 4800) for seq in there)
        assert journal.eval("journal.next_seq") >= next_seq
        acknowledged = set(there)
        assert journal.eval("append(1)") not in acknowledged
        acknowledged = set(rows(journal))


def test_a_rotten_byte_costs_its_own_row(journal: Rig) -> None:
    first = journal.eval("append(1)")
    journal.eval("append(5)")
    (name,) = journal.files.names(JOURNAL)
    content = bytearray(journal.files.read(f"{JOURNAL}/{name}"))
    header, record = 15 + 2 * 4, 14 + 2 * 5
    for offset, lost in ((header + 2 * record + 9, first + 2), (header + 4 * record + 1, first + 4)):
        damaged = content.copy()
        damaged[offset] ^= 0x10
        journal.files.write(f"{JOURNAL}/{name}", bytes(damaged))
        assert sorted(rows(journal)) == [seq for seq in range(first, first + 6) if seq != lost]


def test_a_torn_tail_is_never_written_over(journal: Rig) -> None:
    first = journal.eval("append(1)")
    last = journal.eval("append(3)")
    (name,) = journal.files.names(JOURNAL)
    content = journal.files.read(f"{JOURNAL}/{name}")
    journal.files.write(f"{JOURNAL}/{name}", content[:-7])
    kept = rows(journal)
    assert sorted(kept) == list(range(first, last))
    journal.eval("append(2)")
    assert set(kept) < set(rows(journal))
    assert len(journal.files.names(JOURNAL)) == 2


def test_a_rotten_header_costs_its_segment_and_repeats_no_number(journal: Rig) -> None:
    last = journal.eval("append(4)")
    (name,) = journal.files.names(JOURNAL)
    content = bytearray(journal.files.read(f"{JOURNAL}/{name}"))
    content[5] ^= 1
    journal.files.write(f"{JOURNAL}/{name}", bytes(content))
    assert rows(journal) == {}
    assert journal.eval("append(1)") > last
