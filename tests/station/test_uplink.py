"""What a wake says to the network, with the radio's side played by a script: frames, answers, status."""

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.station.scripted_station import CLIMATE, UNIX, WATER, Station

from lora_radio import Received
from luftpegel_wire import (
    PORT_BACKFILL,
    PORT_CONFIG,
    PORT_READINGS,
    PORT_STATUS,
    encode_backfill,
    encode_config,
)
from station.remote import in_force


@pytest.fixture
def station():
    return Station()


def test_a_frame_carries_the_newest_and_what_fits(station):
    for _ in range(60):
        station.sample()
    ((port, frame),) = station.wake()
    assert port == PORT_READINGS
    assert (frame.seq, frame.age) == (60, 7)
    assert frame.channels == (2, 4)
    assert 20 < len(frame.rows) < 61
    assert [row.age for row in frame.rows[:3]] == [7, 607, 1207]
    station.settings["radio"]["frame_bytes"] = 30
    assert len(station.wake()[0][1].rows) < len(frame.rows)


def test_a_frame_ends_where_the_columns_change(station):
    station.sample()
    station.columns = WATER
    station.sample()
    ((_, frame),) = station.wake()
    assert (frame.channels, len(frame.rows)) == ((8,), 2)


def test_ages_beyond_lost_power_are_unknown_until_the_network_tells_the_time(station):
    station.state.offset = UNIX
    station.sample()
    station.state.era, station.now, station.state.offset = 2, 0, 0
    ((_, frame),) = station.wake()
    assert [row.age for row in frame.rows] == [7, None]
    station.state.offset = UNIX + 5000
    ((_, frame),) = station.wake()
    assert [row.age for row in frame.rows] == [7, 607, 7 + 1200 + 5000 - 1600]


def test_readings_asked_for_are_sent_in_the_next_wakes_newest_first(station):
    for _ in range(150):
        station.sample()
    station.radio.answers = [Received(PORT_BACKFILL, encode_backfill(5, 80))]
    sent = station.wake()
    while station.state.ranges:
        sent += station.wake()[1:]
    numbers = [row.seq for _, frame in sent[1:] for row in frame.rows]
    assert numbers == list(range(84, 4, -1))


def test_what_never_was_is_told_as_absent_and_what_is_to_come_is_not(station):
    station.sample()
    station.skip(9)
    station.sample()
    station.radio.answers = [Received(PORT_BACKFILL, encode_backfill(3, 400))]
    frame = station.wake()[1][1]
    assert [row.seq for row in frame.rows] == list(range(11, 2, -1))
    assert [row.absent for row in frame.rows] == [False, False] + 7 * [True]
    station.radio.answers = [Received(PORT_BACKFILL, encode_backfill(2, 3))]
    assert all(row.absent for row in station.wake()[1][1].rows)


def test_before_readings_go_again_the_code_of_other_frames_goes(station):
    station.sample()
    station.wake()
    # What writes readings has gone before the radio sends; other frames there were none.
    writers = ["luftpegel_wire.readings", "luftpegel_wire.column", "luftpegel_wire.rangecoder"]
    assert station.forgotten == ["lorawan.commands", *writers]
    station.radio.answers = [Received(PORT_BACKFILL, encode_backfill(1, 1))]
    station.wake()
    assert {"luftpegel_wire.frames_reader", "luftpegel_wire.cbor_reader"} <= set(station.forgotten)
    assert all(importlib.util.find_spec(name) for name in station.forgotten)


def test_a_request_answered_over_a_change_of_columns_takes_two_frames(station):
    for columns in (CLIMATE, WATER):
        station.columns = columns
        for _ in range(3):
            station.sample()
    station.radio.answers = [Received(PORT_BACKFILL, encode_backfill(1, 4))]
    frames = [station.wake()[1][1], station.wake()[1][1]]
    assert [(frame.channels, [row.seq for row in frame.rows]) for frame in frames] == [
        ((8,), [4, 3]),
        ((2, 4), [2, 1]),
    ]


@pytest.mark.parametrize("payload", [b"", b"\xff", encode_backfill(1, 1)[:-1], bytes(50)])
@pytest.mark.parametrize("port", [PORT_BACKFILL, PORT_CONFIG, 99])
def test_a_downlink_that_makes_no_sense_is_passed_over(station, port, payload):
    station.radio.answers = [Received(port, payload)]
    assert len(station.wake()) == 1
    assert station.state.ranges == []


