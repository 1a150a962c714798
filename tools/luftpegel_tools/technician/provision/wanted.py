"""What a network server shall know of a roster's stations, in no server's words. Reads files, asks nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.station_files import station_file
from luftpegel_tools.technician.keys import Key, Keys
from luftpegel_tools.technician.provision.gateway_table import RadioGateway
from luftpegel_tools.technician.roster import Entry, Roster
from luftpegel_tools.technician.words import TroubleError

USUAL_REGION, USUAL_INTERVAL_S = "EU868", 600


@dataclass(frozen=True, slots=True)
class Profile:
    """How devices of one kind and region behave. `interval_s`: the longest between two uplinks of any."""

    name: str
    kind: str
    region: str
    interval_s: int


@dataclass(frozen=True, slots=True)
class Device:
    """One station. EUIs as 16 hex digits, places in degrees (WGS 84), `profile` by its name."""

    station: str
    name: str
    kind: str
    dev_eui: str
    join_eui: str
    key: Key
    region: str
    interval_s: int
    latitude: float | None
    longitude: float | None
    profile: str

    @property
    def tags(self) -> dict[str, str]:
        """As `luftpegel gateway import` reads them. Each event carries them, so the place is not here."""
        return {
            "luftpegel-id": self.station,
            "luftpegel-kind": self.kind,
            "luftpegel-interval-s": str(self.interval_s),
        }

    @property
    def place(self) -> dict[str, str]:
        """`latitude` and `longitude`, or nothing."""
        if self.latitude is None or self.longitude is None:
            return {}
        return {"latitude": f"{self.latitude:.7g}", "longitude": f"{self.longitude:.7g}"}

    @property
    def description(self) -> str:
        """What a new device is described as; one that stands there already stays."""
        return f"Luftpegel {self.station} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`tenant` and `application`: a name or an id. `tenant` None: the key's only one."""

    tenant: str | None
    application: str
    profiles: Sequence[Profile]
    devices: Sequence[Device]
    gateways: Sequence[RadioGateway] = ()


def of_roster(
    roster: Roster,
    keys: Keys,
    *,
    tenant: str | None,
    application: str,
    gateways: Sequence[RadioGateway] = (),
    language: str = "en",
) -> Wanted:
    """All of a roster. Raises TroubleError LP-605, LP-640; StationFileError."""
    roster.require_euis()
    bare = [entry.station for entry in roster if keys.of(entry.dev_eui) is None]
    if bare:
        raise TroubleError("LP-640", file=roster.file, count=len(bare), detail=bare[0])
    settings = _Settings(lambda file: station_file.load(file, language))
    devices = [_device(entry, keys, *settings.of(entry.station_file)) for entry in roster]
    return Wanted(tenant, application, profiles_of(devices), devices, gateways)


def profiles_of(devices: Sequence[Device]) -> list[Profile]:
    """One for each kind and region that there is, by name."""
    longest: dict[tuple[str, str, str], int] = {}
    for device in devices:
        of = device.profile, device.kind, device.region
        longest[of] = max(longest.get(of, 0), device.interval_s)
    return [Profile(*of, interval_s) for of, interval_s in sorted(longest.items())]


def profile_name(kind: str, region: str) -> str:
    """What a device profile of ours is called."""
    return f"Luftpegel {kind} {region}"


class _Settings:
    """Region and interval of station files, each read once."""

    def __init__(self, load: Callable[[Path], dict[str, object]]) -> None:
        self._load = load
        self._known: dict[Path, tuple[str, int]] = {}

    def of(self, file: Path) -> tuple[str, int]:
        if file not in self._known:
            told = self._load(file)
            radio = told.get("radio")
            region = radio.get("region", USUAL_REGION) if isinstance(radio, dict) else USUAL_REGION
            self._known[file] = str(region), int(str(told.get("interval_s", USUAL_INTERVAL_S)))
        return self._known[file]


def _device(entry: Entry, keys: Keys, region: str, interval_s: int) -> Device:
    key = keys.of(entry.dev_eui)
    assert key is not None
    return Device(
        station=entry.station,
        name=entry.name,
        kind=entry.kind,
        dev_eui=entry.dev_eui,
        join_eui=entry.join_eui,
        key=key,
        region=region,
        interval_s=interval_s,
        latitude=entry.latitude,
        longitude=entry.longitude,
        profile=profile_name(entry.kind, region),
    )
