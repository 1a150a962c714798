"""Each sensor of the rig answers through the firmware's own driver and board table, twice, in its range."""

import json

import pytest

from luftpegel_tools.image.firmware_image import FIRMWARE, compile_file
from luftpegel_tools.rig.board import rig_board

FOLDER = "/hil_test"
SOURCES = [FIRMWARE / "boards" / "heltec_v3.py", *sorted((FIRMWARE / "lib" / "sensors").glob("*.py"))]

# Also takes away what an interrupted run has left.
CLEAR = f"""
import os
def clear(folder):
    for name, kind, *_ in os.ilistdir(folder):
        (clear if kind == 0x4000 else os.remove)(folder + "/" + name)
    os.rmdir(folder)
if {FOLDER[1:]!r} in os.listdir("/"):
    clear({FOLDER!r})
"""
# What the program prints: dots while a sensor warms up, so that the line is never quiet for long, then JSON.
PROGRAM = """
import json, sys, time
sys.path.insert(0, {folder!r})
from machine import I2C, UART, Pin
from boards import heltec_v3 as rig
from sensors import driver

def bus_of(cls, socket):
    if cls.BUS == "i2c":
        where = rig.I2C
        return I2C(where["id"], scl=Pin(where["scl"]), sda=Pin(where["sda"]), freq=where["freq"])
    if cls.BUS == "onewire":
        return Pin(rig.ONEWIRE)
    where = rig.UARTS[socket]
    return UART(where["id"], baudrate=cls.BAUD, tx=Pin(where["tx"]), rx=Pin(where["rx"]), timeout=0)

def measure(sensor):
    sensor.start()
    for _ in range(sensor.WARM_UP_MS // 1000 + 1):
        time.sleep(1)
        print(".")
    values = sensor.measure()
    sensor.stop()
    return values

rail = Pin(rig.RAIL["pin"], Pin.OUT, value=rig.RAIL["on"])
time.sleep_ms(rig.RAIL["settle_ms"])
cls = driver({name!r})
sensor = cls(bus_of(cls, {socket!r}))
print(json.dumps([sensor.MEASURES, measure(sensor), measure(sensor)]))
rail.value(1 - rig.RAIL["on"])
"""
# driver -> its socket, and for each quantity the range of a place where people work, in base units
RIG = {
    "sht4x": (None, {"temperature": (-2000, 5000), "humidity": (500, 10000)}),
    "bme280": (None, {"temperature": (-2000, 5000), "humidity": (500, 10000), "pressure": (80000, 110000)}),
    "sps30": ("a", {"pm1": (0, 5000), "pm25": (0, 5000), "pm4": (0, 5000), "pm10": (0, 5000)}),
    "a02yyuw": ("b", {"distance": (31, 4500)}),
    "ds18b20": (None, {"water_temperature": (-2000, 5000)}),
}


@pytest.fixture(scope="module")
def drivers(port):
    """The drivers of this source tree lie on the board while the tests of this module run."""
    with rig_board(port) as board:
        board.exec(CLEAR)
        for folder in (FOLDER, f"{FOLDER}/boards", f"{FOLDER}/sensors"):
            board.exec(f"os.mkdir({folder!r})")
        for source in SOURCES:
            board.put(f"{FOLDER}/{source.parent.name}/{source.stem}.mpy", compile_file(source, source.name))
    yield
    with rig_board(port) as board:
        board.exec(CLEAR)


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize("name", RIG)
def test_sensor_measures_twice_within_its_range(board, name):
    socket, ranges = RIG[name]
    printed = board.exec(PROGRAM.format(folder=FOLDER, name=name, socket=socket))
    measures, first, second = json.loads(printed.splitlines()[-1])
    assert measures == list(ranges)
    for values in (first, second):
        for value, (lowest, highest) in zip(values, ranges.values(), strict=True):
            assert isinstance(value, int)
            assert lowest <= value <= highest
