"""How long a downlink occupies a radio gateway, and whether it still may: a budget across all stations.

While a radio gateway sends it hears nothing, and the band allows it little. After an outage every station
has a gap; without a bound, their requests would take the air from the very uplinks that bring the readings.
The budget is a gateway's and an hour's. What does not fit waits for a later uplink of its station.
"""

from collections.abc import Mapping

HOUR_S = 3600
OVERHEAD = 13  # bytes of LoRaWAN around a payload: header, counter, port, MIC
SLOWEST = 0


def airtime_us(data_rate: int | None, payload: int) -> int:
    """Time on air of a downlink in EU868, microseconds; Semtech AN1200.13. An unknown data rate is the
    slowest."""
    rate = SLOWEST if data_rate is None or not 0 <= data_rate <= 6 else data_rate
    factor, bandwidth_khz = (7, 250) if rate == 6 else (12 - rate, 125)
    symbol_us = (1 << factor) * 1000 // bandwidth_khz
    slow = 2 if factor >= 11 and bandwidth_khz == 125 else 0
    bits = 8 * (payload + OVERHEAD) - 4 * factor + 28  # no CRC downlink
    symbols = 8 + 5 * max(0, -(-bits // (4 * (factor - slow))))
    return symbol_us * (4 * symbols + 49) // 4  # 8 + 4.25 symbols of preamble


def spend(
    spent: Mapping[str, tuple[int, int]], gateway: str, now: int, needed_us: int, budget_us: int
) -> tuple[int, int] | None:
    """The gateway's account (hour, microseconds) after a downlink, or None when it does not fit any more.

    Another hour than the account's begins a new one, also an earlier one: our clock may have been set.
    """
    hour = now // HOUR_S
    of_hour, used = spent.get(gateway, (hour, 0))
    used = used if of_hour == hour else 0
    return (hour, used + needed_us) if used + needed_us <= budget_us else None
