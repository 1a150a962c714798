"""SHT4x: golden vectors for chip and driver alone, then both joined over the range and in every fault."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_tools.virtual_board.chips import base
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x, crc8
from sensors import BUS, CHECKSUM, NOT_READY, SENTINEL, SILENT, SensorFault, sht4x

GOLDEN = bytes.fromhex("666693 72b0dc")  # 25.0 °C, 50.0 %


def fault_of(bench, chip, driver):
    with pytest.raises(SensorFault) as caught:
        bench.measure(driver)
    assert chip.delivered == []
    return caught.value.quality


def test_crc_of_the_data_sheet():
    assert crc8(b"\xbe\xef") == sht4x.crc8(b"\xbe\xef") == 0x92
    assert crc8(b"\x00\x00") == sht4x.crc8(b"\x00\x00") == 0x81


def test_driver_reads_the_golden_ticks():
    assert (sht4x.temperature(0x6666), sht4x.humidity(0x72B0)) == (2500, 5000)
    assert (sht4x.temperature(0), sht4x.temperature(65535)) == (-4500, 13000)
    assert (sht4x.humidity(0), sht4x.humidity(65535)) == (0, 10000)


@pytest.mark.parametrize("command", [0xFD, 0xF6, 0xE0])
def test_chip_answers_the_golden_bytes_once(bench, command):
    chip = SHT4x(lambda _: (25.0, 50.0))
    table = bench(chip)
    chip.write(bytes([command]))
    with pytest.raises(base.Nack):
        chip.read(6)  # still converting
    table.wait_ms(9)
    assert chip.read(6) == GOLDEN
    assert [values for _, values in chip.delivered] == [{"temperature": 2500, "humidity": 5000}]
    with pytest.raises(base.Nack):
        chip.read(6)  # nothing new


def test_chip_gives_its_serial_number_and_refuses_what_it_does_not_know(bench):
    chip = SHT4x(lambda _: (25.0, 50.0), serial=0xBEEF0000)
    bench(chip)
    chip.write(b"\x89")
    assert chip.read(6) == bytes.fromhex("beef92 000081")
    with pytest.raises(base.Nack):
        chip.write(b"\x12")
    with pytest.raises(base.Nack):
        chip.write(b"\xfd\x00")


def test_chip_loses_its_result_with_the_power(bench):
    chip = SHT4x(lambda _: (25.0, 50.0))
    table = bench(chip)
    chip.write(b"\xfd")
    table.wait_ms(9)
    chip.power(False)
    chip.power(True)
    with pytest.raises(base.Nack):
        chip.write(b"\xfd")  # not yet up
    table.wait_ms(1)
    with pytest.raises(base.Nack):
        chip.read(6)


@settings(deadline=None)
@given(ticks=st.integers(0, 65535))
def test_integers_agree_with_the_data_sheet_formula(ticks):
    assert abs(sht4x.temperature(ticks) - Fraction(17500 * ticks, 65535) + 4500) <= Fraction(1, 2)
    exact = min(10000, max(0, Fraction(12500 * ticks, 65535) - 600))
    assert abs(sht4x.humidity(ticks) - exact) <= Fraction(1, 2)


@settings(deadline=None)
@given(celsius=st.floats(-40, 125), percent=st.floats(0, 100))
def test_driver_delivers_what_the_chip_meant(bench, celsius, percent):
    chip = SHT4x(lambda _: (celsius, percent))
    table = bench(chip)
    values = table.measure(sht4x.SHT4x(table.i2c()))
    assert [meant for _, meant in chip.delivered] == [dict(zip(sht4x.SHT4x.MEASURES, values, strict=True))]
    assert abs(values[0] - 100 * celsius) <= 1
    assert abs(values[1] - 100 * percent) <= 1


@pytest.mark.parametrize(
    ("fault", "quality"),
    [("silent", SILENT), ("stuck", BUS), ("checksum", CHECKSUM), ("stale", NOT_READY)],
)
def test_faults_become_qualities(bench, fault, quality):
    chip = SHT4x(lambda _: (21.0, 40.0))
    table = bench(chip)
    chip.faults.add(fault)
    assert fault_of(table, chip, sht4x.SHT4x(table.i2c())) == quality
    chip.faults.clear()
    assert table.measure(sht4x.SHT4x(table.i2c()))[0] == 2100


class Corrupted(SHT4x):
    """Its command to measure arrives as another."""

    def __init__(self, command):
        super().__init__(lambda _: (21.0, 40.0))
        self.command = command

    def write(self, data):
        super().write(self.command if data == b"\xfd" else data)


@pytest.mark.parametrize("command", range(256))
def test_no_command_that_arrives_as_another_gives_a_wrong_number(bench, command):
    chip = Corrupted(bytes([command]))
    table = bench(chip)
    if command in (0xFD, 0xF6):  # high and medium precision mean the same
        assert table.measure(sht4x.SHT4x(table.i2c()))[0] == 2100
    else:
        with pytest.raises(SensorFault):
            table.measure(sht4x.SHT4x(table.i2c()))


def test_old_result_is_not_taken_for_a_new_one(bench):
    chip = SHT4x(lambda _: (21.0, 40.0))
    table = bench(chip)
    chip.write(b"\xfd")
    table.wait_ms(9)
    chip.faults.add("stale")
    assert chip.read(6) == chip.read(6)  # the chip would repeat itself for ever
    assert fault_of(table, chip, sht4x.SHT4x(table.i2c())) == NOT_READY


@pytest.mark.parametrize("truth", [(-300.0, 50.0), (200.0, 50.0), (-43.0, 50.0), (20.0, 500.0), (20.0, -9.0)])
def test_a_converter_at_its_limit_is_no_number(bench, truth):
    chip = SHT4x(lambda _: truth)
    table = bench(chip)
    with pytest.raises(SensorFault) as caught:
        table.measure(sht4x.SHT4x(table.i2c()))
    assert caught.value.quality == SENTINEL


def test_nobody_at_the_address(bench):
    table = bench(SHT4x(lambda _: (21.0, 40.0), address=0x45))
    assert table.measure(sht4x.SHT4x(table.i2c(), address=0x45)) == (2100, 4000)
    with pytest.raises(SensorFault, match=r"LP-119 SHT4x at 0x44: does not answer; check plug"):
        table.measure(sht4x.SHT4x(table.i2c()))
