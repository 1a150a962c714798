# TTGO LoRa32 V2.1 (T3 V1.6, ESP32) with SX1276: what is wired where. Data only; pin numbers are GPIO numbers.
# Source: LilyGO's schematic; the sensor pins lie on the headers, some of them at the SD card's socket, which
# stays empty. No UART is left for a modem.

# The board has no switched supply: a P-channel MOSFET at this pin has to feed the sensors; low is on.
RAIL = {"pin": 14, "on": 0, "settle_ms": 20}

I2C = {"id": 0, "scl": 22, "sda": 21, "freq": 100000}
ONEWIRE = 4
UARTS = {
    "a": {"id": 1, "tx": 13, "rx": 34},
    "b": {"id": 1, "tx": 15, "rx": 36},
}
LORA = {
    "chip": "sx1276",
    "spi": {"id": 1, "sck": 5, "mosi": 27, "miso": 19},
    "pins": {"cs": 18, "reset": 23, "dio0": 26, "dio1": 33},
    "options": {},
}

# Battery over a divider of two times 100 kOhm, always connected.
BATTERY = {
    "adc": 35,
    "attenuation": "ATTN_11DB",
    "times_milli": 2000,
    "settle_ms": 1,
    "limits_mv": (2500, 4500),
    "low_mv": 3100,
}
# The plain ESP32 has no thermometer.
HEALTH = ("battery",)
LED = {"pin": 25, "on": 1}

JOURNAL_BYTES = 256 * 1024
