"""A journal of version 0.2.0, written by its own code, in the hands of this gateway."""

import json

import pytest
from ingest_heart import NOON, Message

from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.names import Ref

DAY = 86400


def replay_all(heart):
    """What an operator does after the cause is mended: `quarantine replay`."""
    left = [entry for entry in entries(heart) if not entry.sink]
    for entry in left:
        heart.log.replay(entry.id, heart.decider.decide_again, NOON + DAY)
    heart._deliver(NOON + DAY)


def entries(heart):
    reader = SqliteReader(heart.path)
    try:
        return reader.quarantine()
    finally:
        reader.close()


def known(heart, life=0):
    rows = heart.log._memory.between(Ref("", "LP-0001", life), 0, 1 << 60)
    return {row.seq: (row.time, *(cell.value for cell in row.cells)) for row in rows if row.cells}


def test_all_is_there_and_goes_on(old, board, open_heart):
    board.absent = {3}
    old.take(*(board.uplink(seq, network=0) for seq in (0, 1, 2, 4, 5)))
    old.run(["deliver", "sink", 3, []])
    before = old.look("sink")
    heart = open_heart()
    assert known(heart) == board.truth([0, 1, 2, 4, 5])
    life = heart.state().life
    assert (life.number, life.seen.ranges, life.absent.ranges) == (0, ((0, 5),), ((3, 3),))
    assert heart.state().frames == before["states"]["LP-0001"]["frames"]
    heart._deliver(NOON)
    assert set(heart.readings()) == {4, 5}
    heart.take(board.uplink(6, network=0))
    assert set(heart.readings()) == {4, 5, 6}, "what was known is not told again"
    assert (heart.faults(), heart.state().life.number) == ([], 0)


def test_a_sink_that_never_came_gets_everything(old, board, open_heart):
    old.take(*(board.uplink(seq) for seq in range(20)))
    old.run(["deliver", "other", 100, []])
    heart = open_heart()
    heart._deliver(NOON)
    assert heart.readings() == board.truth(range(20))
    assert heart.log.after("other", 10) is None


@pytest.mark.parametrize("delivered", range(7))
def test_a_cursor_stands_where_it_stood(old, board, open_heart, delivered):
    old.take(*(board.uplink(seq, history=3) for seq in range(6)))
    if delivered:
        old.run(["deliver", "sink", delivered, []])
    heart = open_heart()
    heart._deliver(NOON)
    assert set(heart.readings()) == set(range(min(delivered, 6), 6))
    reader = SqliteReader(old.path)
    assert reader.account(["sink"]).waiting == {"sink": 0}
    reader.close()


def test_quarantine_keeps_its_numbers_and_messages(old, board, make_board, open_heart):
    stranger = make_board(dev_eui="70b3d57ed00000aa")
    message = stranger.uplink(4)
    old.take(board.uplink(0), message, message, Message("up", b"{", board.dev_eui, NOON))
    old.run(["deliver", "sink", 1, [0]])
    before = {(one[0], one[1], one[2], one[3], one[4] or "") for one in old.look()["entries"] if not one[2]}
    heart = open_heart()
    found = entries(heart)
    assert {(one.id, one.code, one.sink, one.times, one.dev_eui) for one in found if not one.sink} == before
    assert [one.payload for one in found if one.code == "LP-320"] == [message.payload]
    [refused] = [one for one in found if one.sink]
    assert (refused.code, refused.detail, refused.station) == ("LP-423", "no", "LP-0001")
    heart.take(message)
    [again] = [one for one in entries(heart) if one.code == "LP-320"]
    assert again.times == 3
    heart.log.replay(refused.id, heart.decider.decide_again, NOON)
    heart._deliver(NOON)
    assert heart.readings() == board.truth([0])


def test_a_request_notices_and_counts_go_on(old, board, open_heart):
    logged = {"deviceInfo": {"devEui": board.dev_eui}, "level": "ERROR", "code": "UPLINK_CODEC"}
    notice = Message("log", json.dumps(logged | {"description": "x"}).encode(), board.dev_eui, NOON)
    old.take(board.uplink(0), board.uplink(90, history=3), notice)
    before = old.look("sink")
    heart = open_heart()
    asked = heart.state().life.asked
    assert [asked.first, asked.count, asked.uplinks, asked.patience] == before["states"]["LP-0001"]["asked"]
    reader = SqliteReader(old.path)
    assert reader.account(["sink"]).frames == before["frames"]
    assert [list(one) for one in reader.notices(board.dev_eui, 9)] == [
        [one[0], one[3], one[4]] for one in before["notices"]
    ]
    assert before["notices"]
    reader.close()


