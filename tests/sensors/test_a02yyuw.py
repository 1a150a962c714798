"""A02YYUW: golden frame, frame search in noise, median, and every fault through the driver."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_tools.virtual_board.chips.a02yyuw import A02YYUW, frame
from sensors import BUS, CHECKSUM, SENTINEL, SILENT, SensorFault, a02yyuw

GOLDEN = bytes.fromhex("FF07A1A7")  # 1953 mm, the maker's own example


def fault_of(table, driver):
    with pytest.raises(SensorFault) as caught:
        table.measure(driver)
    return caught.value.quality


def test_driver_reads_the_golden_frame():
    assert a02yyuw.split(GOLDEN) == ([1953], b"")


def test_chip_sends_the_golden_frame_unasked(bench):
    chip = A02YYUW(lambda _: 1953.2)
    table = bench(chip)
    uart = table.uart()
    table.wait_ms(400)
    assert uart.read(99) == GOLDEN
    assert [values for _, values in chip.delivered] == [{"distance": 1953}]


@settings(deadline=None)
@given(distances=st.lists(st.integers(0, 0xFFFF), max_size=5), cut=st.integers(0, 20))
def test_frames_are_found_however_they_are_cut(distances, cut):
    stream = b"".join(frame(distance) for distance in distances)
    first, rest = a02yyuw.split(stream[:cut])
    second, rest = a02yyuw.split(rest + stream[cut:])
    assert (first + second, rest) == (distances, b"")


@settings(deadline=None)
@given(noise=st.text(st.characters(max_codepoint=127), max_size=30), distance=st.integers(0, 0xFFFF))
def test_text_before_a_frame_is_passed_over(noise, distance):
    distances, _ = a02yyuw.split(noise.encode() + frame(distance))
    assert distances == [distance]


def test_median_is_a_measured_value():
    assert a02yyuw.median([5, 1, 900, 3, 4]) == 4
    assert a02yyuw.median([4, 1, 2, 3, 900, 5]) == 3


@settings(deadline=None)
@given(distance=st.integers(31, 4500))
def test_driver_delivers_what_the_chip_meant(bench, distance):
    chip = A02YYUW(lambda _: distance)
    table = bench(chip)
    assert table.measure(a02yyuw.A02YYUW(table.uart())) == (distance,)
    assert chip.delivered[-1][1] == {"distance": distance}


def test_one_bird_makes_no_flood(bench):
    heights = iter([1501] * 4 + [200] * 3 + [1501] * 50)
    table = bench(A02YYUW(lambda _: next(heights)))
    assert table.measure(a02yyuw.A02YYUW(table.uart())) == (1501,)


def test_frames_from_before_the_measurement_do_not_count(bench):
    began_us = 20_000_000
    table = bench(A02YYUW(lambda now_us: 100 if now_us < began_us else 2000))
    uart = table.uart()
    table.clock.run_until(began_us)
    assert uart.any() == 256  # the buffer is full of old frames
    assert a02yyuw.A02YYUW(uart).measure() == (2000,)


@pytest.mark.parametrize(
    ("fault", "quality"),
    [
        ("silent", SILENT),
        ("stuck", BUS),
        ("checksum", CHECKSUM),
        ("no_target", SENTINEL),
        ("interference", SENTINEL),
    ],
)
def test_faults_become_qualities(bench, fault, quality):
    chip = A02YYUW(lambda _: 1234)
    chip.faults.add(fault)
    table = bench(chip)
    driver = a02yyuw.A02YYUW(table.uart())
    begun = table.clock.now_us
    assert fault_of(table, driver) == quality
    assert table.clock.now_us - begun < 4_000_000
    assert chip.delivered == []
    chip.faults.clear()
    assert table.measure(driver) == (1234,)


def test_text_between_frames_is_passed_over(bench):
    chip = A02YYUW(lambda _: 1234)
    chip.faults.add("banner")
    table = bench(chip)
    assert table.measure(a02yyuw.A02YYUW(table.uart())) == (1234,)


@pytest.mark.parametrize("truth", [10, 30, 4501, 7000])
def test_outside_its_range_it_sees_no_target(bench, truth):
    table = bench(A02YYUW(lambda _: truth))
    assert fault_of(table, a02yyuw.A02YYUW(table.uart())) == SENTINEL


def test_four_good_frames_are_too_few(bench):
    table = bench(A02YYUW(lambda now_us: 1500 if now_us < 1_700_000 else 5000))
    with pytest.raises(SensorFault) as caught:
        table.measure(a02yyuw.A02YYUW(table.uart()))
    assert caught.value.quality == SENTINEL


def test_a_frozen_sensor_repeats_itself_and_the_chip_says_so(bench):
    chip = A02YYUW(lambda now_us: now_us // 10_000)
    table = bench(chip)
    uart = table.uart()
    table.wait_ms(5000)
    chip.faults.add("stale")
    first = a02yyuw.A02YYUW(uart).measure()
    table.wait_ms(5000)
    assert a02yyuw.A02YYUW(uart).measure() == first
    assert chip.delivered[-1][1] == {"distance": first[0]}
