"""The truth about a place at any virtual time: weather, dust, river. Seeded, and a pure function of time.

Plausible rather than right: daily courses, slow noise on top of quick noise, humidity from a dew point,
dust from rush hours, a flood wave that rises faster than it falls.
"""

import math
import random
from dataclasses import dataclass
from functools import cached_property

_DUST = ("pm1", "pm25", "pm4", "pm10")
_DAY_S = 86400
_YEAR_S = 365.2425 * _DAY_S


class Noise:
    """Smooth noise: a Gauss value (mean 0, deviation 1) each `period_s`, joined by half cosines."""

    def __init__(self, name: str, period_s: float) -> None:
        self._name = name
        self._period_s = period_s
        self._knots: dict[int, float] = {}

    def __call__(self, time_s: float) -> float:
        """The value at a time; the same each time it is asked."""
        position = time_s / self._period_s
        knot = math.floor(position)
        weight = (1 - math.cos(math.pi * (position - knot))) / 2
        return self._knot(knot) * (1 - weight) + self._knot(knot + 1) * weight

    def _knot(self, number: int) -> float:
        if number not in self._knots:
            generator = random.Random(f"{self._name}/{number}")  # noqa: S311 - weather, not a secret
            self._knots[number] = generator.gauss(0, 1)
        return self._knots[number]


@dataclass(frozen=True)
class Place:
    """A point of the town; `epoch_s` is the Unix time at virtual time 0. Truths take virtual microseconds."""

    name: str
    seed: int
    epoch_s: int
    latitude: float
    longitude: float
    altitude_m: float = 60.0
    sensor_height_mm: int = 3500  # of the level sensor above the river's bed
    flood_at_s: float = 6 * 3600.0  # virtual second at which the wave begins to rise
    flood_mm: float = 900.0
    flood_rise_s: float = 5 * 3600.0

    def truth(self, quantity: str, now_us: int) -> float:
        """What a quantity is that a sensor measures here."""
        if quantity in _DUST:
            return self.dust(now_us)[_DUST.index(quantity)]
        return float(getattr(self, quantity)(now_us))

    def temperature(self, now_us: int) -> float:
        """Air temperature in °C."""
        now_s = now_us / 1e6
        season = 10 - 9 * math.cos(2 * math.pi * ((self.epoch_s + now_s) / _YEAR_S - 0.05))
        return (
            season + self._daily(now_s, 5.0, 15) + 1.5 * self._slow_air(now_s) + 0.1 * self._quick_air(now_s)
        )

    def humidity(self, now_us: int) -> float:
        """Relative humidity in %, by Magnus' formula from a dew point that changes slowly."""
        now_s = now_us / 1e6
        season = 10 - 9 * math.cos(2 * math.pi * ((self.epoch_s + now_s) / _YEAR_S - 0.05))
        dew_point = season - 5 + 1.5 * self._moisture(now_s)
        exponent = _magnus(dew_point) - _magnus(self.temperature(now_us))
        return max(5.0, min(100.0, 100 * math.exp(exponent)))

    def pressure(self, now_us: int) -> float:
        """Air pressure at the place in Pa."""
        now_s = now_us / 1e6
        tide = 60 * math.cos(4 * math.pi * (self._hour(now_s) - 10) / 24)
        return 101_500 - 12 * self.altitude_m + tide + 500 * self._fronts(now_s) + 4 * self._quick_air(now_s)

    def dust(self, now_us: int) -> tuple[float, float, float, float]:
        """PM1, PM2.5, PM4 and PM10 in µg/m³."""
        now_s = now_us / 1e6
        hour = self._hour(now_s)
        traffic = sum(math.exp(-(((hour - rush) / 1.5) ** 2)) for rush in (7.5, 17.5))
        fine = (5 + 9 * traffic) * math.exp(0.35 * self._slow_air(now_s) + 0.1 * self._quick_air(now_s))
        coarse = 3 * (1 + traffic) * math.exp(0.3 * self._moisture(now_s))
        return 0.7 * fine, fine, fine + 0.6 * coarse, fine + coarse

    def level(self, now_us: int) -> float:
        """Water above the bed in mm, ripples included."""
        now_s = now_us / 1e6
        since = (now_s - self.flood_at_s) / self.flood_rise_s
        wave = self.flood_mm * (since * math.exp(1 - since)) ** 2 if since > 0 else 0.0
        return 700 + wave + 10 * self._slow_water(now_s) + 2 * self._ripples(now_s)

    def distance(self, now_us: int) -> float:
        """From the level sensor down to the water, in mm."""
        return self.sensor_height_mm - self.level(now_us)

    def water_temperature(self, now_us: int) -> float:
        """Water temperature in °C: follows the air late and weakly."""
        now_s = now_us / 1e6
        season = 10 - 6 * math.cos(2 * math.pi * ((self.epoch_s + now_s) / _YEAR_S - 0.12))
        return season + self._daily(now_s, 0.8, 18) + 0.3 * self._slow_water(now_s)

    def battery(self, now_us: int) -> float:
        """A lithium cell's voltage in V: lower each day, a little lower in the cold."""
        return max(3.3, 4.1 - 0.01 * now_us / 1e6 / _DAY_S + 0.002 * (self.temperature(now_us) - 10))

    def _daily(self, now_s: float, amplitude: float, warmest_hour: float) -> float:
        return amplitude * math.cos(2 * math.pi * (self._hour(now_s) - warmest_hour) / 24)

    def _hour(self, now_s: float) -> float:
        """Mean solar time in hours."""
        return ((self.epoch_s + now_s) % _DAY_S / 3600 + self.longitude / 15) % 24

    def _noise(self, what: str, period_s: float) -> Noise:
        return Noise(f"{self.seed}/{self.name}/{what}", period_s)

    @cached_property
    def _slow_air(self) -> Noise:
        return self._noise("slow air", 4 * 3600)

    @cached_property
    def _quick_air(self) -> Noise:
        return self._noise("quick air", 300)

    @cached_property
    def _moisture(self) -> Noise:
        return self._noise("moisture", 8 * 3600)

    @cached_property
    def _fronts(self) -> Noise:
        return self._noise("fronts", 20 * 3600)

    @cached_property
    def _slow_water(self) -> Noise:
        return self._noise("slow water", 2 * 3600)

    @cached_property
    def _ripples(self) -> Noise:
        return self._noise("ripples", 0.7)


def _magnus(celsius: float) -> float:
    """Logarithm of the saturation vapour pressure, but for a constant (Magnus, over water)."""
    return 17.62 * celsius / (243.12 + celsius)
