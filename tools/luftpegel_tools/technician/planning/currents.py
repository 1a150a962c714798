"""Currents of boards, radios and sensors, with where each is from.

Typical values of data sheets at 25 °C. What a board draws in deep sleep depends on its regulator and on what
else is on it, and makers rarely say: those are rounded up, and marked as estimates. Measure one, and give it
with `--sleep-ua`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BoardDraw:
    """mA awake, µA asleep, and the source."""

    awake_ma: float
    sleep_ua: float
    source: str


@dataclass(frozen=True, slots=True)
class RadioDraw:
    """mA at the power that the region allows (14 dBm at the chip in EU868), mA listening, µA asleep."""

    send_ma: float
    listen_ma: float
    sleep_ua: float
    source: str


@dataclass(frozen=True, slots=True)
class SensorDraw:
    """mA while its rail is on, from the battery; seconds that a measurement takes behind the warm-up."""

    on_ma: float
    measure_s: float
    source: str


_S3 = "ESP32-S3 data sheet, table Current Consumption"
_ESP32 = "ESP32 data sheet, table Power Consumption by Power Modes"
BOARDS = {
    "generic": BoardDraw(45, 100, f"{_S3}; asleep: estimate"),
    "heltec_v3": BoardDraw(45, 30, f"{_S3}; asleep: Heltec says 10, estimate"),
    "lilygo_t3_s3": BoardDraw(45, 150, f"{_S3}; asleep: estimate"),
    "tbeam_sx1262": BoardDraw(50, 300, f"{_ESP32}; asleep: estimate, with the power manager"),
    "ttgo_lora32": BoardDraw(50, 300, f"{_ESP32}; asleep: estimate"),
    "xiao_s3_wio_sx1262": BoardDraw(45, 30, f"{_S3}; asleep: Seeed says 14, estimate"),
}
RADIOS = {
    "sx1262": RadioDraw(
        90, 5.3, 1.2, "SX1261/2 data sheet, tables 3-5 and 3-6; +14 dBm of the large amplifier"
    ),
    "sx1276": RadioDraw(44, 11.5, 0.2, "SX1276 data sheet, table 6; between +13 (29 mA) and +17 dBm (87 mA)"),
    "wio_e5": RadioDraw(50, 6.7, 2.1, "Wio-E5 data sheet, electrical characteristics"),
    "rak3172": RadioDraw(45, 5.2, 1.7, "RAK3172 data sheet, electrical characteristics; sending: estimate"),
}
SENSORS = {
    "sht4x": SensorDraw(0.4, 0.04, "SHT4x data sheet, table 4"),
    "bme280": SensorDraw(0.7, 0.13, "BME280 data sheet, table 1"),
    "sps30": SensorDraw(
        90, 1.0, "SPS30 data sheet, table 2: 55 mA at 5 V, over a converter of 85 % from 3.7 V"
    ),
    "a02yyuw": SensorDraw(15, 0.6, "DFRobot SEN0311: 8 mA; rounded up for peaks"),
    "ds18b20": SensorDraw(1.5, 0.8, "DS18B20 data sheet, DC characteristics"),
}
WAKE_S = 1.5  # from deep sleep to the first sensor, and writing the journal: estimate
LIGHT_SLEEP_MA = 1.0  # ESP32 and ESP32-S3 data sheets: 0.8 and 0.24 mA, with what stays on
