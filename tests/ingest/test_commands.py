"""Settings sent to a station: one at a time, until it answers, within the airtime, through restarts."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_heart import NOON, Message, rfc3339

from luftpegel_gateway.control.handlers import handle, handlers
from luftpegel_gateway.control.protocol import Cancel, Send
from luftpegel_gateway.downlinks import commands
from luftpegel_gateway.ingest.decide import Decider
from luftpegel_gateway.model.state import CANCELLED, DONE, EXPIRED, REFUSED, WAITING
from luftpegel_wire import PORT_CONFIG, decode, encode_config

DAY = 86400


class Desk:
    """Who sends commands to the heart's stations."""

    def __init__(self, heart):
        self.heart, self.now = heart, NOON

    async def call(self, work):
        return work(self.heart.log)

    def ask(self, request):
        known = {("", station.id) for station in self.heart.stations.values()}
        by_type = handlers(
            self, None, None, lambda: None, known=known.__contains__, clock=lambda: self.now
        )
        return asyncio.run(handle(request, by_type))

    def send(self, expires_s=7 * DAY, station="LP-0001", **settings):
        answer = self.ask(Send(station, settings, expires_s))
        return answer.error.code if answer.error else answer.token

    def states(self):
        return [command.state for command in self.heart.state().commands]


@pytest.fixture
def desk(heart):
    return Desk(heart)


def run(heart, board, seqs):
    """The commands that went down with these uplinks: (number of the uplink, token, settings)."""
    found = []
    for seq in seqs:
        [answer] = heart.take(board.uplink(seq, network=0))
        if answer and answer.f_port == PORT_CONFIG:
            frame = decode(PORT_CONFIG, answer.data)
            found.append((seq, frame.token, frame.fields))
    return found


def answer(board, token, after, **in_force):
    data = bytes(encode_config(token, in_force))
    return board.event(data, board.time(after) + 9, port=PORT_CONFIG, network=0)


def test_a_command_goes_down_with_the_next_uplink_and_is_done_with_the_answer(heart, board, desk):
    run(heart, board, range(3))
    token = desk.send(interval_s=1200)
    assert run(heart, board, [3]) == [(3, token, {"interval_s": 1200})]
    heart.take(answer(board, token, 3, interval_s=1200))
    assert desk.states() == [DONE]
    [command] = heart.state().commands
    assert (command.sent, command.in_force, command.ended_at) == (1, {"interval_s": 1200}, board.time(3) + 9)
    assert run(heart, board, range(4, 60)) == []


def test_one_for_a_station_that_was_never_heard_waits(heart, board, desk):
    token = desk.send(interval_s=600)
    assert run(heart, board, [0]) == [(0, token, {"interval_s": 600})]


def test_without_an_answer_it_is_sent_again_later_and_later_under_the_same_id(heart, board, desk):
    run(heart, board, [0])
    desk.send(expires_s=30 * DAY, interval_s=1200)
    sent = [seq for seq, *_ in run(heart, board, range(1, 200))]
    assert sent == [1, 4, 10, 22, 46, 94, 142, 190]
    ids = {one.id for one in heart.downlinks if one.f_port == PORT_CONFIG}
    assert len(ids) == 1


