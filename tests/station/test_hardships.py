"""What years outdoors do to a station, on the real 32-bit MicroPython: power that comes and goes, damaged
files, refusals, a network that never stops talking, clocks that go wrong.
"""

import random

import pytest
from tests.station.conftest import SLOT_US

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_wire import PORT_CONFIG, PORT_STATUS, decode, encode_config

ENGINE = "mpy32"
HOUR_US = 3_600_000_000
BATTERY_PIN = 1  # of the board


def told(frame):
    return {row.seq: row.values for row in frame.rows}


def run_s(station, seconds):
    station.clock.run_until(station.clock.now_us + round(seconds * 1e6))


def statuses(station):
    return [decode(u.f_port, u.data).fields for u in station.network.uplinks if u.f_port == PORT_STATUS]


# Power


def test_a_brown_out_loop_joins_a_few_times_only_and_readings_go_on_after_it(site):
    station = site(ENGINE, radio_driver="sx1262")
    for _ in range(60):
        run_s(station, 12)
        station.board.power_off()
        station.board.power_on()
    on_air_us = sum(frame.end_us - frame.start_us for frame in station.frames if not frame.tuning.inverted)
    assert on_air_us < 0.01 * HOUR_US
    assert station.network.joins <= 4
    assert "LP-222" in station.text()
    run_s(station, 3 * 600)
    assert station.newest().rows[0].age < 60
    station.run_slots(3)
    assert len(station.newest().rows) >= 3


def test_lives_of_ten_minutes_stay_within_the_airtime_and_keep_their_readings(site):
    radio = {"driver": "sx1262", "frame_bytes": 51, "data_rate": 0}
    station = site(ENGINE, radio_driver="sx1262", radio=radio)
    started = station.clock.now_us
    for _ in range(40):
        run_s(station, 620)
        station.board.power_off()
        station.board.power_on()
    hours = (station.clock.now_us - started) / HOUR_US
    on_air_us = sum(frame.end_us - frame.start_us for frame in station.frames if not frame.tuning.inverted)
    assert on_air_us < 0.01 * hours * HOUR_US + 36e6
    station.run_slots(12)
    assert station.newest().seq >= 40


def test_a_low_battery_is_looked_at_before_radio_and_flash(site):
    station = site(ENGINE, radio_driver="sx1262")
    station.run_slots(1)
    station.board.attach_adc(BATTERY_PIN, lambda: 610_000)  # 2989 mV
    writes, frames = station.board.flash.operations, len(station.frames)
    for _ in range(5):
        station.board.power_off()
        station.board.power_on()
        station.run_slots(2)
    assert (station.board.flash.operations, len(station.frames)) == (writes, frames)
    assert "LP-223 the battery has 2989 mV" in station.text()
    station.board.attach_adc(BATTERY_PIN, lambda: 640_000)  # 3136 mV: not yet
    run_s(station, 2 * 3600)
    assert station.board.flash.operations == writes
    station.board.attach_adc(BATTERY_PIN, lambda: 700_000)
    run_s(station, 2 * 3600)
    assert station.newest().rows[0].age < 1200


# Damage


