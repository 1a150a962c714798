"""Cost grows with what is new: rows, readings and questions to the journal are counted, not seconds."""

import pytest
from ingest_heart import Board

from luftpegel_gateway.decode import uplink
from luftpegel_gateway.journal.sqlite import backend
from luftpegel_gateway.journal.sqlite.gathering import OUTBOX_ITEMS
from luftpegel_gateway.journal.sqlite.memory import Memory

HISTORY = 50
ASKING = ("_rows", "around")  # all ways to the database


@pytest.fixture
def work(monkeypatch, heart):
    """What each batch cost: rows decoded, readings written, questions asked."""
    counted = {"rows": 0, "written": 0, "asked": 0}

    def count(owner, name, what):
        real = getattr(owner, name)

        def counting(*given):
            found = real(*given)
            counted[what] += found is not None
            return found

        monkeypatch.setattr(owner, name, counting)

    count(uplink.Readings, "next", "rows")
    for name in ASKING:
        count(Memory, name, "asked")
    remember = Memory.remember

    def remembering(memory, outcomes, numbers):
        counted["written"] += len(outcomes.readings)
        remember(memory, outcomes, numbers)

    monkeypatch.setattr(Memory, "remember", remembering)

    def of(*messages, **options):
        counted.update(rows=0, written=0, asked=0)
        heart.take(*messages, **options)
        return dict(counted)

    return of


def frame(board, seq, **options):
    return board.uplink(seq, history=HISTORY, network=0, **options)


@pytest.fixture
def settled(work, board):
    """A station that has told enough for frames of 51 rows."""
    work(frame(board, 200))
    work(frame(board, 201))
    return board


def test_one_new_reading_of_fifty_one(work, settled):
    for seq in range(202, 240):
        cost = work(frame(settled, seq))
        assert cost["rows"] == 2
        assert 1 <= cost["written"] <= 3  # a spike's verdict comes late
        assert cost["asked"] == 0


@pytest.mark.parametrize("new", [1, 2, 5, 20, 50])
def test_rows_that_are_read_are_those_that_are_new_and_one(work, settled, new):
    cost = work(frame(settled, 201 + new))
    assert cost["rows"] == new + 1
    assert new <= cost["written"] <= new + 2


def test_a_repeated_frame_costs_nothing(work, settled):
    message = frame(settled, 202)
    work(message)
    assert work(message) == {"rows": 0, "written": 0, "asked": 0}


def test_a_frame_that_is_told_again_after_many_others_costs_one_row(work, settled):
    old = frame(settled, 202)
    work(old)
    for seq in range(203, 230):
        work(frame(settled, seq))
    cost = work(old, at=settled.time(230))
    assert (cost["rows"], cost["written"]) == (1, 0)


def test_a_batch_of_many_stations_and_frames(work, settled):
    messages = [frame(settled, seq) for seq in range(202, 242)]
    cost = work(*messages)
    assert cost["rows"] == 2 * len(messages)
    assert cost["asked"] == 0


def test_the_first_frame_after_a_restart_asks_once(work, heart, settled):
    heart.restart()
    assert work(frame(settled, 202))["asked"] == 1
    assert work(frame(settled, 203)) == {"rows": 2, "written": 1, "asked": 0}


def test_a_wrong_clock_beside_two_right_ones_costs_nothing_more(work, settled):
    for seq in range(202, 230):
        cost = work(frame(settled, seq, told=-10_000_000, gateway=-10_000_000))
        assert (cost["rows"], cost["asked"]) == (2, 0)


def test_a_gap_that_a_request_will_fill_is_no_reason_to_read_on(work, settled):
    """Only a gap within the frame's own rows is."""
    work(frame(settled, 201 + 2 * HISTORY))
    for seq in range(202 + 2 * HISTORY, 230 + 2 * HISTORY):
        cost = work(frame(settled, seq))
        assert (cost["rows"], cost["asked"]) == (2, 0)


def test_a_new_board_is_read_whole_once(work, settled):
    other = Board(begin=settled.time(202), seed=7)
    work(frame(other, 0))
    work(frame(other, 1))
    for seq in range(2, 30):
        assert work(frame(other, seq))["rows"] == 2


def test_a_sink_that_wants_a_few_unpacks_a_few_however_much_one_batch_told(monkeypatch, heart, board):
    unpacked = []
    real = backend.unpack_items

    def unpack(packed, stations):
        items = real(packed, stations)
        unpacked.append(len(items))
        return items

    monkeypatch.setattr(backend, "unpack_items", unpack)
    apart = HISTORY + 1
    heart.take(*(frame(board, seq) for seq in range(HISTORY, 25 * apart, apart)))
    told, limit = 0, 7
    while batch := heart.log.after("slow", limit):
        told += len(batch.items)
        heart.log.advance("slow", batch.position, (), 0)
        limit = OUTBOX_ITEMS
    assert told > 2 * OUTBOX_ITEMS
    assert 0 < max(unpacked) <= OUTBOX_ITEMS