def test_an_interval_set_from_afar_is_kept_and_echoed(station):
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, {"interval_s": 300}))]
    port, echo = station.wake()[1]
    assert (port, echo.token, echo.fields) == (PORT_CONFIG, 7, {"interval_s": 300})
    assert kept(station) == (300, 86400, 5, False, 0)


@pytest.mark.parametrize("fields", [{"interval_s": 59}, {"interval_s": 86401}, {"interval_s": "300"}, {}])
def test_an_interval_out_of_bounds_is_answered_with_the_one_in_force(station, fields):
    station.radio.answers = [Received(PORT_CONFIG, encode_config(1, fields))]
    assert station.wake()[1][1].fields == {"interval_s": 600}
    assert kept(station) == (600, 86400, 5, False, 0)


def kept(station):
    """What a new life finds in force."""
    fresh = Station()
    fresh.nvs = station.nvs
    settings = {**fresh.settings, "radio": dict(fresh.settings["radio"])}
    in_force(fresh.nvs, settings, fresh.state)
    radio = settings["radio"]
    return (
        fresh.state.interval,
        settings["status_interval_s"],
        radio["data_rate"],
        radio["adr"],
        settings["history"],
    )


EVERYTHING = {"interval_s": 900, "status_interval_s": 3600, "data_rate": 3, "adr": 1, "history": 2}


def test_every_setting_from_afar_is_heeded_kept_and_echoed(station):
    for _ in range(5):
        station.sample()
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, EVERYTHING))]
    assert station.wake()[1][1].fields == EVERYTHING
    assert kept(station) == (900, 3600, 3, True, 2)
    configured = station.radio.configured
    assert len(station.wake()[0][1].rows) == 2
    assert station.radio.configured == configured + 1  # the modem is told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status_interval_s", 599),
        ("data_rate", 8),
        ("data_rate", -1),
        ("adr", 2),
        ("history", 256),
        ("adr", "on"),
    ],
)
def test_what_cannot_be_fulfilled_is_answered_with_what_is_in_force(station, name, value):
    before = kept(station)
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, {name: value}))]
    fields = station.wake()[1][1].fields
    assert fields[name] != value
    assert kept(station) == before


def test_a_chip_takes_no_data_rate_that_its_mac_has_not(station):
    station.settings["radio"]["driver"] = "sx1262"
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, {"data_rate": 6}))]
    assert station.wake()[1][1].fields["data_rate"] == 5


def test_a_setting_that_this_firmware_has_not_is_not_in_the_answer(station):
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, {"alarm_interval_s": 60}))]
    assert station.wake()[1][1].fields == {"interval_s": 600}


def test_the_station_file_written_anew_takes_the_place_of_what_was_set_from_afar(station):
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, EVERYTHING))]
    station.wake()
    fresh = Station()
    fresh.nvs = station.nvs
    fresh.settings["radio"]["data_rate"] = 4
    in_force(fresh.nvs, fresh.settings, fresh.state)
    assert (fresh.state.interval, fresh.settings["radio"]["data_rate"]) == (600, 4)


def test_a_nvs_that_refuses_keeps_no_setting_from_being_heeded(station, capsys):
    def refuse(*_):
        raise OSError(-0x1105)

    station.nvs.set_blob = refuse
    station.radio.answers = [Received(PORT_CONFIG, encode_config(7, {"interval_s": 300}))]
    assert station.wake()[1][1].fields == {"interval_s": 300}
    assert "LP-225" in capsys.readouterr().out
    settings = Station().settings
    in_force(station.nvs, settings, station.state)
    assert station.state.interval == 300


def test_a_thousand_configurations_are_answered_once_a_wake(station):
    tokens = iter(range(1, 1000))
    station.radio.at_send = lambda _sent: [
        Received(PORT_CONFIG, encode_config(next(tokens), {"interval_s": 300}))
    ]
    sent = [[port for port, _ in station.wake()] for _ in range(20)]
    assert all(ports.count(PORT_CONFIG) == 1 for ports in sent)
    assert max(map(len, sent)) <= 8


def test_status_once_a_day_with_the_network_s_time(station, monkeypatch):
    monkeypatch.setattr("gc.mem_free", lambda: 12345, raising=False)
    station.state.status_next = 0
    station.radio.unix = UNIX
    ports = [[port for port, _ in station.wake()] for _ in range(146)]
    assert ports[0] == [PORT_READINGS, PORT_STATUS]
    assert [i for i, sent in enumerate(ports) if PORT_STATUS in sent] == [0, 144]
    assert station.state.offset  # and once more, to learn how the clock drifts


