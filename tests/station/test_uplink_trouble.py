"""What a wake does when network or radio fail it, played by a script: joins, back-off, silence, refusals."""

import pytest
from tests.station.scripted_station import Station

from lora_radio import NO_CHANNEL, PROTOCOL, SILENT, RadioError
from luftpegel_wire import PORT_READINGS


@pytest.fixture
def station():
    return Station()


def test_the_network_confirms_a_frame_each_six_hours_and_is_asked_hourly_while_it_does_not(station):
    asked = []

    def wakes(count):
        asked.clear()
        for wake in range(count):
            station.wake()
            asked.extend([wake] * station.radio.wanted)
        return asked

    assert wakes(80) == [0, 36, 72]
    station.radio.confirms = False
    assert wakes(60) == [28, 34, 40, 46, 52, 58]
    station.radio.confirms = True
    assert wakes(40) == [35]  # after another join, which heard it
    assert station.state.unheard == 0


def test_a_station_that_the_network_has_forgotten_joins_anew_and_goes_on_sending_meanwhile(station, capsys):
    station.radio.confirms = station.radio.accepts = False
    heard = [station.wake() for _ in range(60)]
    assert all(sent[0][0] == PORT_READINGS for sent in heard)
    assert 6 < station.radio.joins <= 20
    assert "LP-238" in capsys.readouterr().out
    station.radio.accepts = station.radio.confirms = True
    joins = station.radio.joins
    for _ in range(300):
        station.wake()
    assert station.radio.joins <= joins + 1
    assert (station.state.unheard, station.state.joins_failed, station.state.join_next) == (0, 0, 0)


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


@pytest.mark.parametrize("name", ["app_key", "join_eui", "dev_eui"])
@pytest.mark.parametrize("size", [0, 7, 15, 17, 40])
def test_a_key_of_another_length_is_refused(station, capsys, name, size):
    station.nvs.blobs[name] = bytes(size)
    assert station.wake() == []
    assert f"LP-239 {name} in this board is not" in capsys.readouterr().out
