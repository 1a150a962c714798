# LilyGO T-Beam V1.0 to V1.2 with SX1262 (ESP32): what is wired where. Data only; pin numbers are GPIO
# numbers. Source: LilyGO's schematics; the sensor pins lie on the headers. No UART is left for a modem.

# The board has no switched supply of its own for sensors: a P-channel MOSFET at this pin has to feed them.
RAIL = {"pin": 14, "on": 0, "settle_ms": 20}

# The power manager hangs on this bus, too.
I2C = {"id": 0, "scl": 22, "sda": 21, "freq": 100000}
ONEWIRE = 13
UARTS = {
    "a": {"id": 1, "tx": 15, "rx": 36},
    "b": {"id": 1, "tx": 25, "rx": 39},
}
LORA = {
    "chip": "sx1262",
    "spi": {"id": 1, "sck": 5, "mosi": 27, "miso": 19},
    "pins": {"cs": 18, "reset": 23, "busy": 32, "dio1": 33},
    "options": {"tcxo_mv": 1800, "dio2_switch": True},
    # AXP192 up to V1.1, AXP2101 from V1.2 on.
    "pmu": {"i2c": {"id": 0, "scl": 22, "sda": 21}, "rails": {"axp192": "ldo2", "axp2101": "aldo2"}},
}

# Only the power manager measures the battery, and the plain ESP32 has no thermometer.
HEALTH = ()
LED = {"pin": 4, "on": 0}

JOURNAL_BYTES = 256 * 1024
