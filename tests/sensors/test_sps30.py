"""SPS30: golden frames, floats by integer work, modes of the chip, and every fault through the driver."""

import struct
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_tools.virtual_board.chips.sps30 import SPS30, WEEK_S, stuff, unstuff
from sensors import BUS, CHECKSUM, NOT_READY, SENTINEL, SILENT, SensorFault, sps30

AIR = (2.5, 3.75, 4.125, 4.25)
GOLDEN_COMMANDS = [
    (sps30.START, sps30.START_FLOATS, "7E0000020103F97E"),
    (sps30.READ, b"", "7E000300FC7E"),
    (sps30.STOP, b"", "7E000100FE7E"),
    (0xD3, b"", "7E00D3002C7E"),
    (sps30.WAKE, b"", "7E007D3100EE7E"),
    (sps30.SLEEP, b"", "7E001000EF7E"),
    (sps30.CLEAN, b"", "7E005600A97E"),
]
GOLDEN_RESULT = "7E00030028 40200000 40700000 40840000 40880000"


class FlippedBit(SPS30):
    """A sensor of which the n-th byte on the wire arrives with a flipped bit."""

    def __init__(self, sample, *, nth, bit):
        super().__init__(sample)
        self._left = nth
        self._bit = bit

    def send(self, data, delay_us=0):
        raw = bytearray(data)
        if 0 <= self._left < len(raw):
            raw[self._left] ^= 1 << self._bit
        self._left -= len(raw)
        super().send(bytes(raw), delay_us)


class Babbler(SPS30):
    """A sensor that answers everything with the same noise."""

    def __init__(self, noise):
        super().__init__(lambda _: AIR)
        self._noise = noise

    def receive(self, data):
        self.send(self._noise)


class Terminal:
    """A person with a serial terminal: hex out, hex back."""

    def __init__(self, table):
        self._table = table
        self._uart = table.uart()

    def say(self, text):
        self._uart.write(bytes.fromhex(text))
        self._table.wait_ms(20)
        return (self._uart.read(self._uart.any()) or b"").hex()


def fault_of(table, driver):
    with pytest.raises(SensorFault) as caught:
        table.measure(driver)
    return caught.value.quality


@pytest.mark.parametrize(("command", "data", "golden"), GOLDEN_COMMANDS)
def test_driver_frames_are_golden(command, data, golden):
    assert sps30.frame(command, data) == bytes.fromhex(golden)


def test_chip_understands_the_golden_frames(bench):
    table = bench(SPS30(lambda _: AIR))
    terminal = Terminal(table)
    assert terminal.say("7E0000020103F97E") == "7e00000000ff7e"
    table.wait_ms(1000)
    result = terminal.say("7E000300FC7E")
    assert result.startswith(GOLDEN_RESULT.lower().replace(" ", ""))
    assert terminal.say("7E000300FC7E") == "7e00030000fc7e"  # nothing new
    assert terminal.say("7E005600A97E") == "7e00560000a97e"
    assert terminal.say("7E000100FE7E") == "7e00010000fe7e"
    assert terminal.say("7E001000EF7E") == "7e00100000ef7e"
    assert terminal.say("7E000300FC7E") == ""  # asleep
    table.wait_ms(200)
    assert terminal.say("FF 7E007D3100EE7E") == "7e007d310000ee7e"
    assert terminal.say("7E00D3002C7E") == "7e00d300002c7e"


def test_chip_refuses_what_the_data_sheet_refuses(bench):
    terminal = Terminal(bench(SPS30(lambda _: AIR)))
    assert terminal.say("7E000300FC7E")[6:8] == "43"  # not measuring
    assert terminal.say("7E000100FE7E")[6:8] == "43"  # nothing to stop
    assert terminal.say(sps30.frame(0x42).hex())[6:8] == "02"  # unknown
    assert terminal.say(sps30.frame(0x00, b"\x01\x09").hex())[6:8] == "04"
    assert terminal.say(sps30.frame(0x03, b"\x01").hex())[6:8] == "01"
    assert terminal.say("7E000300FD7E") == ""  # bad sum


def test_chip_tells_who_it_is(bench):
    terminal = Terminal(bench(SPS30(lambda _: AIR, serial="AB")))
    assert terminal.say(sps30.frame(0xD0, b"\x03").hex()) == "7e00d00003414200a97e"
    assert terminal.say(sps30.frame(0xD1).hex())[8:24] == "0702020007000200"
    assert terminal.say(sps30.frame(0x80, b"\x00").hex())[10:18] == f"{WEEK_S:08x}"


@settings(deadline=None)
@given(body=st.binary(max_size=60))
def test_stuffing_of_chip_and_driver_are_inverse(body):
    framed = stuff(body)
    assert unstuff(framed[1:-1]) == body
    assert not set(framed[1:-1]) & {0x7E, 0x11, 0x13}


@settings(deadline=None)
@given(state=st.integers(0, 255), data=st.binary(max_size=40))
def test_driver_parses_what_the_chip_stuffs_and_sees_every_flipped_bit(state, data):
    body = bytes([0, 3, state, len(data)]) + data
    framed = stuff(body + bytes([~sum(body) & 0xFF]))[1:-1]
    assert sps30.parse(framed) == (3, state, data)
    for i in range(len(framed)):
        flipped = framed[:i] + bytes([framed[i] ^ 0x04]) + framed[i + 1 :]
        assert sps30.parse(flipped) != (3, state, data)


