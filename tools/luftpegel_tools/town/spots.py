"""Where the town's stations and gateways stand: names, coordinates, and how well each hears the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from luftpegel_tools.air.modem_link import GatewaySite
from luftpegel_tools.town.place import Place

Signal = tuple[int, float]  # RSSI in dBm, SNR in dB


@dataclass(frozen=True)
class Spot:
    """A place for a station; `signals` are those at the town's gateways."""

    name: str
    latitude: float
    longitude: float
    signals: Sequence[Signal]

    def place(self, number: int, seed: int, epoch_s: int) -> Place:
        """The truth about it, for the town's `number`-th station."""
        return Place(f"{self.name} {number}", seed, epoch_s, self.latitude, self.longitude)

    def sites(self) -> list[GatewaySite]:
        """The town's gateways as they are reached from here. The first one knows the time by GPS."""
        return [
            GatewaySite(f"0016c001f150000{i}", rssi, snr, has_gps=i == 1, latitude=51.35, longitude=12.38)
            for i, (rssi, snr) in enumerate(self.signals, 1)
        ]


# around Leipzig's Parthe
_SPOTS = (
    Spot("Park", 51.3472, 12.3848, ((-88, 9.5), (-117, -6.0))),
    Spot("Main road", 51.3420, 12.3750, ((-97, 7.0), (-109, 0.5))),
    Spot("Mill bridge", 51.3561, 12.3922, ((-108, 1.5), (-112, -1.0))),
    Spot("School yard", 51.3388, 12.3903, ((-101, 5.0), (-105, 3.0))),
    Spot("Weir", 51.3609, 12.4011, ((-113, -2.0), (-103, 4.5))),
)


def spot_of(number: int) -> Spot:
    """Where the town's `number`-th station stands, counted from 1; there are few spots, so they repeat."""
    return _SPOTS[(number - 1) % len(_SPOTS)]
