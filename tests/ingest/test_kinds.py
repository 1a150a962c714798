"""Other faults of the same kinds: numberings that begin elsewhere, swaps at bad moments, clocks that step or
are missing, frames from a queue, a recording or another town, requests that no station should get."""

import json
import random

import pytest
from ingest_heart import CHANNELS, NOON, ROOF, TOWER, Board, Message

from luftpegel_gateway.ingest.names import MOST_LIVES
from luftpegel_gateway.model.station import Station
from luftpegel_wire import Row, encode_alarm, encode_readings
from luftpegel_wire.quantities import channel_of

DAY, HOUR, YEAR = 86400, 3600, 365 * 86400


def run(heart, board, numbers, **options):
    for seq in numbers:
        heart.take(board.uplink(seq, **{"network": 0, **options}))


def changed(message, **fields):
    """The event with these fields instead; None: a field that is null, `...`: one that is not there."""
    event = json.loads(message.payload)
    for name, value in fields.items():
        event.pop(name, None)
        if value is not ...:
            event[name] = value
    return Message(message.kind, json.dumps(event).encode(), message.dev_eui, message.sent)


def untroubled(heart, lives):
    assert heart.faults() == []
    assert len(heart.state().lives) == lives
    assert heart.state().twin is None


# Numberings.


@pytest.mark.parametrize("first", [1, 64, 1000, 2**31, 2**32 - 50])
def test_a_new_board_whose_numbers_begin_elsewhere(heart, board, make_board, first):
    run(heart, board, range(100))
    other = make_board(begin=board.time(100), first=first, seed=2)
    run(heart, other, range(first, first + 40))
    untroubled(heart, 2)
    assert heart.readings(1) == other.truth(range(first, first + 40))
    assert heart.state().missing == 0


def test_two_swaps_within_an_hour(heart, board, make_board):
    run(heart, board, range(100))
    second = make_board(begin=board.time(99) + 400, seed=2)
    run(heart, second, range(2))
    third = make_board(begin=second.time(1) + 500, seed=3)
    run(heart, third, range(50))
    untroubled(heart, 3)
    assert heart.readings(1) == second.truth(range(2))
    assert heart.readings(2) == third.truth(range(50))


def test_a_swap_while_we_were_down(heart, board, make_board):
    """All that waited in the broker comes at once, from both boards."""
    run(heart, board, range(50))
    other = make_board(begin=board.time(80) + 100, seed=2)
    waiting = [board.uplink(seq, network=0) for seq in range(50, 80)]
    waiting += [other.uplink(seq, network=0) for seq in range(60)]
    heart.take(*waiting, at=other.time(61))
    untroubled(heart, 2)
    assert heart.readings(0) == board.truth(range(80))
    assert heart.readings(1) == other.truth(range(60))


@pytest.mark.parametrize("interval", [60, 300, 3600])
def test_a_new_board_with_another_interval(heart, board, make_board, interval):
    run(heart, board, range(60))
    other = make_board(begin=board.time(60), seed=2, interval=interval)
    run(heart, other, range(60))
    untroubled(heart, 2)
    assert heart.readings(1) == other.truth(range(60))


class Gauge(Board):
    """A board with other channels."""

    channels = (channel_of("distance"), channel_of("battery"))

    def payload(self, newest, history=12, delay=7, oldest=None):
        lowest = max(self.first, newest - history)
        rows = [
            Row(seq, delay + (newest - seq) * self.interval, self.interval, self.values(seq), [0, 0])
            for seq in range(newest, lowest - 1, -1)
        ]
        return bytes(encode_readings(self.channels, rows, 242)[0])


def test_a_new_board_with_other_channels(heart, board):
    run(heart, board, range(60))
    gauge = Gauge(begin=board.time(60), seed=2)
    run(heart, gauge, range(50))
    untroubled(heart, 2)
    assert set(heart.readings(1)) == set(range(50))
    told = {cell.channel for place, row in heart.stored.items() if place[1] for cell in row.cells}
    assert told == set(gauge.channels)


def test_a_device_that_is_moved_to_another_station(heart, board):
    run(heart, board, range(60))
    heart.stations[board.dev_eui] = Station("LP-0002", board.dev_eui, "Elsewhere", "climate")
    run(heart, board, range(60, 90))
    assert heart.readings(station="LP-0001") == board.truth(range(60))
    moved = heart.readings(station="LP-0002")
    assert moved == board.truth(moved)
    assert set(range(60, 90)) <= set(moved)
    assert heart.faults() == []


def test_a_first_contact_that_answers_a_request(heart, board):
    """The gateway's journal was lost: the first that comes is an answer to what it does not remember."""
    heart.take(board.uplink(40, oldest=30, sent_at=board.time(90) + 12, network=0))
    run(heart, board, range(91, 120))
    untroubled(heart, 1)
    assert heart.readings() == board.truth([*range(30, 41), *range(79, 120)])
    assert heart.state().missing == 38