@settings(deadline=None, max_examples=500)
@given(value=st.floats(0, 2_000, width=32))
def test_tenths_are_exact(value):
    assert sps30.tenths(struct.pack(">f", value)) == floor(Fraction(value) * 10 + Fraction(1, 2))


@pytest.mark.parametrize("word", ["7f800000", "ff800000", "7fc00000", "c0200000", "4b000000", "7f7fffff"])
def test_what_is_no_mass_is_no_number(word):
    assert sps30.tenths(bytes.fromhex(word)) is None


@pytest.mark.parametrize("word", ["00000000", "80000000", "00000001", "2f7fffff"])
def test_nothing_in_the_air_is_zero(word):
    assert sps30.tenths(bytes.fromhex(word)) == 0


@settings(deadline=None)
@given(masses=st.tuples(*[st.floats(0, 1000)] * 4))
def test_driver_delivers_what_the_chip_meant(bench, masses):
    chip = SPS30(lambda _: masses)
    table = bench(chip)
    values = table.measure(sps30.SPS30(table.uart()))
    assert [meant for _, meant in chip.delivered] == [dict(zip(sps30.SPS30.MEASURES, values, strict=True))]
    assert all(abs(value - 10 * mass) <= 0.51 for value, mass in zip(values, masses, strict=True))


@pytest.mark.parametrize(
    ("fault", "quality"),
    [
        ("silent", SILENT),
        ("stuck", BUS),
        ("checksum", CHECKSUM),
        ("stale", NOT_READY),
        ("fan", SENTINEL),
        ("laser", SENTINEL),
        ("fan_speed", SENTINEL),
    ],
)
def test_faults_become_qualities(bench, fault, quality):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    chip.faults.add(fault)
    driver = sps30.SPS30(table.uart())
    assert fault_of(table, driver) == quality
    chip.faults.clear()
    assert table.measure(driver) == (25, 38, 41, 43)  # half a unit goes up


def test_device_error_is_named(bench):
    chip = SPS30(lambda _: AIR)
    chip.faults.add("fan")
    table = bench(chip)
    with pytest.raises(SensorFault, match="LP-121 SPS30: fan stands still;"):
        table.measure(sps30.SPS30(table.uart()))


def test_text_at_power_up_is_passed_over(bench):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    driver = sps30.SPS30(table.uart())
    chip.faults.add("banner")
    chip.power(False)
    chip.power(True)
    assert table.measure(driver) == (25, 38, 41, 43)


def test_start_is_harmless_while_measuring_and_after_a_reset_of_the_board(bench):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    sps30.SPS30(table.uart()).start()
    table.wait_ms(5000)
    assert table.measure(sps30.SPS30(table.uart())) == (25, 38, 41, 43)


def test_a_sensor_that_lost_its_power_after_start_is_not_ready(bench):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    driver = sps30.SPS30(table.uart())
    driver.start()
    chip.power(False)
    chip.power(True)
    with pytest.raises(SensorFault, match="is not measuring") as caught:
        driver.measure()
    assert caught.value.quality == NOT_READY


def test_measuring_waits_for_the_end_of_the_weekly_cleaning(bench):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    driver = sps30.SPS30(table.uart())
    driver.start()
    table.wait_ms(WEEK_S * 1000)
    begun = table.clock.now_us
    assert driver.measure() == (25, 38, 41, 43)
    assert 9_000_000 < table.clock.now_us - begun < 12_000_000


def test_cleaning_by_hand_only_while_measuring(bench):
    chip = SPS30(lambda _: AIR)
    table = bench(chip)
    driver = sps30.SPS30(table.uart())
    with pytest.raises(SensorFault, match="refuses to clean"):
        driver.clean()
    driver.start()
    driver.clean()
    begun = table.clock.now_us
    driver.measure()
    assert table.clock.now_us - begun > 9_000_000


@pytest.mark.parametrize("masses", [(1001.0, 0, 0, 0), (0, 0, 0, 1e30), (0, -1.0, 0, 0)])
def test_masses_outside_the_range_are_no_numbers(bench, masses):
    table = bench(SPS30(lambda _: masses))
    assert fault_of(table, sps30.SPS30(table.uart())) == SENTINEL


@settings(deadline=None)
@given(nth=st.integers(0, 90), bit=st.integers(0, 7))
def test_a_flipped_bit_on_the_wire_changes_nothing(bench, nth, bit):
    table = bench(FlippedBit(lambda _: AIR, nth=nth, bit=bit))
    assert table.measure(sps30.SPS30(table.uart())) == (25, 38, 41, 43)


@settings(deadline=None, max_examples=50)
@given(noise=st.binary(min_size=1, max_size=300))
def test_noise_is_no_number_and_holds_nobody_up(bench, noise):
    table = bench(Babbler(noise))
    begun = table.clock.now_us
    assert fault_of(table, sps30.SPS30(table.uart())) in (CHECKSUM, BUS)
    assert table.clock.now_us - begun < 2_000_000
