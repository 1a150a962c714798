"""Each sensor of the rig through the firmware's own driver and board table: present, absent, and faulty.

On a real board the readings are held to the range of a place where people work; on a virtual one to what the
chip handed out.
"""

import json

import pytest

from luftpegel_tools.rig.roles import Rig

# What the program prints: dots while a sensor warms up, so that the line is never quiet for long, then JSON.
PROGRAM = """
import json, time
from sensors import SensorFault, driver
from station.config import BOARDS
from station.hardware import Hardware

board = __import__(BOARDS[{board!r}], None, None, ("RAIL",))
hardware = Hardware(board)
sensor_of, options = {sensor!r}, {options!r}
cls = driver(sensor_of["driver"])

def measure(sensor):
    sensor.start()
    for _ in range(sensor.WARM_UP_MS // 1000 + 1):
        time.sleep(1)
        print(".")
    values = sensor.measure()
    sensor.stop()
    return values

hardware.rail(True)
try:
    sensor = cls(hardware.bus(sensor_of, cls), **options)
    found = [list(sensor.MEASURES), measure(sensor), measure(sensor)]
except SensorFault as fault:
    found = str(fault)
finally:
    hardware.rail(False)
print(json.dumps(found))
"""
# driver -> for each quantity the range of a place where people work, in base units
RANGES = {
    "sht4x": {"temperature": (-2000, 5000), "humidity": (500, 10000)},
    "bme280": {"temperature": (-2000, 5000), "humidity": (500, 10000), "pressure": (80000, 110000)},
    "sps30": {"pm1": (0, 5000), "pm25": (0, 5000), "pm4": (0, 5000), "pm10": (0, 5000)},
    "a02yyuw": {"distance": (31, 4500)},
    "ds18b20": {"water_temperature": (-2000, 5000)},
}
# What a place may be like, beside the mild one: frost and storm, heat and damp.
WEATHER = (
    {
        "temperature": -19.7,
        "humidity": 93.0,
        "pressure": 95_120.0,
        "distance": 347.0,
        "water_temperature": -0.5,
    },
    {
        "temperature": 41.3,
        "humidity": 12.5,
        "pressure": 104_870.0,
        "distance": 4321.0,
        "water_temperature": 31.0,
    },
)
MILD = {
    "temperature": 21.5,
    "humidity": 48.0,
    "pressure": 101_325.0,
    "distance": 1234.0,
    "water_temperature": 12.5,
}
FAULTS = {  # driver -> fault: the code that the firmware must tell
    "sht4x": {"silent": "LP-119", "checksum": "LP-120", "stuck": "LP-122", "stale": "LP-123"},
    "bme280": {"silent": "LP-119", "checksum": "LP-120", "stuck": "LP-122", "stale": "LP-123"},
    "sps30": {"silent": "LP-119", "checksum": "LP-120", "stale": "LP-123"},
    "a02yyuw": {"silent": "LP-119", "checksum": "LP-120", "no_target": "LP-121", "interference": "LP-121"},
    "ds18b20": {"silent": "LP-119", "checksum": "LP-120", "stuck": "LP-122", "power_on": "LP-121"},
}
CASES = [(name, fault, code) for name, faults in FAULTS.items() for fault, code in faults.items()]

pytestmark = pytest.mark.look_at("the sensor's plug, its socket in rig.toml, and whether its rail has power")


def read(board: Rig, name: str) -> list:
    """[quantities, first values, second values], or the text of the fault."""
    sensor = board.plan.sensor(name)
    if sensor is None:
        pytest.skip(f"this rig has no {name}")
    options = {key: value for key, value in sensor.items() if key in ("address", "rom")}
    printed = board.exec(
        PROGRAM.format(board=board.plan.type, sensor=dict(sensor), options=options), timeout_s=60
    )
    return json.loads(printed.splitlines()[-1])


@pytest.mark.parametrize("name", RANGES)
def test_it_measures_twice_within_its_range(board: Rig, name: str) -> None:
    ranges = RANGES[name]
    measures, first, second = read(board, name)
    assert measures == list(ranges)
    for values in (first, second):
        for value, (lowest, highest) in zip(values, ranges.values(), strict=True):
            assert isinstance(value, int)
            assert lowest <= value <= highest


@pytest.mark.parametrize("weather", WEATHER, ids=("frost", "heat"))
@pytest.mark.parametrize("name", RANGES)
def test_it_tells_what_the_chip_handed_out(board: Rig, chips, name: str, weather: dict) -> None:
    chips.see(**weather)
    try:
        measures, *readings = read(board, name)
        handed_out = chips.delivered(name)
    finally:
        chips.see(**MILD)
    for values in readings:
        assert dict(zip(measures, values, strict=True)) in handed_out[-60:]
    if "distance" in weather and name == "a02yyuw":
        assert readings[0] == [weather["distance"]]
    if name in ("sht4x", "bme280"):
        assert abs(readings[1][0] - weather["temperature"] * 100) <= 5
        assert abs(readings[1][1] - weather["humidity"] * 100) <= 10


@pytest.mark.parametrize("name", RANGES)
def test_an_absent_one_is_told_as_silent(board: Rig, chips, name: str) -> None:
    with chips.absent(name):
        assert "LP-119" in read(board, name)
    assert len(read(board, name)) == 3


@pytest.mark.parametrize(("name", "fault", "code"), CASES)
def test_a_fault_is_a_code_and_never_a_number(board: Rig, chips, name: str, fault: str, code: str) -> None:
    read(board, name)  # what a stale chip would repeat
    with chips.faulty(name, fault):
        assert code in read(board, name)
