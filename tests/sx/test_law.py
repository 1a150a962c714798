"""The law of the SPI bus can be broken: too much power and foreign frequencies are seen in a chip's log."""

import pytest
from tests.sx.conftest import BAND_HZ, CAP_DBM, KINDS, Bench


@pytest.fixture(params=KINDS)
def outlaw(request):
    """A bench whose driver knows no bounds."""
    bench = Bench(request.param, max_power_dbm=22, band_hz=(430_000_000, 930_000_000))
    bench.phy.begin()
    return bench


def test_what_keeps_the_law_is_judged_and_passes(outlaw):
    outlaw.transmit(power_dbm=CAP_DBM, frequency_hz=BAND_HZ[0])
    assert (outlaw.law.broken, outlaw.law.judged > 0) == ([], True)


def test_too_much_power(outlaw):
    for power_dbm in (CAP_DBM + 1, 17, 20):
        outlaw.transmit(power_dbm=power_dbm)
    assert outlaw.law.broken == ["15 dBm", "17 dBm", "20 dBm"]


def test_a_foreign_frequency_sending_and_listening(outlaw):
    outlaw.phy.transmit(BAND_HZ[1] + 1000, 7, 125_000, 14, b"beside the band")
    outlaw.phy.transmitted()
    outlaw.receive(20_000, frequency_hz=BAND_HZ[0] - 1000)
    assert [round(int(text.split()[0]), -2) for text in outlaw.law.broken] == [870_001_000, 862_999_000]
