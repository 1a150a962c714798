# Made from spec/channels.toml by `make generate`; change it there.
"""Where NGSI-LD has each quantity, by its number; explained at the head of the table."""

from typing import NamedTuple


class Home(NamedTuple):
    """Attribute, entity type, UN/CEFACT unit, and the power of ten from base units to that unit.

    `low`, `high`: what the published model allows, in that unit. `air`: its name in AirQualityObserved, where
    a station of kind "air" tells it there. `own`: the published model has no such attribute.
    """

    attribute: str
    type: str
    unit: str
    exponent: int
    low: int | None
    high: int | None
    air: str | None
    own: bool


HOMES = {
    1: Home("temperature", "WeatherObserved", "CEL", -2, None, None, "temperature", False),
    2: Home("relativeHumidity", "WeatherObserved", "C62", -4, 0, 1, "relativeHumidity", False),
    3: Home("atmosphericPressure", "WeatherObserved", "A97", -2, 0, None, "pressure", False),
    4: Home("measuredDistance", "FloodMonitoring", "MTR", -3, 0, None, None, False),
    5: Home("waterLevel", "WaterObserved", "MTR", -3, 0, None, None, False),
    6: Home("temperature", "WaterQualityObserved", "CEL", -2, None, None, None, False),
    7: Home("batteryVoltage", "Device", "VLT", -3, None, None, None, True),
    8: Home("enclosureTemperature", "Device", "CEL", -2, None, None, None, True),
    9: Home("solarVoltage", "Device", "VLT", -3, None, None, None, True),
    10: Home("rssi", "Device", "DBM", 0, None, None, None, False),
    11: Home("pm1", "AirQualityObserved", "GQ", -1, 0, None, None, False),
    12: Home("pm25", "AirQualityObserved", "GQ", -1, 0, None, None, False),
    13: Home("pm4", "AirQualityObserved", "GQ", -1, 0, None, None, False),
    14: Home("pm10", "AirQualityObserved", "GQ", -1, 0, None, None, False),
    15: Home("co2", "AirQualityObserved", "59", 0, 0, None, None, False),
    16: Home("volatileOrganicCompoundsRaw", "AirQualityObserved", "C62", 0, None, None, None, True),
    17: Home("no2Raw", "AirQualityObserved", "2Z", -2, None, None, None, True),
    18: Home("conductivity", "WaterQualityObserved", "D10", -4, 0, None, None, False),
    19: Home("rainGaugeTips", "WeatherObserved", "C62", 0, None, None, None, True),
    20: Home("windSpeed", "WeatherObserved", "MTS", -2, 0, None, None, False),
    21: Home("gustSpeed", "WeatherObserved", "MTS", -2, 0, None, None, False),
    22: Home("windDirection", "WeatherObserved", "DD", 0, 0, 360, None, False),
    23: Home("solarRadiation", "WeatherObserved", "D54", 0, 0, None, None, False),
    24: Home("globeTemperature", "WeatherObserved", "CEL", -2, None, None, None, True),
}
