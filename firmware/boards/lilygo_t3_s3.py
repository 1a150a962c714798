# LilyGO T3-S3 with SX1262 (ESP32-S3): what is wired where. Data only; pin numbers are GPIO numbers.
# Source: LilyGO's pin map, MicroPython's board LILYGO_T3_S3; the sensor and modem pins lie on the headers.

# The board has no switched supply: a P-channel MOSFET at this pin has to feed the sensors; low is on.
RAIL = {"pin": 38, "on": 0, "settle_ms": 20}

I2C = {"id": 0, "scl": 17, "sda": 18, "freq": 100000}
ONEWIRE = 39
UARTS = {
    "a": {"id": 1, "tx": 43, "rx": 44},
    "b": {"id": 1, "tx": 41, "rx": 42},
}
MODEM = {"id": 2, "tx": 47, "rx": 48, "reset": 40}
LORA = {
    "chip": "sx1262",
    "spi": {"id": 1, "sck": 5, "mosi": 6, "miso": 3},
    "pins": {"cs": 7, "reset": 8, "busy": 34, "dio1": 33},
    "options": {"tcxo_mv": 1800, "dio2_switch": True},
}

# Battery over a divider of two times 100 kOhm, always connected.
BATTERY = {
    "adc": 1,
    "attenuation": "ATTN_11DB",
    "times_milli": 2000,
    "settle_ms": 1,
    "limits_mv": (2500, 4500),
    "low_mv": 3100,
}
# What the board can tell of itself.
HEALTH = ("battery", "enclosure_temperature")
LED = {"pin": 37, "on": 1}

JOURNAL_BYTES = 256 * 1024