def test_one_wrong_clock_and_forty_contradictions(old, board, open_heart):
    """The frame that told a time of 1980 was believed; forty right ones after it were not."""
    wrong = 100
    frames = [board.uplink(seq, history=40, network=0, gateway=0) for seq in range(wrong)]
    frames.append(board.uplink(wrong, history=0, told=315_964_800 - board.time(wrong), network=0, gateway=0))
    frames += [board.uplink(seq, history=40, network=0, gateway=0) for seq in range(wrong + 1, wrong + 45)]
    old.take(*frames)
    heart = open_heart()
    assert len([one for one in entries(heart) if one.code == "LP-253"]) >= 40
    replay_all(heart)
    assert entries(heart) == []
    assert known(heart) == board.truth(range(wrong + 45))
    assert heart.readings() == board.truth(range(wrong + 45))
    assert heart.state().life.number == 0


@pytest.mark.parametrize(
    ("network", "wrong"), [(0, 12), (None, 3)], ids=["the server tells its own time", "one clock only"]
)
def test_a_wrong_clock_for_some_frames(old, board, open_heart, network, wrong):
    """With one clock only, more wrong frames in a row than that are a clock that was set."""
    frames = [
        board.uplink(seq, history=20, network=network, told=-5000 if 50 <= seq < 50 + wrong else 0)
        for seq in range(90)
    ]
    old.take(*frames)
    heart = open_heart()
    assert entries(heart)
    replay_all(heart)
    assert entries(heart) == []
    assert known(heart) == board.truth(range(90))


def test_a_wrong_clock_at_the_beginning(old, board, open_heart):
    back = 19 * 365 * DAY
    frames = [board.uplink(seq, told=-back if seq == 0 else 0, network=0) for seq in range(8)]
    old.take(*frames)
    heart = open_heart()
    assert entries(heart)
    replay_all(heart)
    assert entries(heart) == []
    assert known(heart) == board.truth(range(8))


def test_a_swapped_board_gets_a_life_of_its_own(old, board, make_board, open_heart):
    """Its numbers began at 0 again; the old gateway refused all of them."""
    second = make_board(begin=NOON + 200 * 600 + 5 * DAY, seed=2, dev_addr="01020305")
    old.take(*(board.uplink(seq, network=0) for seq in range(200)))
    old.take(*(second.uplink(seq, network=0) for seq in range(40)))
    heart = open_heart()
    assert len(entries(heart)) == 40
    replay_all(heart)
    assert entries(heart) == []
    assert heart.readings() == board.truth(range(200))
    assert heart.readings(life=1) == second.truth(range(40))
    heart.take(second.uplink(40, network=0))
    assert heart.readings(life=1) == second.truth(range(41))


def test_a_jump_of_the_numbers_is_no_gap_of_billions(old, board, make_board, open_heart):
    old.take(*(board.uplink(seq) for seq in range(3)))
    far = make_board(begin=board.time(3), first=3_000_000_000)
    old.take(*(far.uplink(3_000_000_000 + more, history=1) for more in range(3)))
    heart = open_heart()
    assert heart.state().missing < 1000
    assert heart.state().life.knows(3_000_000_002)


def test_our_clock_that_ran_ahead_once_is_forgotten(old, board, open_heart):
    old.take(board.uplink(0), at=2_145_916_800)
    old.take(board.uplink(1))
    heart = open_heart()
    assert heart.state().link.taken_at == board.time(1) + 8
    heart.take(board.uplink(2))
    assert heart.state().link.heard_at == (board.time(2) + 7) * 1_000_000


def test_a_resting_value_stays_flat(old, board, open_heart):
    """What the old gateway found stays found, and the check goes on where it was."""
    board.constant = (2000, 5000)
    frames = [board.uplink(seq, history=1) for seq in range(800)]
    old.take(*frames)
    old_flags = old.run(["deliver", "sink", 1000, []])[0][-1][3]
    heart = open_heart()
    heart.take(board.uplink(800, history=1, network=0))
    flat = [channel for channel, _, quality in old_flags if quality]
    assert flat
    assert all(cell.quality for cell in heart.stored["LP-0001", 0, 800].cells if cell.channel in flat)
