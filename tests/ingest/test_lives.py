"""A station's numbering has lives: a new board is recognised by itself, and nothing else looks like one."""

import pytest

DAY = 86400
HOUR = 3600


def run(heart, board, numbers, **options):
    for seq in numbers:
        heart.take(board.uplink(seq, **{"network": 0, **options}))


def test_a_swapped_board_within_the_journals_reach(heart, board, make_board):
    run(heart, board, range(200))
    other = make_board(begin=board.time(200), seed=2, dev_addr="0a0b0c0d")
    run(heart, other, range(150))
    assert heart.readings(0) == board.truth(range(200))
    assert heart.readings(1) == other.truth(range(150))
    assert heart.faults() == []
    assert heart.state().life.began == other.begin
    assert heart.state().completeness == 1.0
    assert heart.state().twin is None


def test_a_swapped_board_when_the_old_values_have_left(heart, board, make_board):
    run(heart, board, range(1440), history=5)
    heart.log._database.execute("DELETE FROM reading WHERE seq < 1400")
    heart.restart()
    other = make_board(begin=board.time(1440), seed=2)
    run(heart, other, range(480))
    assert heart.readings(1) == other.truth(range(480))
    assert heart.readings(0) == board.truth(range(1440))
    assert heart.faults() == []


@pytest.mark.parametrize("join", [True, False])
@pytest.mark.parametrize("old", [3, 40, 300])
@pytest.mark.parametrize("lost", [0, 1, 5])
def test_however_long_the_old_life_was_and_whatever_is_lost(heart, make_board, join, old, lost):
    board = make_board()
    run(heart, board, range(old))
    other = make_board(begin=board.time(old) + 300, seed=9)
    if join:
        heart.take(other.join(other.begin))
    run(heart, other, range(lost, 60))
    assert heart.readings(1) == other.truth(range(60))
    assert heart.readings(0) == board.truth(range(old))


def test_a_board_whose_values_rest_is_known_by_time(heart, make_board):
    board = make_board(constant=(2000, 5000))
    run(heart, board, range(100))
    other = make_board(begin=board.time(100) + 50, constant=(2000, 5000))
    run(heart, other, range(50))
    assert heart.readings(1) == other.truth(range(50))
    assert heart.readings(0) == board.truth(range(100))


def test_a_jump_is_no_gap_of_billions(heart, board, make_board):
    run(heart, board, range(50))
    other = make_board(begin=board.time(50), first=3_000_000_000, seed=3)
    run(heart, other, range(3_000_000_000, 3_000_000_020))
    assert heart.readings(1) == other.truth(range(3_000_000_000, 3_000_000_020))
    assert heart.state().missing == 0
    run(heart, other, [3_000_000_100])
    assert heart.state().missing == 68
    assert len(heart.downlinks) == 1


def test_a_restart_that_skips_numbers_is_the_same_life_and_loses_nothing(heart, board, make_board):
    run(heart, board, range(50))
    resumed = make_board(begin=board.time(50) + 90, first=128, seed=1, absent=set(range(50, 128)))
    run(heart, resumed, range(128, 200), oldest=100)
    assert heart.readings(0) == board.truth(range(50)) | resumed.truth(range(128, 200))
    assert len(heart.state().lives) == 1
    assert heart.state().missing <= 1


def test_a_replayed_recording_of_the_old_life_is_no_new_life(heart, board, make_board):
    recording = [board.uplink(seq, network=0) for seq in range(300)]
    heart.take(*recording)
    other = make_board(begin=board.time(300), seed=2)
    run(heart, other, range(200))
    before = dict(heart.stored)
    now = other.time(200)
    for message in recording:
        heart.take(message, at=now)
    assert heart.stored == before
    assert len(heart.state().lives) == 2
    assert heart.state().twin is None
    assert heart.faults() == []


def test_a_replay_after_the_values_have_left(heart, board, make_board):
    recording = [board.uplink(seq, network=0) for seq in range(300)]
    heart.take(*recording)
    other = make_board(begin=board.time(300), seed=2)
    run(heart, other, range(200))
    heart.log._database.execute("DELETE FROM reading WHERE life = 0 AND seq < 295")
    heart.restart()
    before = dict(heart.stored)
    for message in recording:
        heart.take(message, at=other.time(200))
    assert heart.stored == before
    assert len(heart.state().lives) == 2


def test_two_boards_with_one_id_are_kept_apart_and_told(heart, board, make_board):
    run(heart, board, range(500))
    twin = make_board(begin=board.time(450) + 111, seed=5, dev_addr="ffffffff")
    for step in range(100):
        run(heart, board, [500 + step])
        run(heart, twin, [step])
    assert heart.readings(0) == board.truth(range(600))
    assert heart.readings(1) == twin.truth(range(100))
    assert len(heart.state().lives) == 2
    assert heart.state().twin == 0
    assert heart.faults() == []


def test_an_old_board_that_is_put_back_is_no_twin_for_ever(heart, board, make_board):
    """While the first one was repaired another hung there; the first goes on with its own numbers."""
    run(heart, board, range(50))
    spare = make_board(begin=board.time(50), seed=4, dev_addr="0a0b0c0d")
    run(heart, spare, range(60))
    back = make_board(begin=spare.time(61), first=50, seed=1)
    run(heart, back, range(50, 60))
    assert heart.state().twin == 0, "the spare one may still be heard"
    run(heart, back, range(60, 50 + 3 * 144))
    assert heart.state().twin is None
    assert heart.readings(0) == board.truth(range(50)) | back.truth(range(50, 50 + 3 * 144))
    assert heart.readings(1) == spare.truth(range(60))


def test_late_frames_of_the_old_board_are_no_twin(heart, board, make_board):
    run(heart, board, range(100))
    late = [board.uplink(seq, network=0) for seq in range(100, 110)]
    other = make_board(begin=board.time(111), seed=2)
    run(heart, other, range(10))
    for message in late:
        heart.take(message, at=other.time(12))
    assert heart.readings(0) == board.truth(range(110))
    assert heart.readings(1) == other.truth(range(10))
    assert heart.state().twin is None


def test_many_lives(heart, make_board):
    begin = 1_782_907_200
    for life in range(12):
        board = make_board(begin=begin, seed=100 + life)
        run(heart, board, range(30 + life))
        begin = board.time(30 + life) + 77
        assert heart.readings(life) == board.truth(range(30 + life))
    assert len(heart.state().lives) == 12


def test_a_new_life_survives_a_restart_of_the_gateway(heart, board, make_board):
    run(heart, board, range(100))
    other = make_board(begin=board.time(100), seed=2)
    run(heart, other, range(20))
    heart.restart()
    run(heart, other, range(20, 40))
    run(heart, board, [100])
    assert heart.readings(1) == other.truth(range(40))
    assert len(heart.state().lives) == 2
