"""What a wake does when network or radio fail it, played by a script: joins, back-off, silence, refusals."""

import itertools

import pytest
from tests.station.scripted_station import Station

from lora_radio import NO_CHANNEL, PROTOCOL, SILENT, RadioError
from luftpegel_wire import PORT_READINGS, PORT_STATUS


@pytest.fixture
def station():
    return Station()


def test_the_network_confirms_a_frame_each_two_hours_and_is_asked_each_wake_while_it_does_not(station):
    asked = []

    def wakes(count):
        asked.clear()
        for wake in range(count):
            station.wake()
            asked.extend([wake] * station.radio.wanted)
        return asked

    assert wakes(80) == [0, 11, 22, 33, 44, 55, 66, 77]
    station.radio.confirms = False
    assert wakes(12)[:3] == [8, 9, 10]
    assert station.radio.joins == 1
    station.radio.confirms = True
    wakes(40)
    assert (station.radio.joins, station.state.unheard) == (1, 0)


@pytest.mark.parametrize("interval", [300, 600, 1800, 3600, 7200])
def test_a_lost_session_is_noticed_within_three_hours(station, interval):
    station.state.interval = interval
    for _ in range(20):
        station.wake(interval)
    station.radio.confirms = False
    begun = station.now
    while not station.radio.joins:
        station.wake(interval)
    assert station.now - begun < 3 * 3600


def test_a_network_that_lets_in_and_confirms_nothing_is_joined_less_and_less(station):
    station.radio.confirms = False
    joins = []
    for _ in range(7 * 144):
        before = station.radio.joins
        station.wake()
        joins += [station.now] * (station.radio.joins - before)
    apart = [two - one for one, two in itertools.pairwise(joins)]
    assert apart == sorted(apart)
    assert apart[-1] > 20 * 3600


def test_a_station_that_the_network_has_forgotten_joins_anew_and_goes_on_sending_meanwhile(station, capsys):
    station.radio.confirms = station.radio.accepts = False
    heard = [station.wake() for _ in range(60)]
    assert all(sent[0][0] == PORT_READINGS for sent in heard)
    assert 6 < station.radio.joins <= 25
    assert "LP-238" in capsys.readouterr().out
    station.radio.accepts = station.radio.confirms = True
    joins = station.radio.joins
    for _ in range(300):
        station.wake()
    assert station.radio.joins <= joins + 1
    assert (station.state.unheard, station.state.joins_failed, station.state.join_next) == (0, 0, 0)


def test_accepts_with_an_old_number_are_answered_by_more_joins_until_they_count(station, capsys):
    station.radio.session = station.radio.accepts = False
    station.radio.behind = 10

    def counted(sent):
        station.radio.behind -= 1
        station.radio.accepts = not station.radio.behind
        return sent

    join = station.radio.join
    station.radio.join = lambda anew=False: counted(join(anew))
    wakes = 0
    while not station.radio.session:
        station.wake()
        wakes += 1
    assert wakes <= 4
    assert "LP-226" in capsys.readouterr().out


def test_boards_switched_on_together_do_not_speak_together():
    waits = []
    for device in range(4):
        station = Station()
        station.nvs.blobs["dev_eui"] = bytes(7) + bytes([device])
        station.radio.session = False
        waits.append([(station.wake(), list(station.waited))[1] for _ in range(50)])
    firsts = [device[0] for device in waits]
    assert len({wait[0] for wait in firsts}) == 4  # before the join
    together = [
        min(abs(one[-1] - two[-1]) for one, two in itertools.combinations(wake, 2)) < 60
        for wake in zip(*waits, strict=True)
    ]
    assert sum(together) < 20  # once in a while, not for ever
    assert max(wait for device in waits for wake in device for wait in wake) < 8000


def test_the_radio_sleeps_whatever_fails(station):
    station.radio.send = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        station.wake()
    assert station.radio.asleep


