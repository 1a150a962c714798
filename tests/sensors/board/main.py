# Runs on the virtual board: measures the sensor whose name is typed, and prints "=" and the outcome as JSON.
# "!sht4x" leaves the sensor rail as it is, "recover" frees the I2C bus.
import json
import sys
import time

from machine import I2C, UART, Pin

from sensors import SensorFault, bus_recovery, driver

SCL, SDA, WIRE, RAIL = 42, 41, 4, 36
UARTS = {"sps30": 1, "a02yyuw": 2}

rail = Pin(RAIL, Pin.OUT, value=1)


def bus_of(name, cls):
    if cls.BUS == "i2c":
        return I2C(0, scl=Pin(SCL), sda=Pin(SDA), freq=100000)
    if cls.BUS == "uart":
        return UART(UARTS[name], baudrate=cls.BAUD, timeout=0)
    return Pin(WIRE)


def measure(name):
    cls = driver(name)
    sensor = cls(bus_of(name, cls))
    rail.value(0)
    time.sleep_ms(5)
    sensor.start()
    time.sleep_ms(sensor.WARM_UP_MS)
    values = sensor.measure()
    sensor.stop()
    return values


def outcome(line):
    if line == "recover":
        return bus_recovery.recover(Pin(SCL), Pin(SDA))
    begun = time.ticks_ms()
    try:
        result = {"values": measure(line.lstrip("!"))}
    except SensorFault as fault:
        result = {"quality": fault.quality, "text": str(fault)}
    if not line.startswith("!"):
        rail.value(1)
    result["ms"] = time.ticks_diff(time.ticks_ms(), begun)
    return result


while True:
    print("=" + json.dumps(outcome(sys.stdin.readline().strip())))
