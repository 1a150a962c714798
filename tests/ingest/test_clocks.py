"""Foreign clocks and our own: an outlier changes nothing; what cannot be decided is kept, flagged, mended."""

import pytest

from luftpegel_gateway.ingest.clocks import SECOND, estimate
from luftpegel_gateway.model.events import Clocks

DAY = 86400
YEAR = 365 * DAY
ROLLOVER = -1024 * 7 * DAY
NOW = 1_782_907_200
WRONG = {"GPS week": ROLLOVER, "1980": 315_964_800 - NOW, "1970": -NOW, "2038": 2_147_483_647 - NOW,
         "a day": DAY, "an hour": -3600, "five minutes": 300}  # fmt: skip


def at(seconds):
    return seconds * SECOND


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("queued", [0, 30, 3600, 5 * DAY])
def test_a_wrong_radio_gateway_is_outvoted_by_the_network_server(wrong, queued):
    clocks = Clocks(at(NOW + wrong), at(NOW), ((("roof"), at(NOW + wrong)),))
    found = estimate(clocks, NOW + queued)
    assert (found.seconds, found.sure) == (NOW, True)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_network_server_is_outvoted_by_the_others(wrong):
    clocks = Clocks(at(NOW + wrong), at(NOW + wrong), (("roof", at(NOW)), ("tower", at(NOW + 1))))
    found = estimate(clocks, NOW + 2)
    assert abs(found.seconds - NOW) <= 1
    assert found.sure


@pytest.mark.parametrize("own", [0, 946_684_800, 2_147_483_647, NOW - DAY, NOW + 7200])
def test_our_own_clock_alone_changes_nothing(own):
    found = estimate(Clocks(at(NOW), at(NOW), (("roof", at(NOW)),)), own)
    assert (found.seconds, found.sure) == (NOW, True)


@pytest.mark.parametrize("lost", ["GPS week", "1980", "1970"])
def test_a_lost_date_is_never_believed(lost):
    found = estimate(Clocks(at(NOW + WRONG[lost])), NOW)
    assert (found.seconds, found.sure) == (NOW, False)


def test_no_clock_at_all():
    found = estimate(Clocks(), NOW)
    assert (found.seconds, found.sure) == (NOW, False)


def test_a_single_clock_is_believed_when_ours_does_not_object():
    assert estimate(Clocks(at(NOW)), NOW + 3).sure
    assert estimate(Clocks(at(NOW)), NOW + 3 * DAY).sure
    assert not estimate(Clocks(at(NOW + 3 * DAY)), NOW).sure


def stored(heart, board, numbers):
    assert heart.readings() == board.truth(numbers)
    assert heart.faults() == []
    assert len(heart.state().lives) == 1


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("network", [0, None])
def test_one_frame_with_a_wrong_time_among_many(heart, board, wrong, network):
    for seq in range(120):
        odd = wrong if seq == 60 else 0
        heart.take(board.uplink(seq, told=odd, network=network, gateway=odd))
    stored(heart, board, range(120))


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("network", [0, None])
def test_the_first_frame_has_the_wrong_time(heart, board, wrong, network):
    for seq in range(40, 52):
        odd = wrong if seq == 40 else 0
        heart.take(board.uplink(seq, told=odd, network=network))
    stored(heart, board, range(28, 52))
    assert not any(reading.unsure for reading in heart.stored.values())


def test_what_the_clocks_disagree_about_is_flagged_until_they_agree(heart, board):
    heart.take(board.uplink(5, told=ROLLOVER))
    assert all(reading.unsure for reading in heart.stored.values())
    heart.take(board.uplink(6))
    assert not any(reading.unsure for reading in heart.stored.values())
    stored(heart, board, range(7))


@pytest.mark.parametrize("apart", [120, 300, 900])
@pytest.mark.parametrize("queued", [1, 7200])
@pytest.mark.parametrize("network", [0, None])
def test_two_radio_gateways_in_turn_whose_clocks_differ(heart, board, apart, queued, network):
    for seq in range(60):
        heart.take(board.uplink(seq, told=apart * (seq % 2), network=network), queued=queued)
    stored(heart, board, range(60))


def test_a_whole_week_of_one_wrong_gateway_beside_the_network_server(heart, board):
    for seq in range(200):
        odd = ROLLOVER if 50 <= seq < 150 else 0
        heart.take(board.uplink(seq, told=odd, network=0, gateway=odd))
    stored(heart, board, range(200))


@pytest.mark.parametrize("ahead", [12 * YEAR, -40 * YEAR, DAY, -DAY])
def test_our_own_clock_was_wrong_for_a_while(heart, board, ahead):
    for seq in range(90):
        heart.ahead = ahead if 30 <= seq < 60 else 0
        heart.take(board.uplink(seq, network=0 if seq % 2 else None))
    stored(heart, board, range(90))
    assert heart.state().link.taken_at == board.time(89) + 8


def test_a_station_that_begins_while_every_clock_but_one_is_wrong(heart, board):
    for seq in range(30):
        wrong = 0 if seq > 4 else -3600
        heart.take(board.uplink(seq, told=wrong, network=wrong, gateway=0))
    stored(heart, board, range(30))


def test_what_a_broker_delivers_again_after_days_brings_no_station_back_to_life(heart, board):
    """More frames than are remembered as repeats; the last of them tells of the newest moment, once more."""
    frames = [board.uplink(seq, network=0) for seq in range(300)]
    for frame in frames:
        heart.take(frame)
    link, stored, asked = heart.state().link, dict(heart.stored), len(heart.downlinks)
    for _ in range(2):
        for frame in frames:
            heart.take(frame, at=frames[-1].sent + 3 * DAY)
    assert heart.state().link == link
    assert (heart.stored, len(heart.downlinks)) == (stored, asked)
