"""BME280: golden vectors, compensation against an independent double formula, modes, and every fault."""

import struct

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from luftpegel_tools.virtual_board.chips import base
from luftpegel_tools.virtual_board.chips.bme280 import (
    BME280,
    EXAMPLE_TRIM_88,
    EXAMPLE_TRIM_E1,
    Trim,
    humidity,
    join,
    meaning,
)
from sensors import BUS, CHECKSUM, CONFIG, NOT_READY, SENTINEL, SILENT, SensorFault, bme280

GOLDEN = bytes.fromhex("655AC07EED007530")
GOLDEN_DOUBLE = (25.0825, 55.0007, 100653.258)
MILD = (21.5, 45.0, 101325.0)


def double_formula(raw, trim):
    """Section 8.1 in doubles, line by line; -> (°C, %RH, Pa)."""
    (t1, t2, t3), (p1, p2, p3, p4, p5, p6, p7, p8, p9), (h1, h2, h3, h4, h5, h6) = trim
    adc_p, adc_t = int.from_bytes(raw[0:3], "big") / 16, int.from_bytes(raw[3:6], "big") / 16
    adc_h = raw[6] * 256 + raw[7]
    adc_p, adc_t = float(int(adc_p)), float(int(adc_t))
    var1 = (adc_t / 16384.0 - t1 / 1024.0) * t2
    var2 = (adc_t / 131072.0 - t1 / 8192.0) ** 2 * t3
    t_fine = int(var1 + var2)
    celsius = (var1 + var2) / 5120.0
    var1 = t_fine / 2.0 - 64000.0
    var2 = var1 * var1 * p6 / 32768.0
    var2 = var2 + var1 * p5 * 2.0
    var2 = var2 / 4.0 + p4 * 65536.0
    var1 = (p3 * var1 * var1 / 524288.0 + p2 * var1) / 524288.0
    var1 = (1.0 + var1 / 32768.0) * p1
    pascal = 1048576.0 - adc_p
    pascal = (pascal - var2 / 4096.0) * 6250.0 / var1
    var1 = p9 * pascal * pascal / 2147483648.0
    var2 = pascal * p8 / 32768.0
    pascal = pascal + (var1 + var2 + p7) / 16.0
    var_h = t_fine - 76800.0
    var_h = (adc_h - (h4 * 64.0 + h5 / 16384.0 * var_h)) * (
        h2 / 65536.0 * (1.0 + h6 / 67108864.0 * var_h * (1.0 + h3 / 67108864.0 * var_h))
    )
    percent = var_h * (1.0 - h1 * var_h / 524288.0)
    return celsius, min(100.0, max(0.0, percent)), pascal


def spread(centre, by):
    return st.integers(centre - by, centre + by)


# Trimming varies from chip to chip around typical values; the last two of P and all of H vary widely.
TRIM_88 = st.tuples(
    *(
        spread(27504, 1500),
        spread(26435, 1500),
        spread(-1000, 1100),
        spread(36477, 1500),
        spread(-10685, 500),
    ),
    *(spread(3024, 300), spread(2855, 2855), spread(140, 300), spread(-7, 100), spread(15500, 6000)),
    *(spread(-14600, 3000), spread(6000, 3000)),
    st.integers(0, 255),  # H1
).map(lambda words: struct.pack("<HhhHhhhhhhhhxB", *words))
TRIM_E1 = st.tuples(
    spread(362, 40), st.integers(0, 255), spread(313, 60), spread(50, 60), spread(30, 60)
).map(lambda h: pack_humidity_trim(*h))


def pack_humidity_trim(h2, h3, h4, h5, h6):
    e5 = (h5 & 0x0F) << 4 | h4 & 0x0F
    return struct.pack("<hBbBbb", h2, h3, h4 >> 4, e5, h5 >> 4, h6)


def test_driver_compensates_the_golden_bytes():
    trim = bme280.calibration(EXAMPLE_TRIM_88, EXAMPLE_TRIM_E1)
    assert bme280.compensate(GOLDEN, trim) == (2508, 5500, 100653)
    assert double_formula(GOLDEN, trim) == pytest.approx(GOLDEN_DOUBLE, abs=1e-3)


