"""The package of drivers: its table, its errors, its list for mip, and the recovery of a stuck I2C bus."""

import json
from pathlib import Path

import pytest

import sensors
from sensors import bus_recovery

PACKAGE = Path(sensors.__path__[0])


def test_every_driver_of_the_table_keeps_the_contract():
    for name in sensors.DRIVERS:
        cls = sensors.driver(name)
        assert cls.__name__.lower() == name
        assert cls.BUS in ("i2c", "uart", "onewire")
        assert cls.WARM_UP_MS >= 0
        assert hasattr(cls, "BAUD") == (cls.BUS == "uart")
        assert all(callable(getattr(cls, method)) for method in ("start", "measure", "stop"))


def test_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(
        sensors.SensorFault, match=r"LP-124 sht99: no such driver, there are a02yyuw bme280"
    ) as caught:
        sensors.driver("sht99")
    assert caught.value.quality == sensors.CONFIG


def test_mip_installs_every_file_and_only_those():
    listed = json.loads((PACKAGE / "package.json").read_text())["urls"]
    assert sorted(source for _, source in listed) == sorted(path.name for path in PACKAGE.glob("*.py"))
    assert all(target == "sensors/" + source for target, source in listed)


class Line:
    """An open-drain line with a chip that lets go of it after so many falling clocks."""

    OPEN_DRAIN, PULL_UP = 7, 2

    def __init__(self, held_for=0, clock=None):
        self.held_for = held_for
        self.level = 1
        self.history = []
        self._clock = clock

    def init(self, mode, pull, *, value):
        assert (mode, pull) == (self.OPEN_DRAIN, self.PULL_UP)
        self.level = value

    def value(self, level=None):
        if level is None:
            clocks = self._clock.history.count(0) if self._clock else 0
            return self.level if clocks >= self.held_for else 0
        self.level = level
        self.history.append(level)
        return None


@pytest.mark.parametrize(("held_for", "free"), [(0, True), (3, True), (9, True), (11, False)])
def test_nine_clocks_free_the_bus_or_say_that_they_did_not(bench, held_for, free):
    bench()
    scl = Line()
    sda = Line(held_for, clock=scl)
    assert bus_recovery.recover(scl, sda) is free
    assert scl.history.count(0) == min(held_for, 9) + 1  # and the one of the STOP
    assert sda.history == [0, 1]
    assert scl.history[-1] == 1