def test_the_status_tells_the_error_of_the_receive_windows_where_the_radio_knows_it(station, monkeypatch):
    monkeypatch.setattr("gc.mem_free", lambda: 12345, raising=False)
    station.state.status_next = 0
    assert "rx_offset_us" not in station.wake()[1][1].fields
    station.state.status_next = 0
    station.radio.rx_offset_us, station.radio.rx_spread_us = -350, 420
    fields = station.wake()[1][1].fields
    assert (fields["rx_offset_us"], fields["rx_spread_us"]) == (-350, 420)


@pytest.mark.parametrize("room", [20, 36, 51])
def test_a_status_that_grew_too_long_tells_what_fits_and_holds_nothing_up(station, monkeypatch, room):
    monkeypatch.setattr("gc.mem_free", lambda: 1 << 22, raising=False)
    station.journal.next_seq = 1 << 24
    station.state.crashes, station.state.cause, station.state.faults = 0xFFFF, 0xFF, 0xFF
    station.radio.rx_offset_us = station.radio.rx_spread_us = 1 << 20
    station.radio.limit = room
    station.state.status_next = 0
    for _ in range(3):
        station.sample()
    station.state.ask((1 << 24) + 1, 1)
    ports = [port for port, _ in station.wake()]
    status = dict(station.radio.sent)[PORT_STATUS].fields
    assert ports == [PORT_READINGS, PORT_STATUS, PORT_READINGS]
    assert {"firmware", "oldest_seq"} <= set(status)
    assert "rx_spread_us" not in status
    assert PORT_STATUS not in [port for port, _ in station.wake()]


@pytest.mark.parametrize("first", [1, 60, 85])
@pytest.mark.parametrize("times", [1, 1000])
def test_what_the_answer_to_an_answer_asks_for_comes_too_and_what_was_sent_not_again(station, first, times):
    for _ in range(150):
        station.sample()
    station.state.ask(5, 80)
    request = Received(PORT_BACKFILL, encode_backfill(first, 125 - first))
    requests = [request] * times
    station.radio.at_send = lambda sent: [requests.pop()] if sent == 2 and requests else []
    got = []
    for _ in range(12):
        got += [row.seq for _, frame in station.wake()[1:] for row in frame.rows]
    assert set(got) == set(range(min(first, 5), 125))
    if times == 1:
        assert station.state.ranges == []
        assert len(got) == len(set(got))


def test_when_the_newest_reading_cannot_be_read_back_the_next_wake_goes_on(station, capsys):
    station.sample()
    whole = dict(station.journal._storage)
    station.columns = WATER
    read = station.journal._storage.read
    station.journal._storage.read = lambda *place: read(*place) if place[0] in whole else b""
    assert station.wake() == []
    assert station.radio.asleep
    assert "LP-216" in capsys.readouterr().out
    station.journal._storage.read = read
    assert len(station.wake()[0][1].rows) == 2


STEPS = st.lists(
    st.tuples(st.sampled_from(["sample", "era", "columns", "skip", "time"]), st.integers(1, 5000)),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 60), st.integers(1, 80))
def test_whatever_is_asked_for_comes_as_it_was_written_or_as_absent(steps, first, count):
    station = Station()
    station.radio.limit = 115
    for step, number in steps:
        if step == "era":
            station.state.era, station.now, station.state.offset = station.state.era + 1, 0, 0
        elif step == "columns":
            station.columns = WATER if station.columns == CLIMATE else CLIMATE
        elif step == "skip":
            station.skip(number % 9)
        elif step == "time":
            station.state.offset = UNIX + 100_000 * station.state.era
        station.sample(number)
    station.state.ask(first, count)
    newest = station.journal.next_seq  # at the wake that begins to answer
    got = {}
    while station.state.ranges:
        for _, frame in station.wake()[1:]:
            for row in frame.rows:
                assert row.seq not in got
                got[row.seq] = row
                before = station.written.get(row.seq)
                assert row.absent == (before is None)
                if before:
                    assert (frame.channels, row.values) == (before.layout.channels, before.values)
                    known = before.layout.era == station.state.era
                    # Where the network's time is known, give or take what puts a reading on its slot.
                    ages = range(station.now + 7 - before.time - 2, station.now + 7 - before.time + 3)
                    assert not known or row.age is None or row.age in ages
    assert set(got) == {seq for seq in range(first, first + count) if seq <= newest}
