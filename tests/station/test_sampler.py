"""One round over the sensors: a dead one costs its own cells, which say why, and nothing else."""

from typing import ClassVar

import pytest

from sensors import BUS, SENTINEL, SILENT, SensorFault
from station import config
from station.sampler import Sampler

UNKNOWN = 15


class Driver:
    """A sensor that measures 1, 2, 3, ... unless `faults` holds an exception for the step."""

    MEASURES = ("temperature", "humidity", "pressure")
    BUS = "i2c"
    WARM_UP_MS = 12
    faults: ClassVar = {}

    def __init__(self, bus, **options):
        self.bus, self.options = bus, options

    def _step(self, name):
        fault = self.faults.pop(name, None)
        if fault:
            raise fault

    def start(self):
        self._step("start")

    def measure(self):
        self._step("measure")
        return (1, 2, 3)[: len(self.MEASURES)]

    def stop(self):
        self._step("stop")


class Water(Driver):
    MEASURES = ("distance",)
    BUS = "uart"
    WARM_UP_MS = 30_000
    faults: ClassVar = {}

    def measure(self):
        self._step("measure")
        return (None,) if self.options.get("address") == 99 else (1480,)


class Hardware:
    def __init__(self):
        self.log = []
        self.frees = True

    def rail(self, on):
        self.log.append("on" if on else "off")

    def bus(self, sensor, cls):
        self.log.append(cls.BUS)
        return object()

    def recover_i2c(self):
        self.log.append("recover")
        return self.frees

    def health(self, name):
        if name == "enclosure_temperature":
            raise ValueError(name)
        return 3700


class Board:
    UARTS: ClassVar = {"a": {}, "b": {}}
    MODEM: ClassVar = {}
    LORA: ClassVar = {"chip": "sx1262"}
    HEALTH = ("battery", "enclosure_temperature")


class Round:
    def __init__(self, health=("battery",)):
        Driver.faults, Water.faults = {}, {}
        self.hardware = Hardware()
        self.slept, self.fed, self.marks = [], 0, []
        self.settings = config.checked(
            {
                "station": "T",
                "board": "heltec_v3",
                "radio": {"driver": "wio_e5"},
                "health": list(health),
                "sensors": [{"driver": "bme280"}, {"driver": "a02yyuw"}],
            }
        )

    def feed(self):
        self.fed += 1

    def run(self, benched=0, care=False):
        plan = config.Plan(self.settings, Board, {"bme280": Driver, "a02yyuw": Water}.__getitem__)
        sampler = Sampler(plan, self.settings, self.hardware, self.slept.append, self.feed, self.marks.append)
        values, quality = sampler.sample(benched, care)
        self.faults = sampler.faults()
        return dict(zip(plan.channels, zip(values, quality, strict=True), strict=True))


@pytest.fixture
def around():
    return Round()


GOOD = {2: (1, 0), 4: (2, 0), 6: (3, 0), 8: (1480, 0), 14: (3700, 0)}


def test_all_cells_are_filled_and_the_rail_is_off_again(around):
    assert around.run() == GOOD
    assert around.faults == 0
    assert around.hardware.log[0] == "on"
    assert around.hardware.log.count("off") == 1
    assert sum(around.slept) == 30_000
    assert max(around.slept) <= 5000
    assert around.fed >= 6


def test_without_a_slow_sensor_nobody_waits_for_it(around):
    Water.faults = {"start": SensorFault(SILENT, "A02YYUW", "is silent")}
    assert around.run() == {**GOOD, 8: (None, SILENT)}
    assert sum(around.slept) == 12


@pytest.mark.parametrize("step", ["start", "measure"])
@pytest.mark.parametrize(
    ("fault", "quality"),
    [(SensorFault(SENTINEL, "x", "y"), SENTINEL), (OSError(5), UNKNOWN), (ZeroDivisionError(), UNKNOWN)],
)
def test_a_failing_driver_costs_its_own_cells(around, step, fault, quality, capsys):
    Driver.faults = {step: fault}
    assert around.run() == {**GOOD, **dict.fromkeys((2, 4, 6), (None, quality))}
    assert around.faults == 1
    assert "LP-1" in capsys.readouterr().out


def test_a_sensor_that_cannot_be_stopped_keeps_its_values(around):
    Driver.faults = {"stop": SensorFault(SILENT, "x", "y")}
    assert around.run() == GOOD


def test_a_stuck_bus_is_freed_and_the_sensor_tried_once_more(around):
    Driver.faults = {"measure": SensorFault(BUS, "x", "stuck")}
    assert around.run() == GOOD
    assert around.hardware.log.count("recover") == 1


def test_a_bus_that_stays_stuck_is_told(around):
    around.hardware.frees = False
    Driver.faults = {"measure": SensorFault(BUS, "x", "stuck")}
    assert around.run()[2] == (None, BUS)


def test_a_sensor_that_hung_is_not_touched(around):
    assert around.run(benched=1) == {**GOOD, **dict.fromkeys((2, 4, 6), (None, UNKNOWN))}
    assert "i2c" not in around.hardware.log
    assert set(around.marks) == {1}


def test_health_that_the_board_has_not_costs_its_cell(capsys):
    assert Round(("battery", "enclosure_temperature")).run() == {**GOOD, 16: (None, UNKNOWN)}
    assert "LP-117" in capsys.readouterr().out


def test_the_rail_goes_off_even_when_no_bus_opens(around, monkeypatch):
    monkeypatch.setattr(around.hardware, "bus", None)
    assert around.run()[2] == (None, UNKNOWN)
    assert around.hardware.log == ["on", "off"]


def test_once_a_week_a_sensor_cleans_itself_when_all_is_measured(around, monkeypatch):
    cleaned = []
    monkeypatch.setattr(Water, "clean", lambda _: cleaned.append(list(around.slept)), raising=False)
    monkeypatch.setattr(Water, "CLEAN_MS", 11_000, raising=False)
    assert around.run() == GOOD
    assert cleaned == []
    around.slept.clear()
    assert around.run(care=True) == GOOD
    assert [sum(slept) for slept in cleaned] == [30_000]  # after the warm-up that all wait for
    assert sum(around.slept) == 41_000


def test_a_sensor_that_cannot_clean_itself_keeps_its_values(around, monkeypatch):
    def refuse(_):
        raise SensorFault(SILENT, "x", "y")

    monkeypatch.setattr(Water, "clean", refuse, raising=False)
    assert around.run(care=True) == GOOD