def damage(data, how):
    if how == "zero":
        return bytes(len(data))
    if how == "cut":
        return data[: len(data) // 2]
    flipped = bytearray(data)
    flipped[len(data) * 2 // 3] ^= 0x10
    return bytes(flipped)


@pytest.mark.parametrize("how", ["zero", "cut", "flip"])
def test_no_damaged_file_keeps_the_station_awake(site, how):
    # Every file of the image in turn. The two that the interpreter itself starts with stand in for each
    # other.
    station = site("pip", radio_driver="sx1262")
    station.board.power_off()
    for path in sorted(path for path in station.image.rglob("*") if path.is_file()):
        sound = path.read_bytes()
        path.write_bytes(damage(sound, how))
        station.board.install(station.image)
        station.board.power_on()
        try:
            run_s(station, 3700 if path.suffix == ".json" else 130)
            assert station.board.asleep, path
            run_s(station, 700)
        except BoardError as error:  # what computes without end, no watchdog ever ended
            pytest.fail(f"{path}: {error}")
        station.board.power_off()
        path.write_bytes(sound)
    station.board.install(station.image)
    station.board.nvs.provision("luftpegel", power_ups=0)
    station.board.power_on()
    station.run_slots(2)
    assert station.newest().rows[0].age < 60


@pytest.mark.parametrize("how", ["zero", "cut", "flip"])
def test_a_damaged_driver_costs_its_sensor_and_is_told(site, how):
    station = site(ENGINE, ("sht4x", "ds18b20"))
    station.board.power_off()
    path = station.image / "lib" / "sensors" / "sht4x.mpy"
    path.write_bytes(damage(path.read_bytes(), how))
    station.board.install(station.image)
    station.board.power_on()
    station.run_slots(3)
    assert len(station.newest().channels) == 2
    assert station.newest().rows[0].quality == (0, 0)
    assert "LP-217 /lib/sensors/sht4x.mpy is damaged" in station.text()
    assert statuses(station)[-1]["trouble"] == 217


@pytest.mark.parametrize("module", ["station/uplink", "lib/lorawan/mac", "lib/luftpegel_wire/readings"])
def test_damage_to_what_sends_costs_no_reading(site, module):
    station = site(ENGINE, radio_driver="sx1262")
    station.board.power_off()
    path = station.image / f"{module}.mpy"
    sound = path.read_bytes()
    path.write_bytes(sound[: len(sound) // 2])
    station.board.install(station.image)
    station.board.power_on()
    station.run_slots(3)
    station.board.power_off()
    path.write_bytes(sound)
    station.board.install(station.image)
    station.board.power_on()
    station.run_slots(1)
    assert len(told(station.newest())) >= 4


# Refusals


@pytest.mark.parametrize("radio", ["wio_e5", "sx1262"])
def test_a_full_nvs_stops_neither_reading_nor_sending(site, radio):
    station = site(ENGINE, radio_driver=radio)
    station.board.nvs.full = True
    station.run_slots(80)
    assert station.newest().seq >= 78
    assert station.network.joins == 1
    assert "LP-219" in station.text()
    measured = [values["temperature"] for _, values in station.chips["sht4x"].delivered]
    rows = [row.values[0] for row in reversed(station.newest().rows)]
    assert rows == [(value + 5) // 10 * 10 for value in measured[-len(rows) :]]


def test_foreign_files_in_the_journal_s_folder_cost_nothing(site):
    station = site(ENGINE)
    station.run_slots(2)
    station.board.power_off()
    journal = station.image / "journal"
    (journal / "lost+found").mkdir(parents=True)
    for name in (".DS_Store", "old.bak", "00000001.bak", "ffffffff", "zzzzzzzz"):
        (journal / name).write_bytes(b"somebody else's")
    station.board.install(station.image)
    station.board.power_on()
    station.run_slots(2)
    assert list(told(station.newest())) == list(range(station.newest().seq, -1, -1))


# A network that never stops


@pytest.mark.parametrize("radio", ["wio_e5", "sx1262"])
def test_forty_queued_configurations_cost_one_answer_a_wake(site, radio):
    station = site(ENGINE, radio_driver=radio)
    station.run_slots(1)
    station.network.answers = [
        Downlink(PORT_CONFIG, encode_config(token, {"interval_s": 600}), acknowledges=False)
        for token in range(1, 41)
    ]
    before = len(station.network.uplinks)
    station.run_slots(10)
    assert len(station.network.uplinks) - before <= 10 * 3
    assert "LP-110" not in station.text()
    assert station.newest().seq >= 10
    station.run_slots(20)
    answers = [decode(u.f_port, u.data).token for u in station.network.uplinks if u.f_port == PORT_CONFIG]
    assert answers[-1] == 40


# Analogue


class Divider:
    """A battery behind a divider that a pin connects: what the ADC sees follows it with a time constant."""

    def __init__(self, station, pin, level, volts, tau_us=2000):
        self.station, self.pin, self.level, self.volts, self.tau_us = station, pin, level, volts, tau_us
        self.since = None
        pins = station.board.pins
        put, init = pins.put, pins.init

        def watch(number):
            if number == pin:
                on = pins[pin].level == level
                self.since = (self.since or station.clock.now_us) if on else None

        pins.put = lambda number, value: (put(number, value), watch(number))[0]
        pins.init = lambda number, *rest: (init(number, *rest), watch(number))[0]
        station.board.attach_adc(BATTERY_PIN, self.microvolts)

    def microvolts(self):
        if self.since is None:
            return 0
        passed = self.station.clock.now_us - self.since
        return round(self.volts / 4.9 * 1e6 * (1 - 2.718281828 ** (-passed / self.tau_us)))


@pytest.mark.parametrize("named", [None, "right"])
@pytest.mark.parametrize(("revision", "level"), [("3.1", 0), ("3.2", 1)])
def test_both_revisions_of_the_board_tell_their_battery_when_it_has_settled(site, revision, level, named):
    settings = {"revision": revision} if named else {}
    station = site(ENGINE, **settings)
    Divider(station, 37, level, 3.8)
    station.run_slots(2)
    assert abs(station.newest().rows[0].values[2] - 3800) <= 20
    assert station.newest().rows[0].quality == (0, 0, 0)


def test_a_battery_that_cannot_be_is_a_fault_and_no_number(site):
    station = site(ENGINE, revision="3.1")
    Divider(station, 37, 1, 3.8)
    station.run_slots(2)
    assert station.newest().rows[0].values[2] is None
    assert station.newest().rows[0].quality == (0, 0, 11)
    assert "LP-229" in station.text()


# Time

DRIFT_PPM = 2778  # 10 s an hour


def test_slots_follow_the_true_time_and_ages_are_right_after_a_week_without_the_network(site):
    station = site(ENGINE, interval_s=3600)
    station.board.sleep_drift_ppm = DRIFT_PPM
    station.network.tells_time = True
    run_s(station, 2 * 86400)
    quiet = station.clock.now_us
    hears, station.network.uplink = station.network.uplink, lambda _: None
    run_s(station, 7 * 86400)
    station.network.uplink = hears
    station.network.tells_time = False
    station.network.confirms = True
    run_s(station, 6 * 3600)
    heard, frame = station.network.frames()[-1]
    sampled = {k: now_us / 1e6 for k, (now_us, _) in enumerate(station.chips["sht4x"].delivered)}
    errors = [heard - row.age - sampled[row.seq] for row in frame.rows]
    assert len(errors) > 20
    assert max(map(abs, errors)) < 60
    late = [(now_us / 1e6 + station.clock.epoch) % 3600 for now_us, _ in station.chips["sht4x"].delivered]
    since = [(second + 1800) % 3600 - 1800 for second, (now_us, _) in
             zip(late, station.chips["sht4x"].delivered, strict=True) if now_us > quiet]  # fmt: skip
    assert max(map(abs, since)) < 60


def test_random_power_cuts_leave_numbers_that_never_repeat(site):
    chance = random.Random(7)
    station = site("pip")
    seen = {}
    for _ in range(30):
        run_s(station, chance.choice([3, 9, 70, 400, 700]))
        station.board.power_off()
        station.board.power_on()
    run_s(station, 8 * SLOT_US / 1e6)
    for _, frame in station.network.frames():
        for row in frame.rows:
            assert row.absent or seen.setdefault(row.seq, row.values) == row.values


@pytest.mark.parametrize("fault", ["1 / 0\n", "import time\nwhile True:\n    time.sleep_ms(1000)\n"])
def test_the_radio_is_asleep_after_a_crash_and_after_the_watchdog(site, fault):
    station = site(ENGINE, radio_driver="sx1262")
    station.run_slots(1)
    station.board.power_off()
    station.replace("station/uplink", fault)
    station.board.power_on()
    run_s(station, 400)
    assert station.board.asleep
    assert station.radio.log[-1][1][0] == 0x84  # SetSleep
