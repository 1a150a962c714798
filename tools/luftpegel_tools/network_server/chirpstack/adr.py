"""The network's advice on the data rate: ChirpStack's default algorithm (adr/default.rs), data rate only."""

from collections.abc import Sequence

HISTORY = 20  # uplinks that must have been heard before the network advises
_INSTALLATION_MARGIN_DB = 10
_STEP_DB = 3
_HIGHEST_RATE = 5
_REQUIRED_SNR_DB = (-20.0, -17.5, -15.0, -12.5, -10.0, -7.5, -7.5)  # EU868 DR0..DR6


def margin_db(data_rate: int, snr: float) -> int:
    """By how much a frame was above the demodulator's floor; not negative."""
    return max(0, int(snr - _REQUIRED_SNR_DB[data_rate]))


def better_rate(data_rate: int, snr_history: Sequence[float]) -> int | None:
    """A higher data rate for which the best SNR of the history leaves room; None: stay."""
    if len(snr_history) < HISTORY:
        return None
    spare = max(snr_history) - _REQUIRED_SNR_DB[data_rate] - _INSTALLATION_MARGIN_DB
    rate = min(_HIGHEST_RATE, data_rate + max(0, int(spare / _STEP_DB)))
    return rate if rate > data_rate else None
