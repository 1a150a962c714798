# Seeed XIAO ESP32-S3 with the Wio-SX1262 board: what is wired where. Data only; pin numbers are GPIO numbers.
# Source: Seeed's pin maps of both; D8 to D10 carry the radio's SPI. No UART is left for a modem.

# The board has no switched supply: a P-channel MOSFET at this pin (D0) has to feed the sensors; low is on.
RAIL = {"pin": 1, "on": 0, "settle_ms": 20}

I2C = {"id": 0, "scl": 6, "sda": 5, "freq": 100000}
ONEWIRE = 2
UARTS = {
    "a": {"id": 1, "tx": 43, "rx": 44},
    "b": {"id": 1, "tx": 3, "rx": 4},
}
LORA = {
    "chip": "sx1262",
    "spi": {"id": 1, "sck": 7, "mosi": 9, "miso": 8},
    # DIO2 switches the antenna to the transmitter, a pin of its own to the receiver.
    "pins": {"cs": 41, "reset": 42, "busy": 40, "dio1": 39, "rx_enable": 38},
    "options": {"tcxo_mv": 1800, "dio2_switch": True},
}

# The board cannot measure its battery.
HEALTH = ("enclosure_temperature",)
LED = {"pin": 48, "on": 1}

JOURNAL_BYTES = 256 * 1024