def test_joins_that_come_again(heart, board, make_board):
    run(heart, board, range(30))
    for seq in range(30, 60):
        heart.take(board.join(board.time(seq) - 5), board.join(board.time(seq) - 4))
        run(heart, board, [seq])
    untroubled(heart, 1)
    assert heart.readings() == board.truth(range(60))


def test_two_twins_with_equal_numbers(heart, board, make_board):
    twin = make_board(begin=board.begin + 200, seed=77, dev_addr="ffffffff")
    for seq in range(60):
        run(heart, board, [seq])
        run(heart, twin, [seq])
    assert heart.readings(0) == board.truth(range(60))
    assert heart.readings(1) == twin.truth(range(60))
    assert heart.state().twin == 0
    assert heart.faults() == []


def test_an_answer_without_one_reading_neither_begins_a_life_nor_lengthens_one(heart, board):
    run(heart, board, range(20))
    run(heart, board, range(40, 60), history=2)
    for oldest in (20, 500, 4_000_000_000):
        rows = [Row(oldest + 9 - back, None, None, (None, None), [8, 8], True) for back in range(10)]
        data = bytes(encode_readings(CHANNELS, rows, 242)[0])
        heart.take(board.event(data, board.time(60), network=0))
    run(heart, board, range(60, 70))
    untroubled(heart, 1)
    assert heart.readings() == board.truth([*range(20), *range(38, 70)])
    assert heart.state().missing == 18
    assert len(heart.state().life.absent) == 10


def test_an_answer_that_begins_with_what_is_known_by_now(heart, board):
    run(heart, board, range(20))
    run(heart, board, [40], history=2)
    heart.take(board.uplink(39, oldest=20, history=20, sent_at=board.time(40) + 12, network=0))
    assert heart.readings() == board.truth(range(41))


def test_a_numbering_that_breaks_at_each_reset_does_not_grow_for_ever(heart, make_board):
    begin = NOON
    for life in range(60):
        other = make_board(begin=begin, seed=1000 + life)
        run(heart, other, range(3))
        begin = other.time(3)
    assert heart.faults() == []
    assert len(heart.state().lives) <= MOST_LIVES
    assert (heart.state().received, heart.state().missing) == (180, 0)
    assert len({life for _, life, _ in heart.stored}) == 60


# Clocks.


@pytest.mark.parametrize("step", [HOUR, -HOUR, 400, -400])
def test_the_network_servers_clock_steps_to_and_fro(heart, board, step):
    for seq in range(120):
        wrong = step if seq // 15 % 2 else 0
        heart.take(board.uplink(seq, told=wrong, network=wrong))
    untroubled(heart, 1)
    assert heart.readings() == board.truth(range(120))


@pytest.mark.parametrize("ahead", [HOUR, 400])
def test_an_answer_in_the_hour_of_a_wrong_network_server(heart, board, ahead):
    run(heart, board, range(20))
    run(heart, board, range(60, 70), history=2)
    run(heart, board, [70], history=2, network=ahead, told=ahead)
    sent = board.time(70) + 12
    answer = board.uplink(45, oldest=30, history=15, sent_at=sent, network=ahead, told=ahead)
    heart.take(answer)
    untroubled(heart, 1)
    stored = heart.readings()
    assert all(abs(stored[seq][0] - board.time(seq)) <= 60 for seq in range(30, 46))


def test_a_leap_day(heart, make_board):
    board = make_board(begin=1_835_395_200 - DAY)  # 2028-02-28
    run(heart, board, range(432))
    untroubled(heart, 1)
    assert heart.readings() == board.truth(range(432))


@pytest.mark.parametrize("absent", [None, ...])
def test_events_that_tell_no_time(heart, board, absent):
    for seq in range(30):
        heart.take(changed(board.uplink(seq), time=absent))
    untroubled(heart, 1)
    stored = heart.readings()
    assert all(abs(stored[seq][0] - board.time(seq)) <= 2 for seq in range(30))
    assert all(reading.unsure for reading in heart.stored.values())
    run(heart, board, range(30, 32))
    assert heart.readings() == board.truth(range(32))
    assert not any(reading.unsure for reading in heart.stored.values())


