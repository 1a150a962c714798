"""Adaptive data rate: ChirpStack's default algorithm, so that the double steers as the original does.

Spare signal first raises the data rate, then lowers the power; too little raises the power; lost frames
raise the number of transmissions. Facts: chirpstack/src/adr/default.rs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

HISTORY = 20
_INSTALLATION_MARGIN_DB = 10
_STEP_DB = 3
# Transmissions for those in use (1, 2, 3), by frames lost: under 5, 10, 30 per cent, and above.
_NB_TRANS = ((5.0, (1, 1, 2)), (10.0, (1, 2, 3)), (30.0, (2, 3, 3)), (float("inf"), (3, 3, 3)))


@dataclass(frozen=True)
class Tuning:
    """What ADR sets on a device."""

    data_rate: int
    tx_power: int  # index, 0 loudest
    nb_trans: int = 1


@dataclass(frozen=True)
class Sample:
    """One uplink of the history: best SNR in dB of all gateways."""

    f_cnt: int
    snr: float
    tx_power: int


@dataclass(frozen=True)
class Bounds:
    """How far a device may be steered; it may refuse what its region allows."""

    max_data_rate: int
    max_tx_power: int


def advise(now: Tuning, history: Sequence[Sample], floor_db: float, bounds: Bounds) -> Tuning:
    """The better tuning, or `now` itself; `floor_db` belongs to the present data rate."""
    start = replace(
        now,
        data_rate=min(now.data_rate, bounds.max_data_rate),
        nb_trans=_transmissions(now.nb_trans, _lost_percent(history)),
    )
    best = max(sample.snr for sample in history)
    steps = int((best - floor_db - _INSTALLATION_MARGIN_DB) / _STEP_DB)
    comparable = sum(sample.tx_power == now.tx_power for sample in history)
    if steps < 0 and comparable < HISTORY:
        return start  # up again only with certainty, else the power swings
    return _stepped(start, steps, bounds)


def _stepped(tuning: Tuning, steps: int, bounds: Bounds) -> Tuning:
    faster = min(max(0, steps), bounds.max_data_rate - tuning.data_rate)
    quieter = steps - faster
    power = max(0, min(bounds.max_tx_power, tuning.tx_power + quieter))
    return replace(tuning, data_rate=tuning.data_rate + faster, tx_power=power)


def _lost_percent(history: Sequence[Sample]) -> float:
    """Of a full history; a shorter one tells nothing."""
    if len(history) < HISTORY:
        return 0.0
    sent = history[-1].f_cnt - history[0].f_cnt + 1
    return 100.0 * (sent - len(history)) / len(history)


def _transmissions(used: int, lost_percent: float) -> int:
    column = max(1, min(3, used)) - 1
    return next(row[column] for limit, row in _NB_TRANS if lost_percent < limit)