def test_what_the_station_does_not_take_is_told(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(data_rate=3, interval_s=1200)
    run(heart, board, [1])
    heart.take(answer(board, token, 1, interval_s=1200))
    assert desk.states() == [REFUSED]
    assert heart.state().commands[0].in_force == {"interval_s": 1200}


def test_an_answer_to_nothing_changes_nothing(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(interval_s=1200)
    heart.take(answer(board, token + 1, 0, interval_s=1200))
    assert desk.states() == [WAITING]
    assert heart.faults() == []


def test_commands_go_one_after_the_other(heart, board, desk):
    run(heart, board, [0])
    first, second = desk.send(interval_s=1200), desk.send(interval_s=600)
    assert [token for _, token, _ in run(heart, board, range(1, 6))] == [first, first]
    [down] = heart.take(answer(board, first, 5, interval_s=1200))  # the station listens after it, too
    assert decode(PORT_CONFIG, down.data).token == second


def test_it_expires_by_both_clocks_only(heart, board, desk):
    run(heart, board, [0])
    desk.send(expires_s=3600, interval_s=1200)
    heart.ahead = 400 * DAY  # our own clock jumps: nothing expires by it alone
    assert len(run(heart, board, [1])) == 1
    heart.ahead = 0
    run(heart, board, range(2, 12))
    assert desk.states() == [EXPIRED]
    assert run(heart, board, range(12, 70)) == []


def test_our_clock_was_behind_when_it_was_queued(heart, board, desk):
    """A machine without a battery for its clock: NTP sets it a week forward, and nothing expires by that."""
    run(heart, board, range(3))
    desk.now = board.time(2) - 8 * DAY
    token = desk.send(interval_s=1200)
    assert run(heart, board, [3]) == [(3, token, {"interval_s": 1200})]
    run(heart, board, range(4, 7 * 144))
    assert desk.states() == [WAITING]
    run(heart, board, range(7 * 144, 7 * 144 + 10))
    assert desk.states() == [EXPIRED]


@pytest.mark.parametrize("set_back", [0, 20])
def test_our_clock_was_ahead_when_it_was_queued(heart, board, desk, set_back):
    """Queued in 2100, and the clock is set back soon or some uplinks later: it ends all the same."""
    run(heart, board, [0])
    desk.now = NOON + 74 * 365 * DAY
    token = desk.send(expires_s=3600, interval_s=1200)
    heart.ahead = 74 * 365 * DAY
    assert [one for _, one, _ in run(heart, board, range(1, 1 + set_back))][:1] == [token][:set_back]
    heart.ahead = 0
    run(heart, board, range(1 + set_back, 15 + set_back))
    assert desk.states() == [EXPIRED]


def test_the_networks_clock_is_wrong(heart, board, desk):
    """A year ahead for some frames, or behind: our clock holds against it, and the end comes in time."""
    run(heart, board, [0])
    desk.send(expires_s=2 * DAY, interval_s=1200)
    for seq in range(1, 4):
        heart.take(board.uplink(seq, network=365 * DAY, gateway=365 * DAY))
    assert desk.states() == [WAITING]
    desk.now = board.time(3)
    run(heart, board, range(4, 2 * 144 - 2))
    assert desk.states() == [WAITING]
    run(heart, board, range(2 * 144 - 2, 3 * 144))
    assert desk.states() == [EXPIRED]


def test_a_station_that_was_silent_gets_nothing_stale(heart, board, desk):
    run(heart, board, [0])
    desk.now = board.time(0)
    desk.send(expires_s=DAY, interval_s=1200)
    assert run(heart, board, range(2 * 144, 2 * 144 + 5)) == []
    assert desk.states() == [EXPIRED]


@given(st.lists(st.tuples(st.integers(-10**6, 10**6), st.integers(-10**6, 10**6)), max_size=30))
def test_no_single_clock_lets_a_command_expire(jumps):
    """Whatever one of the clocks says, a command lives at least as long as the right one gives it."""
    kept = commands.add((), {"interval_s": 600}, NOON, 3600, NOON)
    for number, (one, _) in enumerate(jumps):
        kept, _ = commands.due(kept, NOON + one, NOON + 60 * number, number)
        assert 60 * number > 3600 or kept[0].state == WAITING
    kept = commands.add((), {"interval_s": 600}, NOON, 3600, NOON)
    for number, (_, one) in enumerate(jumps):
        kept, _ = commands.due(kept, NOON + 60 * number, NOON + one, number)
        assert 60 * number > 3600 or kept[0].state == WAITING


def test_a_restart_and_a_late_answer(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(interval_s=1200)
    run(heart, board, [1])
    heart.restart()
    late = answer(board, token, 1, interval_s=1200)
    run(heart, board, range(2, 9))
    heart.take(late)
    assert desk.states() == [DONE]


def test_an_answer_that_comes_twice(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(interval_s=1200)
    run(heart, board, [1])
    told = answer(board, token, 1, interval_s=1200)
    heart.take(told, told)
    heart.take(told)
    assert desk.states() == [DONE]


def test_it_can_be_taken_back_until_it_has_ended(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(interval_s=1200)
    assert desk.ask(Cancel("LP-0001", token)).error is None
    assert desk.states() == [CANCELLED]
    assert run(heart, board, range(1, 9)) == []
    assert desk.ask(Cancel("LP-0001", token)).error.code == "LP-273"


def test_what_cannot_be_sent_is_refused(desk):
    assert desk.send(station="LP-9999", interval_s=600) == "LP-270"
    assert desk.send() == "LP-271"
    assert desk.send(interval_s=5) == "LP-271"
    assert desk.send(colour=5) == "LP-271"
    tokens = [desk.send(interval_s=600) for _ in range(commands.MOST_WAITING)]
    assert len(set(tokens)) == commands.MOST_WAITING
    assert desk.send(interval_s=600) == "LP-272"


def test_a_command_waits_for_the_radio_gateways_airtime_and_goes_before_requests(heart, board, desk):
    run(heart, board, [0])
    token = desk.send(interval_s=1200)
    heart.decider = Decider(heart.parse, lambda _s, eui: heart.stations.get(eui), downlink_us_per_hour=1)
    assert run(heart, board, [1]) == []
    heart.decider = Decider(heart.parse, lambda _s, eui: heart.stations.get(eui))
    assert run(heart, board, [40]) == [(40, token, {"interval_s": 1200})]  # with a gap to be asked for
    [request] = heart.take(board.uplink(41, network=0))
    assert request.f_port != PORT_CONFIG


def test_a_swapped_board_gets_what_still_waits(heart, board, make_board, desk):
    run(heart, board, range(300))
    token = desk.send(interval_s=1200)
    other = make_board(begin=board.time(301), seed=9)
    found = run(heart, other, range(3))
    assert found[0][1] == token


def event(board, kind, sent, **fields):
    body = {"deviceInfo": {"devEui": board.dev_eui}, "time": rfc3339(sent), **fields}
    return Message(kind, json.dumps(body).encode(), board.dev_eui, sent)


def test_the_network_server_says_when_a_command_went_on_the_air(heart, board, desk):
    run(heart, board, [0])
    desk.send(interval_s=1200)
    [down] = heart.take(board.uplink(1, network=0))
    heart.take(event(board, "txack", board.time(1) + 8, queueItemId="of-another"))
    assert heart.state().commands[0].on_air_at is None
    heart.take(event(board, "txack", board.time(1) + 8, queueItemId=down.id))
    assert heart.state().commands[0].on_air_at == board.time(1) + 8
    assert desk.states() == [WAITING]


def test_battery_and_margin_are_the_newest_that_were_told(heart, board):
    run(heart, board, [0])
    heart.take(event(board, "status", board.time(9), margin=7, batteryLevel=75.5))
    heart.take(event(board, "status", board.time(3), margin=1, batteryLevel=99))  # comes late
    assert (heart.state().network.battery, heart.state().network.margin) == (75.5, 7)
    heart.take(event(board, "status", board.time(20), margin=-3, externalPowerSource=True, batteryLevel=0))
    told = heart.state().network
    assert (told.battery, told.external, told.margin) == (None, True, -3)
    heart.take(event(board, "status", board.time(30), batteryLevelUnavailable=True))
    assert heart.state().network.battery is None
    assert heart.faults() == []
    heart.restart()
    assert heart.state().network.at == board.time(30) * 1_000_000


@given(st.lists(st.sampled_from(["add", "uplink", "answer", "cancel", "expire"]), max_size=60))
def test_whatever_happens_the_list_stays_bounded_and_in_order(steps):
    now, frames, kept = NOON, 0, ()
    for step in steps:
        now += 60
        waiting = commands.waiting(kept)
        if step == "add" and len(waiting) < commands.MOST_WAITING:
            kept = commands.add(kept, {"interval_s": 600}, now, 3600)
        elif step == "uplink":
            frames += 1
            kept, command = commands.due(kept, now, now, frames)
            if command is not None:
                assert command == commands.waiting(kept)[0]
                kept = commands.sent(kept, command, frames)
        elif step == "answer" and waiting:
            kept = commands.answered(kept, waiting[0].token, {"interval_s": 600}, now)
        elif step == "cancel" and waiting:
            kept = commands.cancelled(kept, waiting[-1].token, now)
        elif step == "expire":
            now += 3600
        assert len(kept) <= commands.REMEMBERED + commands.MOST_WAITING
        tokens = [command.token for command in commands.waiting(kept)]
        assert len(set(tokens)) == len(tokens)