def test_chip_unpacks_and_means_the_golden_bytes():
    trim = Trim.unpack(EXAMPLE_TRIM_88, EXAMPLE_TRIM_E1)
    assert trim.h == (75, 362, 0, 313, 50, 30)
    assert meaning(GOLDEN, trim) == {"temperature": 2508, "humidity": 5500, "pressure": 100653}


def test_chip_finds_the_golden_bytes_for_the_golden_truth(bench):
    chip = BME280(lambda _: GOLDEN_DOUBLE)
    table = bench(chip)
    chip.write(bytes([0xF2, 0x05, 0xF4, 0b101_101_01]))  # 16 samples each, forced
    chip.write(b"\xf3")
    assert chip.read(1)[0] & 0x08
    table.wait_ms(120)
    chip.write(b"\xf7")
    raw = chip.read(8)
    assert abs(int.from_bytes(raw[0:3], "big") - int.from_bytes(GOLDEN[0:3], "big")) <= 16
    assert abs(int.from_bytes(raw[3:6], "big") - int.from_bytes(GOLDEN[3:6], "big")) <= 16
    assert abs(int.from_bytes(raw[6:8], "big") - int.from_bytes(GOLDEN[6:8], "big")) <= 1
    chip.write(b"\xf4")
    assert chip.read(1)[0] & 3 == 0  # asleep again


@settings(deadline=None)
@given(trim_88=TRIM_88, trim_e1=TRIM_E1)
def test_both_unpack_the_same_trimming(trim_88, trim_e1):
    assert Trim.unpack(trim_88, trim_e1) == bme280.calibration(trim_88, trim_e1)


@settings(deadline=None, max_examples=200)
@given(
    trim_88=TRIM_88,
    trim_e1=TRIM_E1,
    adc_p=st.integers(150_000, 700_000),
    adc_t=st.integers(380_000, 680_000),
    adc_h=st.integers(15_000, 50_000),
)
def test_integers_agree_with_the_double_formula_for_any_trimming(trim_88, trim_e1, adc_p, adc_t, adc_h):
    trim = bme280.calibration(trim_88, trim_e1)
    raw = join(adc_p, adc_t, adc_h)
    celsius, percent, pascal = double_formula(raw, trim)
    assume(20_000 < pascal < 130_000)
    values = bme280.compensate(raw, trim)
    assert values[0] == pytest.approx(100 * celsius, abs=0.501)
    assert values[1] == pytest.approx(100 * percent, abs=0.501)
    assert values[2] == pytest.approx(pascal, abs=0.501)


@given(truth=st.tuples(st.floats(-39.9, 84.9), st.floats(1, 99), st.floats(80_000, 108_000)), trim_e1=TRIM_E1)
@settings(deadline=None, max_examples=50)
def test_driver_delivers_what_the_chip_meant(bench, truth, trim_e1):
    chip = BME280(lambda _: truth, trim_e1=trim_e1)
    table = bench(chip)
    values = table.measure(bme280.BME280(table.i2c()))
    assert [meant for _, meant in chip.delivered] == [dict(zip(bme280.BME280.MEASURES, values, strict=True))]
    assert abs(values[0] - 100 * truth[0]) <= 1
    assert abs(values[1] - 100 * min(truth[1], wettest(chip, truth[0]))) <= 2
    assert abs(values[2] - truth[2]) <= 2


def wettest(chip, celsius):
    """Where the 16-bit converter of a chip with this trimming ends, in %RH."""
    return humidity(65535.0, float(int(celsius * 5120)), chip.trim)


def test_second_measurement_needs_no_second_calibration(bench):
    chip = BME280(lambda _: MILD)
    table = bench(chip)
    driver = bme280.BME280(table.i2c())
    assert table.measure(driver) == table.measure(driver) == (2150, 4500, 101325)
    assert len(chip.delivered) == 2


def test_normal_mode_renews_its_data(bench):
    chip = BME280(lambda now_us: (now_us / 1e6, 45.0, 101325.0))
    table = bench(chip)
    chip.write(bytes([0xF5, 0b101_000_00, 0xF2, 0x01, 0xF4, 0b001_001_11]))  # every second
    table.wait_ms(5000)
    chip.write(b"\xf7")
    chip.read(8)
    table.wait_ms(5000)
    chip.write(b"\xf7")
    chip.read(8)
    first, second = (values["temperature"] for _, values in chip.delivered)
    assert 450 <= second - first <= 550


