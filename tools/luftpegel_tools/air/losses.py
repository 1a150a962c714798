"""What the air does to one station's frames: some get lost each way, by seeded chance; and the count of them.

Everything random comes from seeded streams, one for each purpose, so that switching one thing on or off
leaves the rest of a run as it was.
"""

import random
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Disturbance:
    """From `from_us` until before `until_us` frames get lost with other probabilities; 1 is an outage."""

    from_us: int
    until_us: int
    loss_up: float = 1.0
    loss_down: float = 1.0


@dataclass(frozen=True)
class Tally:
    """What a station's way to the network carried, lost frames included, joins apart."""

    uplinks: int = 0
    uplinks_lost: int = 0
    downlinks: int = 0
    downlinks_lost: int = 0
    payload_bytes: int = 0  # of uplinks, as the application gave them
    airtime_us: int = 0  # of uplinks


class Losses:
    """The losses of one station."""

    def __init__(self, seed: str, loss_up: float = 0.0, loss_down: float = 0.0) -> None:
        self._loss_up, self._loss_down = loss_up, loss_down
        self._random_up = random.Random(f"{seed}/up")  # noqa: S311
        self._random_down = random.Random(f"{seed}/down")  # noqa: S311
        self._fading = random.Random(f"{seed}/fading")  # noqa: S311
        self.disturbances: list[Disturbance] = []
        self.tally = Tally()

    def count(self, **more: int) -> None:
        """Add to the tally."""
        self.tally = replace(self.tally, **{name: getattr(self.tally, name) + n for name, n in more.items()})

    def lost_up(self, now_us: int) -> bool:
        """Draw whether an uplink of now is lost."""
        return self._random_up.random() < self._loss(now_us)[0]

    def lost_down(self, now_us: int) -> bool:
        """Draw whether a downlink of now is lost."""
        return self._random_down.random() < self._loss(now_us)[1]

    def signal(self, rssi: int, snr: float) -> tuple[int, float]:
        """A mean signal as it comes this time, in dBm and dB; receivers count in quarters of a dB."""
        fade = self._fading.gauss(0, 3)
        return round(rssi + fade), round(4 * (snr + fade / 2)) / 4

    def delay_us(self, mean_us: int) -> int:
        """How long a backhaul of that mean delay takes this time."""
        return round(mean_us / 2 + self._fading.expovariate(2 / mean_us))

    def _loss(self, now_us: int) -> tuple[float, float]:
        """Of now: the last disturbance that was added wins."""
        for disturbance in reversed(self.disturbances):
            if disturbance.from_us <= now_us < disturbance.until_us:
                return disturbance.loss_up, disturbance.loss_down
        return self._loss_up, self._loss_down
