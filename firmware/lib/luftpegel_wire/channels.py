# Made from spec/channels.toml by `make generate`; change it there.
#
# All that is known of quantities, for gateways and tools; a station imports quantities.py instead.

from collections import namedtuple

# Base units: the value in `unit` is the integer times 10**exponent.
Quantity = namedtuple(
    "Quantity",
    (
        "number", "name", "en", "de", "unit", "symbol", "exponent", "step", "low", "high", "senml", "ngsi",
        "sensorthings",
    ),
)  # fmt: skip

# By number.
TABLE = {
    1: Quantity(1, "temperature", "Air temperature", "Lufttemperatur", "Cel", "°C", -2, 10, -4500, 6000, "Cel", "temperature", "http://vocab.nerc.ac.uk/standard_name/air_temperature/"),
    2: Quantity(2, "humidity", "Relative humidity", "Relative Luftfeuchte", "%", "%", -2, 50, 0, 10000, "%RH", "relativeHumidity", "http://vocab.nerc.ac.uk/standard_name/relative_humidity/"),
    3: Quantity(3, "pressure", "Air pressure", "Luftdruck", "hPa", "hPa", -2, 10, 50000, 110000, "hPa", "atmosphericPressure", "http://vocab.nerc.ac.uk/standard_name/air_pressure/"),
    4: Quantity(4, "distance", "Distance to the water", "Abstand zum Wasser", "cm", "cm", -1, 10, 30, 100000, "cm", "measuredDistance", "https://qudt.org/vocab/quantitykind/Distance"),
    5: Quantity(5, "level", "Water level", "Wasserstand", "cm", "cm", -1, 10, -10000, 100000, "cm", "waterLevel", "http://vocab.nerc.ac.uk/collection/P01/current/ASLVZZ01/"),
    6: Quantity(6, "water_temperature", "Water temperature", "Wassertemperatur", "Cel", "°C", -2, 10, -200, 4500, "Cel", "temperature", "http://vocab.nerc.ac.uk/standard_name/water_temperature/"),
    7: Quantity(7, "battery", "Battery voltage", "Batteriespannung", "V", "V", -3, 20, 2500, 15000, "V", "batteryVoltage", "https://qudt.org/vocab/quantitykind/Voltage"),
    8: Quantity(8, "enclosure_temperature", "Temperature in the enclosure", "Gehäusetemperatur", "Cel", "°C", -2, 10, -4500, 9000, "Cel", "enclosureTemperature", "https://qudt.org/vocab/quantitykind/Temperature"),
    9: Quantity(9, "solar_voltage", "Solar panel voltage", "Solarspannung", "V", "V", -3, 50, 0, 30000, "V", "solarVoltage", "https://qudt.org/vocab/quantitykind/Voltage"),
    10: Quantity(10, "signal", "Received signal strength", "Empfangspegel", "dB[mW]", "dBm", 0, 1, -150, 10, "dBm", "rssi", "https://qudt.org/vocab/quantitykind/SignalStrength"),
    11: Quantity(11, "pm1", "Particulate matter PM1", "Feinstaub PM1", "ug/m3", "µg/m³", -1, 5, 0, 10000, "ug/m3", "pm1", "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/6002"),
    12: Quantity(12, "pm25", "Particulate matter PM2.5", "Feinstaub PM2,5", "ug/m3", "µg/m³", -1, 5, 0, 10000, "ug/m3", "pm25", "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/6001"),
    13: Quantity(13, "pm4", "Particulate matter PM4", "Feinstaub PM4", "ug/m3", "µg/m³", -1, 5, 0, 10000, "ug/m3", "pm4", "https://qudt.org/vocab/quantitykind/MassConcentration"),
    14: Quantity(14, "pm10", "Particulate matter PM10", "Feinstaub PM10", "ug/m3", "µg/m³", -1, 5, 0, 10000, "ug/m3", "pm10", "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/5"),
    15: Quantity(15, "co2", "Carbon dioxide", "Kohlendioxid", "[ppm]", "ppm", 0, 5, 300, 40000, "ppm", "co2", "http://dd.eionet.europa.eu/vocabulary/aq/pollutant/71"),
    16: Quantity(16, "voc_raw", "Volatile organic compounds, raw signal", "Flüchtige organische Verbindungen, Rohsignal", "{tick}", "Ticks", 0, 20, 0, 65535, "/", "volatileOrganicCompoundsRaw", "https://qudt.org/vocab/quantitykind/Dimensionless"),
    17: Quantity(17, "no2_raw", "Nitrogen dioxide, raw electrode signal", "Stickstoffdioxid, Rohsignal der Elektrode", "mV", "mV", -2, 10, -100000, 500000, "mV", "no2Raw", "https://qudt.org/vocab/quantitykind/Voltage"),
    18: Quantity(18, "conductivity", "Electrical conductivity of the water", "Elektrische Leitfähigkeit des Wassers", "uS/cm", "µS/cm", 0, 5, 0, 100000, "uS/cm", "conductivity", "http://vocab.nerc.ac.uk/standard_name/sea_water_electrical_conductivity/"),
    19: Quantity(19, "rain_count", "Rain gauge tips", "Kippungen des Regenmessers", "{tip}", "Kippungen", 0, 1, 0, 50000000, "/", "rainGaugeTips", "https://qudt.org/vocab/quantitykind/Count"),
    20: Quantity(20, "wind_speed", "Wind speed", "Windgeschwindigkeit", "m/s", "m/s", -2, 10, 0, 9000, "m/s", "windSpeed", "http://vocab.nerc.ac.uk/standard_name/wind_speed/"),
    21: Quantity(21, "wind_gust", "Wind gust", "Windböe", "m/s", "m/s", -2, 10, 0, 12000, "m/s", "gustSpeed", "http://vocab.nerc.ac.uk/standard_name/wind_speed_of_gust/"),
    22: Quantity(22, "wind_direction", "Wind direction", "Windrichtung", "deg", "°", 0, 5, 0, 360, "deg", "windDirection", "http://vocab.nerc.ac.uk/standard_name/wind_from_direction/"),
    23: Quantity(23, "solar", "Global radiation", "Globalstrahlung", "W/m2", "W/m²", 0, 5, 0, 1600, "W/m2", "solarRadiation", "http://vocab.nerc.ac.uk/standard_name/surface_downwelling_shortwave_flux_in_air/"),
    24: Quantity(24, "globe_temperature", "Black globe temperature", "Globetemperatur", "Cel", "°C", -2, 10, -4500, 9000, "Cel", "globeTemperature", "https://qudt.org/vocab/quantitykind/Temperature"),
}

BY_NAME = {quantity.name: quantity for quantity in TABLE.values()}


def quantity_of(channel):
    # The quantity of a channel; None if the table does not know it.
    return TABLE.get(channel >> 1)


def name_of(channel):
    # "temperature", for a second sensor "temperature-2", for an unknown one "channel-98".
    quantity = quantity_of(channel)
    if quantity is None:
        return "channel-%d" % channel
    return quantity.name + ("-2" if channel & 1 else "")


def channel_named(name):
    # The inverse of name_of; raises KeyError for a name that is not in the table.
    if name.startswith("channel-"):
        return int(name[8:])
    if name.endswith("-2"):
        return 2 * BY_NAME[name[:-2]].number + 1
    return 2 * BY_NAME[name].number


def format_value(channel, value):
    # Base units as a decimal number in the unit, all digits, no float: 2153 -> "21.53". None -> "".
    if value is None:
        return ""
    quantity = quantity_of(channel)
    digits = -quantity.exponent if quantity else 0
    if digits <= 0:
        return str(value)
    sign, text = ("-" if value < 0 else ""), str(abs(value))
    text = "0" * (digits + 1 - len(text)) + text
    return sign + text[:-digits] + "." + text[-digits:]
