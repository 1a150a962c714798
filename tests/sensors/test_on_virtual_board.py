"""Driver and chip joined by real MicroPython, on both engines: truths over the range, and every fault."""

import json
import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import MAKERS

SENSORS = Path(__file__).parents[2] / "firmware" / "lib" / "sensors"
PROGRAM = Path(__file__).parent / "board" / "main.py"
RAIL, SDA, WIRE = 36, 41, 4
SILENT, CHECKSUM, SENTINEL, BUS, NOT_READY = 9, 10, 11, 12, 13
LONGEST_MS = 35_000 + 15_000
# sensor -> quantities, and lowest and highest truth of each
PLACES = {
    "sht4x": {"temperature": (-40, 125), "humidity": (0, 100)},
    "bme280": {"temperature": (-39, 84), "humidity": (5, 90), "pressure": (80_000, 109_000)},
    "sps30": {"pm1": (0, 1000), "pm25": (0, 1000), "pm4": (0, 1000), "pm10": (0, 1000)},
    "a02yyuw": {"distance": (31, 4500)},
    "ds18b20": {"water_temperature": (-55, 84)},
}
FAULTS = {
    "sht4x": {"silent": SILENT, "stuck": BUS, "checksum": CHECKSUM, "stale": NOT_READY},
    "bme280": {"silent": SILENT, "stuck": BUS, "checksum": CHECKSUM, "stale": NOT_READY},
    "sps30": {
        "silent": SILENT,
        "stuck": BUS,
        "checksum": CHECKSUM,
        "stale": NOT_READY,
        "fan": SENTINEL,
        "laser": SENTINEL,
        "fan_speed": SENTINEL,
    },
    "a02yyuw": {
        "silent": SILENT,
        "stuck": BUS,
        "checksum": CHECKSUM,
        "no_target": SENTINEL,
        "interference": SENTINEL,
    },
    "ds18b20": {
        "silent": SILENT,
        "stuck": BUS,
        "checksum": CHECKSUM,
        "stale": NOT_READY,
        "power_on": SENTINEL,
    },
}


class Rig:
    """A board with all five sensors on a switched rail, and a program that measures on demand."""

    def __init__(self, folder, engine):
        self.truth = {name: tuple(low for low, _ in place.values()) for name, place in PLACES.items()}
        self.chips = {name: MAKERS[name].make(partial(self._truth_of, name)) for name in PLACES}
        self.clock = VirtualClock()
        self.board = Board(self.clock, name="rig", state_dir=folder, engine=engine, wiring=self._wire)

    def _truth_of(self, name, quantity, _now_us):
        return dict(zip(PLACES[name], self.truth[name], strict=True))[quantity]

    def _wire(self, board):
        board.attach_i2c(0, self.chips["sht4x"])
        board.attach_i2c(0, self.chips["bme280"])
        board.attach_uart(1, self.chips["sps30"])
        board.attach_uart(2, self.chips["a02yyuw"])
        board.attach_onewire(WIRE, self.chips["ds18b20"])
        board.attach_rail(RAIL, active_low=True, chips=self.chips.values())

    def ask(self, line):
        """Types a line at the program; -> its answer."""
        console = self.board.console
        console.text.clear()
        self.board.type_keys(line.encode() + b"\n")
        assert self.clock.run(lambda: b"=" in console.text and console.text.endswith(b"\n")), bytes(
            console.text
        )
        return json.loads(console.text.split(b"=", 1)[1])


def image(folder):
    package = folder / "lib" / "sensors"
    package.mkdir(parents=True)
    for path in SENSORS.glob("*.py"):
        shutil.copy(path, package)
    shutil.copy(PROGRAM, folder / "main.py")
    return folder


@pytest.fixture(scope="module", params=["pip", "mpy32"])
def powered_rig(request, tmp_path_factory):
    rig = Rig(tmp_path_factory.mktemp("state"), request.param)
    with rig.board:
        rig.board.install(image(tmp_path_factory.mktemp("image")))
        rig.board.power_on()
        assert rig.clock.run(lambda: rig.board.attended)
        yield rig


@pytest.fixture
def rig(powered_rig):
    yield powered_rig
    for chip in powered_rig.chips.values():
        chip.faults.clear()
        chip.delivered.clear()


@pytest.mark.parametrize("name", PLACES)
def test_values_over_the_range_are_what_the_chip_meant(rig, name):
    dice = random.Random(name)
    for _ in range(4):
        rig.truth[name] = tuple(dice.uniform(low, high) for low, high in PLACES[name].values())
        answer = rig.ask(name)
        meant = rig.chips[name].delivered[-1][1]
        assert dict(zip(PLACES[name], answer["values"], strict=True)) == meant
        assert answer["ms"] < LONGEST_MS


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name in FAULTS for fault in FAULTS[name]])
def test_a_fault_becomes_its_quality_and_passes_with_its_cause(rig, name, fault):
    chip = rig.chips[name]
    chip.faults.add(fault)
    answer = rig.ask(name)
    assert answer["quality"] == FAULTS[name][fault], answer
    assert answer["text"].startswith("LP-1")
    assert answer["ms"] < LONGEST_MS
    assert chip.delivered == []
    chip.faults.clear()
    assert "values" in rig.ask(name)


@pytest.mark.parametrize("name", ["sps30", "a02yyuw"])
def test_text_at_power_up_is_passed_over(rig, name):
    rig.chips[name].faults.add("banner")
    assert "values" in rig.ask(name)


@pytest.mark.parametrize("name", PLACES)
def test_without_power_everything_is_silent(rig, name):
    rig.board.pins.rails.clear()
    for chip in rig.chips.values():
        chip.power(False)
    assert rig.ask(name)["quality"] == SILENT
    rig.board.attach_rail(RAIL, active_low=True, chips=rig.chips.values())
    assert "values" in rig.ask(name)


def test_one_stuck_chip_blocks_its_neighbour_on_the_bus(rig):
    rig.chips["bme280"].faults.add("stuck")
    assert rig.ask("sht4x")["quality"] == BUS
    assert "values" in rig.ask("ds18b20")


def test_bus_recovery_tells_whether_the_line_is_free(rig):
    rig.board.set_pin(SDA, 0)
    assert rig.ask("recover") is False
    rig.board.set_pin(SDA, None)
    assert rig.ask("recover") is True
    assert "values" in rig.ask("sht4x")
