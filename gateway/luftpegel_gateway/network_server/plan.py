"""What an import would change in stations.toml. Pure.

Stations are found by DevEUI. What is here is kept: an import adds stations, fills in what they lack, and
changes a name or a place only where ChirpStack is to be preferred. It removes nothing, and renames no id.

Tags of a device, or of its profile, say what a name cannot: `luftpegel-id`, `luftpegel-kind`,
`luftpegel-interval-s`; `latitude` and `longitude` (degrees); `luftpegel` = `no` leaves a device out.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from luftpegel_gateway.config import editing
from luftpegel_gateway.config.stations import OPTIONS
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.network_server.inventory import Device, Inventory

LOCAL, CHIRPSTACK = "local", "chirpstack"
ID_TAG, KIND_TAG, INTERVAL_TAG = "luftpegel-id", "luftpegel-kind", "luftpegel-interval-s"
OURS_TAG = "luftpegel"
NOT_OURS = ("no", "false", "0")
KINDS = ("climate", "air", "level")
LONGEST_ID = 64
SHORTEST_S, LONGEST_S = 10, 86400
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
# Why a device is left out.
FOREIGN, DISABLED, NO_KIND, BAD_KIND, BAD_ID, TAKEN_ID, RETIRED = (
    "foreign", "disabled", "no-kind", "bad-kind", "bad-id", "taken-id", "retired",
)  # fmt: skip
WRONG = (NO_KIND, BAD_KIND, BAD_ID, TAKEN_ID)  # of these somebody has to do something


class Added(msgspec.Struct, frozen=True):
    """A station that is to be entered: its keys in stations.toml."""

    values: Mapping[str, Any]
    region: str


class Differs(msgspec.Struct, frozen=True):
    """A value that is another one there; `written` when it is to be changed here."""

    station: str
    key: str
    here: Any
    there: Any
    written: bool


class LeftOut(msgspec.Struct, frozen=True):
    """A device that does not become a station, and why."""

    dev_eui: str
    name: str
    reason: str
    detail: str = ""


class Plan(msgspec.Struct, frozen=True):
    """`gone`: stations whose device is in none of the applications. `disabled`: whose device is disabled."""

    added: tuple[Added, ...] = ()
    differs: tuple[Differs, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    gone: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """How many stations are added, and values changed."""
        return len(self.added) + sum(one.written for one in self.differs)


def make(
    inventory: Inventory, stations: Collection[Station], tenant: str, *, kind: str | None, prefer: str
) -> Plan:
    """What to do. `stations`: all of stations.toml. `tenant`: of stations.toml, for new ones. `kind`: of
    devices without a tag that says it. `prefer`: whose name and place counts."""
    ours = [station for station in stations if station.tenant == tenant]
    present = {station.dev_eui: station for station in ours if not station.retired}
    retired = {station.dev_eui for station in ours if station.retired} - set(present)
    taken = {name.casefold() for station in ours for name in (station.id, station.label)}
    added: list[Added] = []
    differs: list[Differs] = []
    left_out: list[LeftOut] = []
    disabled: list[str] = []
    for device in sorted(inventory.devices, key=_order):
        station = present.get(device.dev_eui)
        if station is not None:
            differs += _differences(device, station, prefer)
            disabled += [station.label] if device.disabled else []
            continue
        reason, detail = _why_not(device, retired, taken, kind)
        if reason:
            left_out.append(LeftOut(device.dev_eui, device.name, reason, detail))
            continue
        values = _values(device, taken, tenant, kind)
        taken.add(values["id"].casefold())
        added.append(Added(values, device.region))
    gone = tuple(station.label for dev_eui, station in present.items() if dev_eui not in inventory.known)
    return Plan(tuple(added), tuple(differs), tuple(left_out), gone, tuple(disabled))


def apply(plan: Plan, tenant: str, text: str) -> str:
    """The text of stations.toml with the plan carried out. Raises Wrong, as `editing` does."""
    changed = editing.change(text, tenant, _by_station(plan.differs))
    return editing.add(changed, *(added.values for added in plan.added))


def _order(device: Device) -> tuple[bool, str]:
    """Those whose tag names an id first: what is made of a name must not take it."""
    return ID_TAG not in device.tags, device.dev_eui


def _by_station(differs: Iterable[Differs]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in differs:
        if one.written:
            found.setdefault(one.station, {})[one.key] = one.there
    return found


def _why_not(
    device: Device, retired: Collection[str], taken: Collection[str], kind: str | None
) -> tuple[str, str]:
    """Why a new device does not become a station, and of what; "" when it does."""
    told, wanted = device.tags.get(KIND_TAG, "").strip().lower(), device.tags.get(ID_TAG, "").strip()
    reasons = (
        (device.tags.get(OURS_TAG, "").strip().lower() in NOT_OURS, FOREIGN, ""),
        (device.dev_eui in retired, RETIRED, ""),
        (device.disabled, DISABLED, ""),
        (bool(told) and told not in KINDS, BAD_KIND, told),
        (not told and kind is None, NO_KIND, ""),
        (bool(wanted) and not _can_be_id(wanted), BAD_ID, wanted),
        (wanted.casefold() in taken, TAKEN_ID, wanted),
    )
    return next(((reason, detail) for holds, reason, detail in reasons if holds), ("", ""))


def _values(device: Device, taken: Collection[str], tenant: str, kind: str | None) -> dict[str, Any]:
    """The keys of a new station, in the order of `station add`."""
    values: dict[str, Any] = {"id": device.tags.get(ID_TAG, "").strip() or free_id(device, taken)}
    if tenant:
        values["tenant"] = tenant
    values |= {"dev_eui": device.dev_eui, "name": _name(device)}
    values["kind"] = device.tags.get(KIND_TAG, "").strip().lower() or kind
    if interval := _interval(device):
        values["interval_s"] = interval
    return values | dict(place_of(device) or {})


def free_id(device: Device, taken: Collection[str]) -> str:
    """An id made of the device's name that no station has; of one name the DevEUI tells them apart."""
    plain = unicodedata.normalize("NFKD", device.name.translate(_GERMAN)).encode("ascii", "ignore").decode()
    made = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:LONGEST_ID]
    for digits in (0, 4, 8, 16):
        tail = f"-{device.dev_eui[-digits:]}" if digits else ""
        candidate = made[: LONGEST_ID - len(tail)] + tail if made else device.dev_eui
        if candidate.casefold() not in taken:
            return candidate
    return f"station-{device.dev_eui}"