def test_a_station_whose_readings_do_not_fit_says_so_in_a_frame_that_fits(station, capsys, monkeypatch):
    monkeypatch.setattr("gc.mem_free", lambda: 12345, raising=False)
    station.settings["radio"]["frame_bytes"] = 20
    station.columns = (tuple(range(2, 42, 2)), (10,) * 20)
    station.state.status_next = 0
    ports = [station.wake() for _ in range(5)]
    assert [[port for port, _ in sent] for sent in ports] == [[PORT_STATUS], [], [], [], []]
    assert ports[0][0][1].fields == {"newest_seq": 0, "trouble": 216}
    assert "LP-216" in capsys.readouterr().out


def test_a_clock_that_contradicts_what_is_known_waits_for_a_second_witness(station, capsys):
    radio = station.radio
    start = 1_790_000_000
    radio.network_time = lambda _ask=True: start + station.now + 7
    for _ in range(200):
        station.wake()
    assert station.state.offset == start
    radio.network_time = lambda _ask=True: start + station.now + 7 + 1024 * 7 * 86400  # a GPS receiver's week
    station.state.time_next = 0
    station.wake()
    assert station.state.offset == start
    assert "LP-227" in capsys.readouterr().out
    radio.network_time = lambda _ask=True: start + station.now + 7
    station.wake()
    assert (station.state.offset, station.state.doubt) == (start, 0)
    radio.network_time = lambda _ask=True: start + station.now + 7 + 5000  # two that agree
    station.state.time_next = 0
    station.wake()
    station.wake()
    assert station.state.offset == start + 5000


def test_no_trouble_with_another_join_ends_the_conversation(station):
    station.state.unheard = 6
    station.radio.refuses = RadioError(NO_CHANNEL, "back-off")
    assert [port for port, _ in station.wake()] == [PORT_READINGS]


def test_a_lost_join_is_tried_less_and_less_and_readings_are_kept(station, capsys):
    station.radio.session = station.radio.accepts = False
    tries = []
    for wake in range(3 * 144):
        before = station.radio.joins
        assert station.wake() == []
        tries += [wake] * (station.radio.joins - before)
    assert sum(wake < 6 for wake in tries) == 6
    assert sum(6 <= wake < 66 for wake in tries) <= 21
    assert sum(144 <= wake < 288 for wake in tries) <= 6
    assert tries[-1] > 400
    assert "LP-238" in capsys.readouterr().out
    station.radio.accepts = True
    while not station.radio.session:
        station.wake()
    assert station.wake()[0][1].rows[0].seq == station.row.seq
    assert station.state.joins_failed == 0


def test_a_dead_modem_costs_the_conversation_only(station):
    station.wake()
    assert station.radio.configured == 1
    station.radio.fails = RadioError(SILENT, "modem does not answer")
    assert station.wake() == []
    station.radio.fails = None
    assert len(station.wake()[0][1].rows) == 3
    assert station.radio.configured == 2


def test_a_frame_that_waits_for_the_air_tells_its_age_anew(station):
    station.radio.waits = lambda: setattr(station, "now", station.now + 9)
    ((_, frame),) = station.wake()
    assert frame.age == 7 + 9


def test_the_modem_is_put_to_sleep_whatever_the_conversation_came_to(station):
    for fails in (None, RadioError(NO_CHANNEL, "duty cycle"), RadioError(PROTOCOL, "nonsense")):
        station.radio.fails, station.radio.asleep = fails, False
        station.wake()
        assert station.radio.asleep


def test_a_frame_that_takes_not_even_one_reading_is_told(station, capsys):
    station.radio.limit = 8
    assert station.wake() == []
    assert "LP-216" in capsys.readouterr().out
    station.radio.limit = 51
    assert len(station.wake()[0][1].rows) == 2


def test_a_board_without_key_says_so(station, capsys):
    del station.nvs.blobs["app_key"]
    assert station.wake() == []
    assert "LP-239" in capsys.readouterr().out
