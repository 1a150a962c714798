# Heltec WiFi LoRa 32 V3 (ESP32-S3): what is wired where. Data only; pin numbers are GPIO numbers.
# Source: Heltec's schematic HTIT-WB32LA V3 and pin map; the sensor and modem pins lie on the headers.
# LORA: lora_radio/board_phy.py tells its keys.

# Sensor rail: Vext feeds every sensor (350 mA at most); low is on, a resistor keeps it off in deep sleep.
RAIL = {"pin": 36, "on": 0, "settle_ms": 20}

I2C = {"id": 0, "scl": 42, "sda": 41, "freq": 100000}
ONEWIRE = 4
# Two sensor sockets share one UART: its pins are moved from one to the other.
UARTS = {
    "a": {"id": 1, "tx": 47, "rx": 48},
    "b": {"id": 1, "tx": 5, "rx": 6},
}
# Not 45 and 46: they are strapping pins, and a modem that pulls them at reset keeps the board from starting.
MODEM = {"id": 2, "tx": 40, "rx": 39, "reset": 7}

LORA = {
    "chip": "sx1262",
    "spi": {"id": 1, "sck": 9, "mosi": 10, "miso": 11},
    "pins": {"cs": 8, "reset": 12, "busy": 13, "dio1": 14},
    "options": {"tcxo_mv": 1800, "dio2_switch": True},
}

# As printed on the board, the oldest first.
REVISIONS = ("3.1", "3.2")

# Battery over a divider of 390 kOhm and 100 kOhm, connected while "enable" is low, from revision 3.2
# on while it is high. It takes some milliseconds to settle. limits_mv: what such a cell can have; low_mv:
# with less the station sleeps.
BATTERY = {
    "adc": 1,
    "enable": 37,
    "revisions": {"3.1": 0, "3.2": 1},
    "attenuation": "ATTN_0DB",
    "times_milli": 4900,
    "settle_ms": 20,
    "limits_mv": (2500, 4500),
    "low_mv": 3100,
}
# What the board can tell of itself.
HEALTH = ("battery", "enclosure_temperature")
LED = {"pin": 35, "on": 1}

# Flash for the journal of readings: weeks at ten minutes.
JOURNAL_BYTES = 256 * 1024