def test_skipped_quantities_show_their_reset_value(bench):
    chip = BME280(lambda _: MILD)
    table = bench(chip)
    chip.write(bytes([0xF4, 0b001_000_01]))  # temperature only
    table.wait_ms(20)
    chip.write(b"\xf7")
    raw = chip.read(8)
    assert raw[:3] == b"\x80\x00\x00"
    assert raw[3:6] != b"\x80\x00\x00"
    assert raw[6:] == b"\x80\x00"
    assert chip.delivered == []


@pytest.mark.parametrize(
    ("fault", "quality"),
    [("silent", SILENT), ("stuck", BUS), ("checksum", CHECKSUM), ("stale", NOT_READY)],
)
def test_faults_become_qualities(bench, fault, quality):
    chip = BME280(lambda _: MILD)
    table = bench(chip)
    chip.faults.add(fault)
    with pytest.raises(SensorFault) as caught:
        table.measure(bme280.BME280(table.i2c()))
    assert caught.value.quality == quality
    assert chip.delivered == []
    chip.faults.clear()
    assert table.measure(bme280.BME280(table.i2c()))[2] == 101325


class Corrupted(BME280):
    """The nth write to it arrives with another last byte."""

    def __init__(self, sample, nth, byte):
        super().__init__(sample)
        self.nth, self.byte = nth, byte

    def write(self, data):
        if len(data) > 1:
            self.nth -= 1
            if not self.nth:
                data = data[:-1] + bytes([self.byte])
        super().write(data)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_no_setting_that_arrives_as_another_gives_a_wrong_number(bench, nth):
    sound = bench(BME280(lambda _: MILD))
    right = sound.measure(bme280.BME280(sound.i2c()))
    refused = 0
    for byte in range(256):
        table = bench(Corrupted(lambda _: MILD, nth, byte))
        try:
            values = table.measure(bme280.BME280(table.i2c()))
        except SensorFault:
            refused += 1
        else:
            assert values == right
    assert refused > 100 or nth == 1  # a reset that never came leaves a fresh chip fresh


def test_data_frozen_after_a_measurement_are_not_new(bench):
    chip = BME280(lambda _: MILD)
    table = bench(chip)
    driver = bme280.BME280(table.i2c())
    table.measure(driver)
    chip.faults.add("stale")
    with pytest.raises(SensorFault, match="keeps old data") as caught:
        table.measure(driver)
    assert caught.value.quality == NOT_READY


def test_chip_without_power_does_not_answer(bench):
    chip = BME280(lambda _: MILD)
    bench(chip)
    chip.power(False)
    with pytest.raises(base.Nack):
        chip.write(b"\xd0")


@pytest.mark.parametrize(
    ("chip_id", "says"), [(0x58, "is a BMP280, which has no humidity"), (0x61, "chip id 0x61")]
)
def test_another_chip_at_the_address_is_a_mistake_of_the_configuration(bench, monkeypatch, chip_id, says):
    monkeypatch.setattr("luftpegel_tools.virtual_board.chips.bme280.CHIP_ID", chip_id)
    table = bench(BME280(lambda _: MILD))
    with pytest.raises(SensorFault, match=says) as caught:
        table.measure(bme280.BME280(table.i2c()))
    assert caught.value.quality == CONFIG


@pytest.mark.parametrize("trim_88", [bytes(26), b"\xff" * 26])
def test_a_chip_without_calibration_gives_no_number(bench, trim_88):
    table = bench(BME280(lambda _: MILD, trim_88=EXAMPLE_TRIM_88))
    table.chips[0]._trim_88 = trim_88
    with pytest.raises(SensorFault, match="no calibration") as caught:
        table.measure(bme280.BME280(table.i2c()))
    assert caught.value.quality == SENTINEL


@pytest.mark.parametrize("truth", [(90.0, 45.0, 101325.0), (-60.0, 45.0, 101325.0), (20.0, 45.0, 20000.0)])
def test_values_outside_the_range_are_no_numbers(bench, truth):
    table = bench(BME280(lambda _: truth))
    with pytest.raises(SensorFault) as caught:
        table.measure(bme280.BME280(table.i2c()))
    assert caught.value.quality == SENTINEL
