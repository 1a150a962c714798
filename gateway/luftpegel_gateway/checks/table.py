# Made from spec/channels.toml by `make generate`; change it there.
"""What the checks hold values against, by the name of the quantity; explained at the head of the table."""

# ruff: noqa: E501 - a row is a row

from typing import NamedTuple


class Row(NamedTuple):
    """Limits of one quantity: base units and seconds; None: not checked."""

    number: int
    step: int
    low: int
    high: int
    rate: int | None
    jump: int | None
    spike: int | None
    noise: int
    flat: int | None
    flat_within: int
    calm: tuple[int, int] | None
    calm_flat: int | None
    weak: int | None
    weak_after: int | None
    freezing: int | None
    humid: int | None
    neighbour: int | None


REACH_S = 5400
DEW_POINT = 3500
DEW_POINT_ABOVE = 300

# (less, more, percent, base units)
PARTS = (
    ("pm1", "pm25", 10, 10),
    ("pm25", "pm4", 10, 10),
    ("pm4", "pm10", 10, 10),
    ("pm25", "pm10", 10, 10),
    ("pm1", "pm10", 10, 10),
    ("wind_speed", "wind_gust", 0, 50),
)

TABLE = {
    "temperature": Row(1, 10, -4500, 6000, 500, 1500, 500, 300, 86400, 10, None, None, 50, 172800, None, None, 600),
    "humidity": Row(2, 50, 0, 10000, 3000, 6000, 1000, 300, 86400, 50, (9800, 10000), 1209600, 200, 172800, None, None, 4000),
    "pressure": Row(3, 10, 50000, 110000, 500, 1000, 150, 0, 43200, 10, None, None, 50, 172800, None, None, None),
    "distance": Row(4, 10, 30, 100000, 2000, 3000, 110, 90, 864000, 10, None, None, None, None, None, None, None),
    "level": Row(5, 10, -10000, 100000, 2000, 3000, 60, 90, 864000, 10, None, None, None, None, None, None, None),
    "water_temperature": Row(6, 10, -200, 4500, 200, 500, 50, 300, 172800, 10, (-50, 50), None, 50, 432000, -30, None, 600),
    "battery": Row(7, 20, 2500, 15000, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "enclosure_temperature": Row(8, 10, -4500, 9000, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "solar_voltage": Row(9, 50, 0, 30000, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "signal": Row(10, 1, -150, 10, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "pm1": Row(11, 5, 0, 10000, None, None, 500, 0, 86400, 5, (0, 20), 604800, None, None, None, 9000, 1000),
    "pm25": Row(12, 5, 0, 10000, None, None, 500, 0, 86400, 5, (0, 20), 604800, None, None, None, 9000, 1000),
    "pm4": Row(13, 5, 0, 10000, None, None, 800, 0, 86400, 5, (0, 20), 604800, None, None, None, 9000, 1500),
    "pm10": Row(14, 5, 0, 10000, None, None, 1000, 0, 86400, 5, (0, 20), 604800, None, None, None, 9000, 2000),
    "co2": Row(15, 5, 300, 40000, None, None, 300, 0, 86400, 5, None, None, 10, 259200, None, None, 400),
    "voc_raw": Row(16, 20, 0, 65535, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "no2_raw": Row(17, 10, -100000, 500000, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "conductivity": Row(18, 5, 0, 100000, 500, 2000, 120, 300, 432000, 5, None, None, None, None, None, None, None),
    "rain_count": Row(19, 1, 0, 50000000, None, None, None, 0, None, 0, None, None, None, None, None, None, None),
    "wind_speed": Row(20, 10, 0, 9000, None, None, None, 0, 259200, 10, None, None, None, None, None, None, 1500),
    "wind_gust": Row(21, 10, 0, 12000, None, None, None, 0, 259200, 10, None, None, None, None, None, None, None),
    "wind_direction": Row(22, 5, 0, 360, None, None, None, 0, 259200, 5, None, None, None, None, None, None, None),
    "solar": Row(23, 5, 0, 1600, None, None, None, 0, 86400, 5, (0, 20), None, None, None, None, None, None),
    "globe_temperature": Row(24, 10, -4500, 9000, 1000, 2500, 800, 300, 86400, 10, None, None, 50, 172800, None, None, 1500),
}