@pytest.mark.parametrize("wrong", [12 * YEAR, -60 * YEAR])
def test_our_own_clock_alone_was_wrong_once(heart, board, wrong):
    """Nobody else tells the time. Nothing that our clock said then stays."""
    run(heart, board, range(10), told=None, network=None)
    heart.ahead = wrong
    run(heart, board, range(10, 12), told=None, network=None)
    heart.take(board.status(board.time(12), oldest_seq=0, newest_seq=11))
    heart.ahead = 0
    run(heart, board, range(12, 40), told=None, network=None)
    heart.take(board.status(board.time(40), oldest_seq=3, newest_seq=39))
    untroubled(heart, 1)
    stored = heart.readings()
    assert all(abs(stored[seq][0] - board.time(seq)) <= 10 for seq in range(40))
    link = heart.state().link
    assert (link.taken_at, link.heard_at // 1_000_000) == (board.time(40) + 1, board.time(40))
    assert heart.state().status.fields["oldest_seq"] == 3


def test_frames_that_waited_for_thirty_days(heart, board):
    run(heart, board, range(10))
    heart.take(*(board.uplink(seq, network=0) for seq in range(10, 200)), at=board.time(200) + 30 * DAY)
    run(heart, board, range(4520, 4530))
    untroubled(heart, 1)
    assert set(range(200)) <= set(heart.readings())
    assert heart.readings() == board.truth(heart.readings())


def test_a_station_that_has_lost_its_clock_has_no_gap_of_thousands(heart, board):
    def untimed(seq):
        rows = [Row(number, None, None, board.values(number), [0, 0]) for number in (seq, seq - 1)]
        data = bytes(encode_readings(CHANNELS, rows, 242)[0])
        return board.event(data, board.time(0) + seq % 1000, network=0)

    heart.take(untimed(5))
    heart.take(untimed(90_000))
    assert heart.state().missing < 300


# Old and foreign frames.


@pytest.mark.parametrize("seed", range(3))
def test_a_recording_of_an_old_life_in_any_order(heart, board, make_board, seed):
    recording = [board.uplink(seq, network=0) for seq in range(150)]
    heart.take(*recording)
    other = make_board(begin=board.time(150), seed=2)
    run(heart, other, range(100))
    before, state = dict(heart.stored), heart.state()
    random.Random(seed).shuffle(recording)
    for message in recording:
        heart.take(message, at=other.time(100))
    assert heart.stored == before
    assert [life.time for life in heart.state().lives] == [life.time for life in state.lives]
    assert heart.state().link == state.link
    untroubled(heart, 2)


def test_a_recording_of_another_radio_gateway(heart, board):
    """The same frames, as another gateway with a wrong clock had heard them."""
    for seq in range(60):
        heart.take(board.uplink(seq, network=0, roof=ROOF, f_cnt=seq))
    before = dict(heart.stored)
    for seq in range(60):
        message = board.uplink(seq, told=-500, gateway=-500, roof=TOWER, f_cnt=seq)
        heart.take(message, at=board.time(70))
    assert heart.stored == before
    untroubled(heart, 1)


def test_a_recording_of_another_town(heart, board, make_board):
    stranger = make_board(dev_eui="70b3d57ed00000ff", seed=9)
    run(heart, board, range(10))
    state = heart.state()
    run(heart, stranger, range(10))
    assert heart.state() == state
    assert {code for code, _ in heart.faults()} == {"LP-320"}


def test_a_status_that_comes_late(heart, board, make_board):
    late = board.status(board.time(5), oldest_seq=0, newest_seq=5)
    run(heart, board, range(100))
    heart.take(board.status(board.time(99) + 9, oldest_seq=10, newest_seq=99))
    heart.take(late, at=board.time(100))
    assert heart.state().status.fields["oldest_seq"] == 10
    other = make_board(begin=board.time(101), seed=2)
    run(heart, other, range(5, 20), history=3)
    heart.take(late, at=other.time(20))
    assert heart.state().life.oldest_told is None
    heart.take(other.status(other.time(19) + 9, oldest_seq=0, newest_seq=19))
    assert heart.state().life.gaps == ((0, 1),)


def test_alarms_of_an_old_life(heart, board, make_board):
    def raised(source, seq):
        data = bytes(encode_alarm(seq, 3, CHANNELS[0], 1, 4000, 3500))
        return source.event(data, source.time(seq) + 5, port=3, network=0)

    run(heart, board, range(50))
    late = raised(board, 48)
    other = make_board(begin=board.time(60), seed=2)
    run(heart, other, range(50))
    heart.take(late, at=other.time(50))
    heart.take(raised(other, 49))
    for _ in range(20):
        run(heart, other, range(50, 70))
    heart.take(late, at=other.time(70))
    assert [(alarm.ref.life, alarm.seq) for alarm in heart.alarms] == [(0, 48), (1, 49)]


@pytest.mark.parametrize("ahead", [HOUR, 400])
def test_what_only_a_clock_that_runs_ahead_of_ours_tells_is_flagged(heart, board, ahead):
    """Nothing has shown which of the two is right: the newest frame had waited, so ours proves nothing."""
    run(heart, board, range(20))
    run(heart, board, range(60, 70), history=2)
    heart.take(board.uplink(70, history=2, network=0), queued=2 * HOUR)
    sent = board.time(70) + 12
    answer = board.uplink(45, oldest=30, history=15, sent_at=sent, network=ahead, told=ahead)
    heart.take(answer)
    untroubled(heart, 1)
    assert all(heart.stored["LP-0001", 0, seq].unsure for seq in range(30, 46))
    assert not heart.stored["LP-0001", 0, 70].unsure
