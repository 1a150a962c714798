"""What has to be done at a ChirpStack: pure, from what is wanted and what is there."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_tools.technician.provision import chirpstack_fields as fields_of
from luftpegel_tools.technician.provision.chirpstack_there import DeviceThere, There
from luftpegel_tools.technician.provision.gateway_table import RadioGateway
from luftpegel_tools.technician.provision.item import Item, State
from luftpegel_tools.technician.provision.wanted import Device, Profile, Wanted
from luftpegel_tools.technician.words import TroubleError


@dataclass(frozen=True, slots=True)
class Policy:
    """`codec`: the payload codec's source. `status_per_day`: how often the battery is asked for.
    `mounted(station)`: whether its board has its key. `replace_keys`: stations whose key may be replaced."""

    codec: str
    status_per_day: int = 1
    mounted: Callable[[str], bool] = lambda _station: False
    replace_keys: Collection[str] = ()


def make(wanted: Wanted, there: There, policy: Policy) -> list[Item]:
    """An item for each thing, in the order in which they are written."""
    return [
        _named("tenant", wanted.tenant or "", there.tenant),
        _named("application", wanted.application, there.application),
        *(profile_item(one, there.profiles.get(one.name), policy) for one in wanted.profiles),
        *(_gateway(one, there) for one in wanted.gateways),
        *_devices(wanted, there, policy),
        *(Item("device", name, State.FOREIGN, eui) for eui, name in there.foreign),
    ]


def profile_item(profile: Profile, there: Any | None, policy: Policy) -> Item:
    """A device profile. One of another region is refused: devices outside would change their channels."""
    if there is None:
        return Item("profile", profile.name, State.NEW)
    wanted = fields_of.of_profile(profile, policy.codec, policy.status_per_day)
    found = fields_of.differences(there, wanted)
    other = next((one for one in found if one.field == "region"), None)
    if other is not None:
        got = f"device profile {profile.name}"
        trouble = TroubleError("LP-643", got=got, region=other.there, wanted=other.here)
        return Item("profile", profile.name, State.REFUSED, there.id, found, trouble)
    return Item("profile", profile.name, State.CHANGED if found else State.SAME, there.id, found)


def gateway_item(gateway: RadioGateway, there: Any | None, tenant_id: str) -> Item:
    """A radio gateway. One of another tenant is refused."""
    if there is None:
        return Item("gateway", gateway.name, State.NEW, gateway.gateway_id)
    if there.tenant_id != tenant_id:
        trouble = TroubleError("LP-651", got=gateway.gateway_id, detail=there.name)
        return Item("gateway", gateway.name, State.REFUSED, gateway.gateway_id, (), trouble)
    found = fields_of.differences(there, fields_of.of_gateway(gateway))
    return Item("gateway", gateway.name, State.CHANGED if found else State.SAME, gateway.gateway_id, found)


def device_item(
    device: Device, there: DeviceThere | None, application_id: str, profile_id: str, policy: Policy
) -> Item:
    """A device with its keys. Refused: one of another application, another key for one that is in use."""
    name = f"{device.station} {device.name}"
    if there is None:
        return Item("device", name, State.NEW, device.dev_eui)
    if there.device.application_id != application_id:
        trouble = TroubleError("LP-642", got=device.dev_eui, station=device.station, detail=there.device.name)
        return Item("device", name, State.REFUSED, device.dev_eui, (), trouble)
    wanted = fields_of.of_device(device, profile_id)
    found = fields_of.differences(there.device, wanted)
    found += fields_of.key_differences(there.keys, device.key)
    if fields_of.is_another_key(there.keys, device.key) and not _may_replace(device, there, policy):
        trouble = TroubleError("LP-644", station=device.station)
        return Item("device", name, State.REFUSED, device.dev_eui, found, trouble)
    return Item("device", name, State.CHANGED if found else State.SAME, device.dev_eui, found)


def _devices(wanted: Wanted, there: There, policy: Policy) -> Iterator[Item]:
    for device in wanted.devices:
        profile_id = getattr(there.profiles.get(device.profile, api.DeviceProfile()), "id", "")
        found = there.devices.get(device.dev_eui)
        yield device_item(device, found, _id(there.application), profile_id, policy)


def _may_replace(device: Device, there: DeviceThere, policy: Policy) -> bool:
    """Whether nobody uses the key that is there; or we are told to replace it all the same."""
    in_use = there.joined or policy.mounted(device.station)
    return not in_use or device.station in policy.replace_keys


def _gateway(gateway: RadioGateway, there: There) -> Item:
    return gateway_item(gateway, there.gateways.get(gateway.gateway_id), _id(there.tenant))


def _named(what: str, name: str, there: Any | None) -> Item:
    if there is None:
        return Item(what, name, State.NEW)
    return Item(what, there.name, State.SAME, there.id)


def _id(there: Any | None) -> str:
    return str(there.id) if there is not None else ""
