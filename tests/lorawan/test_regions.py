"""Regions are data: each has its tables in order, and another one costs a file."""

import importlib
import re
from pathlib import Path

import pytest
from lorawan_town import Town

from lorawan import airtime, regions
from luftpegel_tools.air.airtime import EU868, lora_airtime_us

NAMES = sorted(path.stem for path in Path(regions.__path__[0]).glob("[a-z]*.py"))


def region(name):
    return importlib.import_module(f"lorawan.regions.{name}")


def test_there_are_several():
    assert NAMES == ["eu433", "eu868", "in865"]


@pytest.mark.parametrize("name", NAMES)
def test_tables(name):
    data = region(name)
    assert data.NAME.lower() == name
    assert len(data.DATA_RATES) == len(data.MAX_PAYLOAD)
    assert set(data.JOIN_DATA_RATES) <= set(range(len(data.DATA_RATES)))
    assert all(regions.band_of(data, frequency) is not None for frequency in data.CHANNELS)
    assert regions.band_of(data, data.RX2[0]) is not None
    assert data.RX2[1] < len(data.DATA_RATES)
    assert 2 * (data.POWERS - 1) <= data.MAX_EIRP + 4
    assert max(high for _, high, _ in data.BANDS) < 2**30, "frequencies are small integers on the board"
    assert list(data.BANDS) == sorted(data.BANDS)


def test_eu868_is_what_the_planner_has():
    data = region("eu868")
    assert [(band.low_hz, band.high_hz, band.duty_per_mille) for band in EU868.bands] == list(data.BANDS)
    for rate, row in zip(EU868.data_rates, data.DATA_RATES, strict=False):
        assert (rate.spreading_factor, rate.bandwidth_hz) == row
    assert [rate.max_payload for rate in EU868.data_rates[:6]] == list(data.MAX_PAYLOAD)
    assert EU868.join_channels_hz == data.CHANNELS


@pytest.mark.parametrize("sf", range(7, 13))
def test_airtime_is_what_the_planner_has(sf):
    for length in range(256):
        for bandwidth in (125_000, 250_000):
            planned = -(-lora_airtime_us(length, sf, bandwidth) // 1000)
            assert airtime.airtime_ms(sf, bandwidth, length) == planned


@pytest.mark.parametrize("name", NAMES)
def test_a_life_in_each_region(device, name):
    data = region(name)
    town = Town(device, name)
    town.join(lost=2, dl_settings=data.RX2[1])
    town.silence()
    for _ in range(8):
        town.quiet()
    assert {sent.frequency_hz for sent in town.sent} <= set(data.CHANNELS)
    assert {sent.power_dbm for sent in town.sent} == {data.MAX_EIRP}
    rx2 = town.sent[-1].rx2
    assert (rx2.frequency_hz, rx2.sf) == (data.RX2[0], data.DATA_RATES[data.RX2[1]][0])
    power = data.POWERS - 1
    assert town.command(bytes([0x03, 0x50 | power, 7, 0, 1])).options == b"\x03\x07"
    assert town.sent[-1].power_dbm == data.MAX_EIRP - 2 * power
    if power < 14:
        assert town.command(bytes([0x03, 0x50 | power + 1, 7, 0, 1])).options == b"\x03\x03"


def test_in865_has_downlinks_quicker_than_uplinks(device):
    """RP002-1.0.4, table 72: offsets 6 and 7 add one and two data rates, at most 5."""
    town = Town(device, "in865")
    town.join()
    town.silence()
    frequency = (866_550_000 // 100).to_bytes(3, "little")
    for offset, rate, downlink in ((6, 3, 4), (7, 3, 5), (7, 5, 5), (6, 5, 5), (5, 3, 0)):
        commands = bytes([0x05, offset << 4 | 2]) + frequency + bytes([0x03, rate << 4, 7, 0, 1])
        assert town.command(commands).options == b"\x05\x07\x03\x07"
        assert 12 - town.sent[-1].rx1.sf == downlink


@pytest.mark.parametrize(
    ("options", "power"),
    [
        ({}, 16),
        ({"max_eirp": 10}, 10),
        ({"max_eirp": 99}, 16),
        ({"antenna_gain": 3}, 13),
        ({"antenna_gain": -2, "max_eirp": 14}, 16),
        ({"antenna_gain": 5, "max_eirp": 14}, 9),
    ],
)
def test_one_cap_for_radiated_power(device, options, power):
    town = Town(device, **options)
    town.join()
    town.silence()
    town.quiet()
    assert {sent.power_dbm for sent in town.sent} == {power}
    gain = options.get("antenna_gain", 0)
    for steps in range(8):
        assert town.command(bytes([0x03, 0x50 | steps, 7, 0, 1])).options == b"\x03\x07"
        assert town.sent[-1].power_dbm + gain <= min(16 - 2 * steps, options.get("max_eirp", 16))


def test_power_is_decided_in_one_place():
    sources = Path(regions.__path__[0]).parent.glob("*.py")
    places = [path.name for path in sources for _ in re.findall(r"MAX_EIRP", path.read_text())]
    assert set(places) == {"mac.py"}
