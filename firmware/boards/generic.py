# An ESP32-S3 board with an SX1262 module wired to it: copy this file and change what differs. Data only; pin
# numbers are GPIO numbers. As it stands: ESP32-S3-DevKitC-1 and E22-900M22S, with its DIO2 wired to its TXEN.

# A P-channel MOSFET that feeds the sensors; low is on.
RAIL = {"pin": 16, "on": 0, "settle_ms": 20}

I2C = {"id": 0, "scl": 18, "sda": 17, "freq": 100000}
ONEWIRE = 4
UARTS = {
    "a": {"id": 1, "tx": 6, "rx": 7},
    "b": {"id": 1, "tx": 41, "rx": 42},
}
MODEM = {"id": 2, "tx": 39, "rx": 40, "reset": 38}
LORA = {
    "chip": "sx1262",
    "spi": {"id": 1, "sck": 12, "mosi": 11, "miso": 13},
    "pins": {"cs": 10, "reset": 9, "busy": 14, "dio1": 21, "rx_enable": 47},
    # tcxo_mv: 0 for a module with a crystal.
    "options": {"tcxo_mv": 1800, "dio2_switch": True},
}

# Battery over a divider of 390 kOhm and 100 kOhm, connected only while "enable" is low.
BATTERY = {
    "adc": 1,
    "enable": 2,
    "on": 0,
    "attenuation": "ATTN_0DB",
    "times_milli": 4900,
    "settle_ms": 20,
    "limits_mv": (2500, 4500),
    "low_mv": 3100,
}
# What the board can tell of itself.
HEALTH = ("battery", "enclosure_temperature")
LED = {"pin": 5, "on": 1}

JOURNAL_BYTES = 256 * 1024
