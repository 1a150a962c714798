"""How early and how late receive() may come so that a frame is still heard, at each spreading factor.

A receiver needs 5 of the 8 symbols of the preamble. So it may come 3 symbols late (less the start of its
oscillator), and early by as much as the window is longer than 5 symbols.
"""

import pytest

PREAMBLE, NEEDED = 8, 5
TIMEOUT_US = 200_000
STEP_US = 64  # what the searches stop at
SLACK_US = 450  # pin and SPI calls of the bench
ROUNDED_UP = 4  # symbols: the SX1276 counts whole ones, and 8 at least
# Spreading factor -> ms after the frame's first symbol at which listening may begin: 3 symbols.
LATEST_MS = {7: 3.07, 8: 6.14, 9: 12.29, 10: 24.58, 11: 49.15, 12: 98.30}


def symbol_us(sf):
    return (1 << sf) * 8


def is_heard(bench, sf, lead_us, timeout_us):
    """Whether a frame is heard whose first symbol begins `lead_us` after listening begins."""
    bench.time.sleep_ms(3000)
    bench.phy.prepare_receive(868_100_000, sf, 125_000, timeout_us)
    begins_us = bench.clock.now_us + 500_000
    start_us = begins_us + bench.phy.rx_delay_us + lead_us
    end_us = start_us + bench.phy.airtime_us(sf, 125_000, 12, crc=False)
    bench.clock.call_at(
        start_us,
        bench.air.transmit,
        bench,
        868_100_000,
        sf,
        125_000,
        14,
        True,
        False,
        bytes(12),
        start_us,
        end_us,
    )
    bench.clock.run_until(begins_us)
    bench.phy.receive()
    return bool(bench.outcome())


def limit(heard, good_us, bad_us):
    """The lead between one that is heard and one that is not, at which hearing ends."""
    assert heard(good_us)
    assert not heard(bad_us)
    while abs(bad_us - good_us) > STEP_US:
        middle_us = (good_us + bad_us) // 2
        if heard(middle_us):
            good_us = middle_us
        else:
            bad_us = middle_us
    return good_us


@pytest.mark.parametrize("sf", range(7, 13))
def test_how_early_and_how_late(bench, sf):
    symbol = symbol_us(sf)
    timeout_us = TIMEOUT_US + NEEDED * symbol

    def heard(lead_us):
        return is_heard(bench, sf, lead_us, timeout_us)

    latest_us = -limit(heard, 0, -PREAMBLE * symbol)
    assert latest_us / 1000 == pytest.approx(LATEST_MS[sf], abs=SLACK_US / 1000)
    earliest_us = limit(heard, 0, timeout_us + PREAMBLE * symbol)
    assert TIMEOUT_US - SLACK_US <= earliest_us <= TIMEOUT_US + symbol + SLACK_US


@pytest.mark.parametrize("sf", range(7, 13))
@pytest.mark.parametrize("error_us", [2_000, 20_000, 30_000, 50_000])
def test_a_window_for_a_given_error_of_the_clock_holds_it(bench, sf, error_us):
    """The smallest window: it opens so early, and stays open so long, that the error either way is held."""
    symbol = symbol_us(sf)
    early_us = max(0, error_us - (PREAMBLE - NEEDED) * symbol + SLACK_US)
    timeout_us = early_us + error_us + NEEDED * symbol + SLACK_US
    steps = range(-error_us, error_us + 1, error_us // 5)
    assert all(is_heard(bench, sf, early_us + error, timeout_us) for error in steps)
    beyond = (
        -error_us - 2 * SLACK_US - max(0, 3 * symbol - error_us),
        error_us + ROUNDED_UP * symbol + SLACK_US,
    )
    assert [is_heard(bench, sf, early_us + error, timeout_us) for error in beyond] == [False, False]
