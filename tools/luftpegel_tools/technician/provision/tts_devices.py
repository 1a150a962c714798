"""A station as The Things Stack v3 has it: four registries, each with fields of its own. Pure.

Which field lives in which registry, and the order in which they are written: the reference of its API
(end device APIs). Columns of its CSV: its CSV file reference; semicolons, the one separator of older
releases.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.technician.provision.item import Difference, told
from luftpegel_tools.technician.provision.wanted import Device
from luftpegel_tools.technician.words import TroubleError

MAC_VERSION, PHY_VERSION = "MAC_V1_0_4", "RP002_V1_0_3"
KEY_PATH = "root_keys.app_key.key"
CODEC_PATH = "formatters.up_formatter_parameter"
_DEVICE_ID = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,35}")
_COLUMNS = ("id", "dev_eui", "join_eui", "name", "description", "frequency_plan_id", "lorawan_version",
            "lorawan_phy_version", "app_key", "supports_class_c")  # fmt: skip
_ONCE = ("description",)

# Region -> the plan that most use, and how all of the region begin.
_PLANS = {
    "EU868": ("EU_863_870_TTN", "EU_863_870"),
    "EU433": ("EU_433", "EU_433"),
    "IN865": ("IN_865_867", "IN_865"),
}

Paths = Mapping[str, Any]  # field by its path in the API's mask


@dataclass(frozen=True, slots=True)
class Registry:
    """`prefix`: of its paths below /api/v3/; `paths`: what we want of it."""

    name: str
    prefix: str
    paths: Paths


def device_id(station: str) -> str:
    """A station's id there: lower case, single hyphens. Of one that cannot be: TroubleError LP-658."""
    found = re.sub(r"-+", "-", station.lower()).strip("-")
    if not _DEVICE_ID.fullmatch(found) or len(found) > 36:
        raise TroubleError("LP-658", got=station, other="-", detail=found or "-")
    return found


def judge_ids(devices: Sequence[Device]) -> None:
    """Raise TroubleError LP-658 where two stations would be one device, or one would be none."""
    seen: dict[str, str] = {}
    for device in devices:
        made = device_id(device.station)
        other = seen.setdefault(made, device.station)
        if other != device.station:
            raise TroubleError("LP-658", got=device.station, other=other, detail=made)


def plan_of(device: Device, asked: str | None) -> str:
    """The frequency plan of a station. TroubleError LP-643: the one asked for is of another region."""
    usual, beginning = _PLANS.get(device.region, ("", ""))
    plan = asked or usual
    if not plan or not plan.startswith(beginning):
        got = f"--frequency-plan {plan or '-'}"
        raise TroubleError("LP-643", got=got, region=plan or "-", wanted=device.region)
    return plan


def registries(device: Device, host: str, plan: str | None, codec: str) -> list[Registry]:
    """In the order in which they are written: identity, join, network, application server."""
    servers = {"network_server_address": host, "application_server_address": host}
    identity: dict[str, Any] = {
        "name": device.name,
        "description": device.description,
        "join_server_address": host,
        **servers,
        **{f"attributes.{key}": value for key, value in device.tags.items()},
    }
    if device.latitude is not None and device.longitude is not None:
        identity["locations.user.latitude"] = device.latitude
        identity["locations.user.longitude"] = device.longitude
    network = {
        "lorawan_version": MAC_VERSION,
        "lorawan_phy_version": PHY_VERSION,
        "frequency_plan_id": plan_of(device, plan),
        "supports_join": True,
    }
    decoding = {"formatters.up_formatter": "FORMATTER_JAVASCRIPT", CODEC_PATH: codec} if codec else {}
    return [
        Registry("identity server", "", identity),
        # LoRaWAN 1.0.x has an AppKey alone; a NwkKey beside it would be that of 1.1.
        Registry("join server", "js/", {**servers, KEY_PATH: device.key.hex()}),
        Registry("network server", "ns/", network),
        Registry("application server", "as/", decoding),
    ]


def mask(paths: Paths) -> list[str]:
    """The field mask: maps are asked for and written as a whole."""
    return sorted({path.partition(".")[0] if path.startswith(("attributes", "locations")) else path
                   for path in paths})  # fmt: skip


def at(message: Mapping[str, Any], path: str) -> Any:
    """A field by its path; "" for one that is empty, which the API leaves out."""
    found: Any = message
    for name in path.split("."):
        found = found.get(name, "") if isinstance(found, Mapping) else ""
    return found


def put(message: dict[str, Any], path: str, value: Any) -> None:
    """Set a field by its path."""
    *folders, name = path.split(".")
    for folder in folders:
        message = message.setdefault(folder, {})
    message[name] = value


def differences(message: Mapping[str, Any], paths: Paths) -> list[Difference]:
    """Where a registry's device is not as wanted; of a key only that it is another one."""
    found = []
    for path, wanted in paths.items():
        there = at(message, path)
        if path in _ONCE and there:
            continue
        if path == KEY_PATH:
            if str(there).lower() != wanted:
                found.append(Difference("key", "***" if there else "", "***"))
        elif there != wanted:
            shown = (f"{len(str(value))} characters" if path == CODEC_PATH else told(value)
                     for value in (there, wanted))  # fmt: skip
            found.append(Difference(path, *shown))
    return found


def body(device: Device, application: str, there: Mapping[str, Any], paths: Paths) -> dict[str, Any]:
    """A request that sets these fields; attributes and places of others stay."""
    message: dict[str, Any] = {"ids": ids(device, application)}
    for whole in ("attributes", "locations"):
        if any(path.startswith(whole) for path in paths) and isinstance(there.get(whole), Mapping):
            message[whole] = {key: dict(one) if isinstance(one, Mapping) else one
                              for key, one in there[whole].items()}  # fmt: skip
    for path, value in paths.items():
        put(message, path, at(there, path) if path in _ONCE and at(there, path) else value)
    return {"end_device": message, "field_mask": {"paths": mask(paths)}}


def ids(device: Device, application: str) -> dict[str, Any]:
    """What names a device in each registry."""
    return {
        "device_id": device_id(device.station),
        "dev_eui": device.dev_eui.upper(),
        "join_eui": device.join_eui.upper(),
        "application_ids": {"application_id": application},
    }


def csv_of(devices: Sequence[Device], plan: str | None) -> bytes:
    """The file that the console imports. TroubleError LP-643, LP-658."""
    judge_ids(devices)
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for device in devices:
        table.writerow([
            device_id(device.station), device.dev_eui.upper(), device.join_eui.upper(), device.name,
            device.description, plan_of(device, plan), MAC_VERSION, PHY_VERSION, device.key.hex().upper(),
            "false",
        ])  # fmt: skip
    return out.getvalue().encode("utf-8")
