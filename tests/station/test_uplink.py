"""What a wake says to the network, with the radio's side played by a script: frames, answers, back-off."""

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_radio import NO_CHANNEL, PROTOCOL, SILENT, RadioError, Received
from luftpegel_wire import (
    PORT_BACKFILL,
    PORT_CONFIG,
    PORT_READINGS,
    PORT_STATUS,
    decode,
    encode_backfill,
    encode_config,
)
from station.journal import Journal, Layout
from station.memory import Memory
from station.uplink import Uplink

UNIX = 1_700_000_000
CLIMATE = ((2, 4), (10, 50))
WATER = ((8,), (10,))


class Storage(dict):
    def sizes(self):
        return [(name, len(data)) for name, data in self.items()]

    def read(self, name, offset, count):
        return self[name][offset : offset + count]

    def append(self, name, data):
        self[name] = self.get(name, b"") + data

    def remove(self, name):
        del self[name]


class Checkpoint:
    value = 0

    def read(self):
        return self.value

    def write(self, value):
        self.value = value


class Nvs:
    def __init__(self):
        self.blobs = {"app_key": bytes(16), "join_eui": bytes(8)}
        self.numbers = {}

    def get_blob(self, key, into):
        if key not in self.blobs:
            raise OSError(-4354)
        into[:] = self.blobs[key]

    def get_i32(self, key):
        if key not in self.numbers:
            raise OSError(-4354)
        return self.numbers[key]

    def set_i32(self, key, value):
        self.numbers[key] = value

    def commit(self):
        pass


class Radio:
    KEEPS_SETTINGS = True

    def __init__(self):
        self.session = True
        self.accepts = True
        self.limit = 51
        self.sent = []
        self.joins = self.configured = 0
        self.answers = []
        self.unix = None
        self.fails = self.refuses = None
        self.waits = None  # for a free channel, before each frame
        self.confirms = True
        self.acknowledged = self.wanted = False
        self.asleep = False

    def configure(self, *identity):
        self.configured += 1

    def joined(self):
        if self.fails:
            raise self.fails
        return self.session

    def join(self, anew=False):
        assert anew == self.session
        if self.refuses:
            raise self.refuses
        self.joins += 1
        self.session = self.session or self.accepts
        return self.accepts

    def max_payload(self):
        return self.limit

    def send(self, port, payload, confirmed=False):
        if self.waits:
            self.waits()
        payload = payload() if callable(payload) else payload
        assert len(payload) <= self.limit
        self.sent.append((port, decode(port, payload)))
        self.wanted = confirmed
        self.acknowledged = confirmed and self.confirms
        answers, self.answers = self.answers, []
        return answers

    def network_time(self):
        return self.unix

    def sleep(self):
        self.asleep = True


class Rtc:
    kept = b""

    def memory(self, data=None):
        if data is None:
            return self.kept
        self.kept = bytes(data)
        return None


class Station:
    """A station whose sensors are written into its journal by the test."""

    def __init__(self):
        self.radio, self.nvs, self.state = Radio(), Nvs(), Memory(Rtc())
        self.journal = Journal(Storage(), Checkpoint(), 1 << 20)
        self.now = 1000
        self.columns = CLIMATE
        self.written = {}
        self.state.era, self.state.interval = 1, 600
        self.state.status_next = 1 << 31
        self.settings = {"interval_s": 600, "radio": {
            "region": "EU868", "data_rate": 5, "adr": False, "frame_bytes": 242
        }}  # fmt: skip

    def sample(self, seconds=600):
        self.now += seconds
        width = len(self.columns[0])
        layout = Layout(*self.columns, self.state.era, self.state.offset)
        seq = self.journal.next_seq
        self.row = self.journal.append(self.now, [100 * (seq % 50)] * width, [0] * width, layout)
        self.written[seq] = self.row
        return self.row

    def skip(self, count):
        """What a wiped file system does to the numbers."""
        self.journal = Journal(Storage(self.journal._storage), Checkpoint(), 1 << 20)
        self.journal.next_seq += count
        self.journal._grown = None

    def wake(self):
        self.sample()
        self.radio.sent = []
        self.forgotten = []
        handed = self.settings, self.state, self.nvs, self.radio, lambda: self.now + 7, lambda: None
        Uplink(*handed, lambda *names: self.forgotten.extend(names)).run(self.journal, self.row)
        return self.radio.sent


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
    assert station.forgotten == []
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
    assert station.nvs.numbers == {"interval_s": 300, "interval_of": 600}


@pytest.mark.parametrize("fields", [{"interval_s": 59}, {"interval_s": 86401}, {"interval_s": "300"}, {}])
def test_an_interval_out_of_bounds_is_answered_with_the_one_in_force(station, fields):
    station.radio.answers = [Received(PORT_CONFIG, encode_config(1, fields))]
    assert station.wake()[1][1].fields == {"interval_s": 600}
    assert station.nvs.numbers == {}


def test_status_once_a_day_with_the_network_s_time(station, monkeypatch):
    monkeypatch.setattr("gc.mem_free", lambda: 12345, raising=False)
    station.state.status_next = 0
    station.radio.unix = UNIX
    ports = [[port for port, _ in station.wake()] for _ in range(146)]
    assert ports[0] == [PORT_READINGS, PORT_STATUS]
    assert [i for i, sent in enumerate(ports) if PORT_STATUS in sent] == [0, 144]
    assert station.state.offset == UNIX - station.now - 7 + 600


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
                    assert not known or row.age in (None, station.now + 7 - before.time)
    assert set(got) == {seq for seq in range(first, first + count) if seq <= newest}
