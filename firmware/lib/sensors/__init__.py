# Sensor drivers: one file a sensor, integers only, and never a wrong number.
# measure() returns integers in base units (0.01 Cel, 0.01 %RH, 1 Pa, 0.1 ug/m3, 1 mm; half a unit rounds up)
# or raises SensorFault, always within a bounded time. README.md lists wiring, options and faults.

# Qualities of a cell without a value, as they travel on the wire.
SILENT = 9
CHECKSUM = 10
SENTINEL = 11
BUS = 12
NOT_READY = 13
CONFIG = 14

# name in the station's configuration -> (module, class), imported only when it is asked for
DRIVERS = {
    "sht4x": ("sensors.sht4x", "SHT4x"),
    "bme280": ("sensors.bme280", "BME280"),
    "sps30": ("sensors.sps30", "SPS30"),
    "a02yyuw": ("sensors.a02yyuw", "A02YYUW"),
    "ds18b20": ("sensors.ds18b20", "DS18B20"),
}

# quality -> (error code, next step)
ADVICE = {
    SILENT: ("LP-119", "check plug, wiring and power"),
    CHECKSUM: ("LP-120", "check cable length and pull-ups"),
    SENTINEL: ("LP-121", "check mounting and supply, then replace the sensor"),
    BUS: ("LP-122", "unplug the sensors of this bus one by one"),
    NOT_READY: ("LP-123", "switch the sensor's power off and on"),
    CONFIG: ("LP-124", "correct the sensor in station.json"),
}


class SensorFault(Exception):
    # No value this time. `quality` is one of the constants above, `code` the error code.
    def __init__(self, quality, sensor, cause):
        self.quality = quality
        self.code, advice = ADVICE[quality]
        super().__init__("{} {}: {}; {}".format(self.code, sensor, cause, advice))


def driver(name):
    # The driver class of that name; raises SensorFault(CONFIG) for an unknown one.
    if name not in DRIVERS:
        raise SensorFault(CONFIG, name, "no such driver, there are " + " ".join(sorted(DRIVERS)))
    module, cls = DRIVERS[name]
    return getattr(__import__(module, None, None, (cls,)), cls)
