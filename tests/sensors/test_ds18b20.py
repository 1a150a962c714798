"""DS18B20: golden scratchpads, the ROM search, resolutions, and every fault through the driver."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_tools.virtual_board.chips.ds18b20 import DS18B20, crc8
from sensors import BUS, CHECKSUM, CONFIG, NOT_READY, SENTINEL, SILENT, SensorFault, ds18b20

POWER_ON = bytes.fromhex("50054B467FFF0C101C")
GOLDEN_ROM = bytes.fromhex("021CB801000000A2")


def read_scratchpad(table):
    wire = ds18b20.OneWire(table.onewire())
    assert wire.reset()
    wire.write(b"\xcc\xbe")
    data = bytearray(9)
    wire.readinto(data)
    return bytes(data)


def convert(table):
    wire = ds18b20.OneWire(table.onewire())
    wire.reset()
    wire.write(b"\xcc\x44")
    table.wait_ms(750)


def fault_of(table, driver):
    with pytest.raises(SensorFault) as caught:
        table.measure(driver)
    return caught.value.quality


def test_crc_of_the_application_note():
    assert crc8(GOLDEN_ROM[:7]) == ds18b20.crc8(GOLDEN_ROM[:7]) == 0xA2
    assert ds18b20.crc8(GOLDEN_ROM) == 0


@pytest.mark.parametrize(
    ("celsius", "begins", "value"),
    [(25.0625, "9101", 2506), (-10.125, "5eff", -1012), (125.0, "d007", 12500), (0.5, "0800", 50)],
)
def test_golden_temperatures_of_the_data_sheet(bench, celsius, begins, value):
    table = bench(DS18B20(lambda _: celsius))
    convert(table)
    data = read_scratchpad(table)
    assert data[:2].hex() == begins
    assert crc8(data) == 0
    assert ds18b20.temperature(ds18b20.raw_temperature(data)) == value


@pytest.mark.parametrize(("begins", "crc"), [("91014b467fff0c10", "70"), ("5eff4b467fff0c10", "6a")])
def test_golden_crcs_of_whole_scratchpads(bench, begins, crc):
    raw = int.from_bytes(bytes.fromhex(begins)[:2], "little", signed=True)
    table = bench(DS18B20(lambda _: raw / 16))
    convert(table)
    assert read_scratchpad(table).hex() == begins + crc


def test_power_on_scratchpad_is_golden(bench):
    assert read_scratchpad(bench(DS18B20(lambda _: 20.0))) == POWER_ON


def test_chip_counts_busy_in_read_slots(bench):
    table = bench(DS18B20(lambda _: 20.0))
    wire = ds18b20.OneWire(table.onewire())
    wire.reset()
    wire.write(b"\xcc\x44")
    assert wire.readbit() == 0
    table.wait_ms(740)
    assert wire.readbit() == 0
    table.wait_ms(10)
    assert wire.readbit() == 1


@settings(deadline=None)
@given(celsius=st.floats(-55, 125).filter(lambda c: round(c * 16) != 85 * 16))
def test_driver_delivers_what_the_chip_meant(bench, celsius):
    chip = DS18B20(lambda _: celsius)
    table = bench(chip)
    (value,) = table.measure(ds18b20.DS18B20(table.onewire()))
    assert [meant for _, meant in chip.delivered] == [{"water_temperature": value}]
    assert abs(Fraction(value, 100) - Fraction(celsius)) <= Fraction(1, 32) + Fraction(1, 200)


@pytest.mark.parametrize(("config", "ms", "value"), [(0x1F, 94, 2050), (0x3F, 188, 2075), (0x5F, 375, 2088)])
def test_lower_resolutions(bench, config, ms, value):
    table = bench(DS18B20(lambda _: 20.9375))
    wire = ds18b20.OneWire(table.onewire())
    wire.reset()
    wire.write(bytes([0xCC, 0x4E, 0x4B, 0x46, config]))
    begun = table.clock.now_us
    assert table.measure(ds18b20.DS18B20(table.onewire())) == (value,)
    assert (table.clock.now_us - begun) / 1000 == pytest.approx(ms, abs=90)


def test_undefined_bits_of_a_lower_resolution_do_not_count():
    data = bytearray(POWER_ON)
    data[0], data[4] = 0x97, 0x1F
    assert ds18b20.raw_temperature(data) == 0x590


def test_several_on_one_pin_each_by_its_number(bench):
    serials = [0x0000_01B8_1C02, 0x0000_01B8_1C03, 0x8000_0000_0000, 0x7FFF_FFFF_FFFF]
    chips = [DS18B20(lambda _, n=n: 10.0 + n, serial=serial) for n, serial in enumerate(serials)]
    table = bench(*chips)
    for n, chip in enumerate(chips):
        driver = ds18b20.DS18B20(table.onewire(), rom=chip.rom.hex(), quantity="globe_temperature")
        assert driver.MEASURES == ("globe_temperature",)
        assert table.measure(driver) == (1000 + 100 * n,)
    assert {rom.hex() for rom in ds18b20.OneWire(chips).scan()} == {chip.rom.hex() for chip in chips}
    assert table.measure(ds18b20.DS18B20(table.onewire()))[0] in (1000, 1100, 1200, 1300)


def test_a_missing_number_is_silent_though_others_answer(bench):
    table = bench(DS18B20(lambda _: 20.0, serial=1))
    absent = DS18B20(lambda _: 20.0, serial=2)
    with pytest.raises(SensorFault) as caught:
        table.measure(ds18b20.DS18B20(table.onewire(), rom=absent.rom.hex()))
    assert caught.value.quality == SILENT


@pytest.mark.parametrize(
    ("fault", "quality"),
    [
        ("silent", SILENT),
        ("stuck", BUS),
        ("checksum", CHECKSUM),
        ("stale", NOT_READY),
        ("power_on", SENTINEL),
    ],
)
def test_faults_become_qualities(bench, fault, quality):
    chip = DS18B20(lambda _: 20.0)
    table = bench(chip)
    chip.faults.add(fault)
    assert fault_of(table, ds18b20.DS18B20(table.onewire())) == quality
    assert chip.delivered == []
    chip.faults.clear()
    assert table.measure(ds18b20.DS18B20(table.onewire())) == (2000,)


@pytest.mark.parametrize("power_on_raw", [0x0550, 0x0190, 0x0191])
def test_a_dip_of_the_supply_in_a_conversion_is_told_also_by_clones_with_another_power_on_value(
    bench, power_on_raw
):
    chip = DS18B20(lambda _: 20.0, power_on_raw=power_on_raw)
    table = bench(chip)
    chip.faults.add("power_on")
    for _ in range(3):
        assert fault_of(table, ds18b20.DS18B20(table.onewire())) == SENTINEL
    chip.faults.clear()
    driver = ds18b20.DS18B20(table.onewire())
    assert [table.measure(driver) for _ in range(3)] == [(2000,)] * 3


def test_a_clone_that_measures_its_power_on_value_is_believed(bench):
    table = bench(DS18B20(lambda _: 25.0, power_on_raw=0x0190))
    assert table.measure(ds18b20.DS18B20(table.onewire())) == (2500,)


def test_a_true_85_degrees_is_not_believed_either(bench):
    table = bench(DS18B20(lambda _: 85.0))
    assert fault_of(table, ds18b20.DS18B20(table.onewire())) == SENTINEL


def test_a_line_that_is_shorted_while_it_measures_gives_no_zero(bench):
    chip = DS18B20(lambda _: chip.faults.add("stuck") or 20.0)
    table = bench(chip)
    assert fault_of(table, ds18b20.DS18B20(table.onewire())) in (BUS, NOT_READY)


@pytest.mark.parametrize("text", ["28", "zz" * 8, "10" + "00" * 7, "28021cb801000000"])
def test_a_wrong_number_in_the_configuration_is_refused(text):
    with pytest.raises(SensorFault, match="is no DS18B20 number") as caught:
        ds18b20.DS18B20([], rom=text)
    assert caught.value.quality == CONFIG


def test_another_family_alone_on_the_line_is_not_taken(bench):
    chip = DS18B20(lambda _: 20.0)
    head = b"\x10" + chip.rom[1:7]
    chip.rom = head + bytes([crc8(head)])
    table = bench(chip)
    with pytest.raises(SensorFault, match="no DS18B20 on the 1-Wire line"):
        table.measure(ds18b20.DS18B20(table.onewire()))
