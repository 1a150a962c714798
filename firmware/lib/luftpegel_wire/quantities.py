# Made from spec/channels.toml by `make generate`; change it there.
#
# What a station must know of quantities. A channel is one sensor's quantity: 2 * number + index (0 or 1).

# name: (number, usual step in base units)
QUANTITIES = {
    "temperature": (1, 10),
    "humidity": (2, 50),
    "pressure": (3, 10),
    "distance": (4, 10),
    "level": (5, 10),
    "water_temperature": (6, 10),
    "battery": (7, 20),
    "enclosure_temperature": (8, 10),
    "solar_voltage": (9, 50),
    "signal": (10, 1),
    "pm1": (11, 5),
    "pm25": (12, 5),
    "pm4": (13, 5),
    "pm10": (14, 5),
    "co2": (15, 5),
    "voc_raw": (16, 20),
    "no2_raw": (17, 10),
    "conductivity": (18, 5),
    "rain_count": (19, 1),
    "wind_speed": (20, 10),
    "wind_gust": (21, 10),
    "wind_direction": (22, 5),
    "solar": (23, 5),
    "globe_temperature": (24, 10),
}


def channel_of(name, index=0):
    return 2 * QUANTITIES[name][0] + index


def default_step(channel):
    # The usual step of a channel; None if the table does not know it.
    for number, step in QUANTITIES.values():
        if number == channel >> 1:
            return step
    return None