def place_of(device: Device) -> Mapping[str, float] | None:
    """Latitude and longitude from the device's tags or variables; None: not both, or no degrees."""
    told = {**device.variables, **device.tags}
    try:
        place = {key: float(told[key].strip().replace(",", ".")) for key in ("latitude", "longitude")}
    except (KeyError, ValueError):
        return None
    sound = abs(place["latitude"]) <= 90 and abs(place["longitude"]) <= 180  # not a number: neither
    return place if sound else None


def _name(device: Device) -> str:
    return device.name.strip() or device.dev_eui


def _interval(device: Device) -> int | None:
    """From its tag alone: what a profile says is usually the 3600 s that ChirpStack itself put there."""
    told = device.tags.get(INTERVAL_TAG, "").strip()
    seconds = int(told) if re.fullmatch(r"\d{1,6}", told, re.ASCII) else 0
    return seconds if SHORTEST_S <= seconds <= LONGEST_S else None


def _differences(device: Device, station: Station, prefer: str) -> list[Differs]:
    """What ChirpStack says otherwise. A place that is lacking here is filled in, whoever is preferred."""
    there = {"name": _name(device), **(place_of(device) or {})}
    return [
        Differs(station.label, key, here, there[key], prefer == CHIRPSTACK or here is None)
        for key in there
        if (here := getattr(station, key)) != there[key]
    ]


def _can_be_id(text: str) -> bool:
    try:
        OPTIONS["id"].read(text, None)  # type: ignore[arg-type] # paths alone look at the folder
    except Wrong:
        return False
    return True
