"""The checks of a value, one by one: they flag and never drop."""

import pytest

from luftpegel_gateway.checks.check import check_reading, silent
from luftpegel_gateway.model.quantities import of_channel
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_wire import quality
from luftpegel_wire.quantities import channel_of

TEMPERATURE, LEVEL, RAIN = channel_of("temperature"), channel_of("level"), channel_of("rain_count")
NOW = 1_782_907_200


def reading(value, time=NOW, seq=1, *, channel=TEMPERATURE, wire=quality.OK):
    return Reading(seq, time, (Cell(channel, value, wire, wire),))


def quality_after(now, before=None):
    return check_reading(now, before).cells[0].quality


@pytest.mark.parametrize("value", [of_channel(TEMPERATURE).low, 0, of_channel(TEMPERATURE).high])
def test_plausible_values_are_good(value):
    assert quality_after(reading(value)) == quality.OK


@pytest.mark.parametrize("value", [of_channel(TEMPERATURE).low - 1, of_channel(TEMPERATURE).high + 1])
def test_out_of_range(value):
    checked = check_reading(reading(value), None).cells[0]
    assert (checked.quality, checked.value) == (quality.RANGE, value)


def test_jump():
    rate = of_channel(TEMPERATURE).rate
    before = reading(1000, NOW - 120, seq=0)
    assert quality_after(reading(1000 + 2 * rate), before) == quality.OK
    assert quality_after(reading(1001 + 2 * rate), before) == quality.RATE


def test_a_jump_over_a_long_gap_is_none():
    assert quality_after(reading(3500), reading(-500, NOW - 86400, seq=0)) == quality.OK


def test_a_jump_cannot_be_judged_without_clock_or_neighbour():
    assert quality_after(reading(3500, time=None), reading(0, NOW, seq=0)) == quality.OK
    assert quality_after(reading(3500), reading(None, NOW - 60, seq=0, wire=quality.SILENT)) == quality.OK


def test_stuck():
    limit = of_channel(TEMPERATURE).flat
    before = check_reading(reading(2000, NOW, seq=0), None)
    for seq, elapsed in enumerate((limit // 2, limit, limit + 1), 1):
        before = check_reading(reading(2000, NOW + elapsed, seq), before)
        assert before.cells[0].quality == (quality.FLAT if elapsed > limit else quality.OK)
    assert quality_after(reading(2010, NOW + limit + 600, 9), before) == quality.OK


def test_a_counter_may_rest_for_ever():
    before = check_reading(reading(5, NOW, seq=0, channel=RAIN), None)
    assert quality_after(reading(5, NOW + 10**8, channel=RAIN), before) == quality.OK


def test_clock_that_stands():
    assert quality_after(reading(2000, NOW, 2), reading(2000, NOW, 1)) == quality.STALE


def test_the_stations_own_word_stands():
    assert quality_after(reading(99999, wire=quality.CLIPPED)) == quality.CLIPPED
    assert quality_after(reading(None, wire=quality.CHECKSUM)) == quality.CHECKSUM


def test_unknown_channels_are_let_through():
    assert quality_after(reading(10**9, channel=199)) == quality.OK


def test_silence():
    assert not silent(NOW - 1800, NOW, 600)
    assert silent(NOW - 1801, NOW, 600)
    assert silent(None, NOW, 600)
