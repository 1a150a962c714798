"""Time on air and the limits of EU868 against published values."""

import pytest

from luftpegel_tools.air.airtime import EU868, lora_airtime_us


@pytest.mark.parametrize(
    ("payload", "data_rate", "published_ms"),
    [  # from the LoRaWAN airtime calculators: 13 bytes of header, EU868, 125 kHz, 4/5
        (10, 5, 61.7),
        (10, 2, 370.7),
        (10, 0, 1482.8),
        (22, 5, 77.1),
        (22, 2, 493.6),
        (22, 0, 1810.4),
        (51, 5, 118.0),
        (51, 2, 698.4),
        (51, 0, 2793.5),
    ],
)
def test_published_airtimes(payload, data_rate, published_ms):
    assert round(EU868.uplink_airtime_us(payload, data_rate) / 1000, 1) == published_ms


def by_the_data_sheet(phy_bytes, spreading_factor):
    """SX1261/2 data sheet, 6.1.4, in floating point as printed there."""
    symbol_ms = 2**spreading_factor / 125
    low = 2 if spreading_factor >= 11 else 0
    bits = 8 * phy_bytes + 16 - 4 * spreading_factor + 8 + 20
    blocks = -(-max(bits, 0) // (4 * (spreading_factor - low)))
    return (8 + 4.25 + 8 + blocks * 5) * symbol_ms * 1000


@pytest.mark.parametrize("spreading_factor", range(7, 13))
def test_the_whole_range_against_the_formula(spreading_factor):
    for size in range(256):
        assert lora_airtime_us(size, spreading_factor) == round(by_the_data_sheet(size, spreading_factor))


def test_wider_and_fsk():
    assert EU868.airtime_us(23, 6) == EU868.airtime_us(23, 5) // 2
    assert EU868.airtime_us(23, 7) == (23 + 11) * 160


def test_a_downlink_has_no_crc():
    assert lora_airtime_us(16, 7, crc=False) < lora_airtime_us(16, 7)


def test_spreading_factors_that_lora_has_not():
    with pytest.raises(ValueError, match="13"):
        lora_airtime_us(10, 13)


def test_payload_sizes():
    assert [rate.max_payload for rate in EU868.data_rates] == [51, 51, 51, 115, 242, 242, 242, 242]


@pytest.mark.parametrize(
    ("frequency_hz", "per_mille"),
    [
        (863_500_000, 1),
        (867_100_000, 10),
        (868_100_000, 10),
        (868_850_000, 1),
        (869_525_000, 100),
        (869_850_000, 10),
    ],
)
def test_duty_cycle_of_a_frequency(frequency_hz, per_mille):
    assert EU868.band_of(frequency_hz).duty_per_mille == per_mille


@pytest.mark.parametrize("frequency_hz", [862_900_000, 868_650_000, 869_300_000, 915_000_000])
def test_frequencies_outside_the_bands(frequency_hz):
    with pytest.raises(LookupError, match="EU868"):
        EU868.band_of(frequency_hz)
