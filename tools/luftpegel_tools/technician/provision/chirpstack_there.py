"""What a ChirpStack has of what is wanted: read, never changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server import inventory
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.inventory import GONE, Named
from luftpegel_tools.technician.provision.wanted import Device, Wanted
from luftpegel_tools.technician.words import TroubleError

NO_RIGHT = "LP-510"
NOT_THERE = "LP-511"


@dataclass(frozen=True, slots=True)
class DeviceThere:
    """`device`: api.Device; `keys`: api.DeviceKeys or None; `joined`: it has a session."""

    device: Any
    keys: Any | None
    joined: bool


@dataclass(frozen=True, slots=True)
class There:
    """`profiles` by name, `gateways` by id, `devices` by DevEUI: those that are wanted, wherever they are.
    `foreign`: others in the application, DevEUI and name."""

    tenant: Named | None = None
    application: Named | None = None
    profiles: Mapping[str, Any] = field(default_factory=dict)
    gateways: Mapping[str, Any] = field(default_factory=dict)
    devices: Mapping[str, DeviceThere] = field(default_factory=dict)
    foreign: Sequence[tuple[str, str]] = ()


def read(server: Api, wanted: Wanted, at_once: int) -> There:
    """All of it. `at_once`: calls under way together. OtherEndDown, CannotStart, TroubleError LP-641."""
    tenant = tenant_of(server, wanted.tenant)
    if tenant is None:
        return There(devices=_devices(server, wanted.devices, at_once))
    application = application_of(server, tenant, wanted.application)
    listed = inventory.devices_of(server, application) if application else []
    names = {item.dev_eui.lower(): item.name for item in listed}
    ours = {device.dev_eui for device in wanted.devices}
    profiles = {one.name: profile_of(server, tenant, one.name) for one in wanted.profiles}
    gateways = {one.gateway_id: gateway_of(server, one.gateway_id) for one in wanted.gateways}
    return There(
        tenant=tenant,
        application=application,
        profiles=_present(profiles),
        gateways=_present(gateways),
        devices=_devices(server, wanted.devices, at_once),
        foreign=[(eui, name) for eui, name in names.items() if eui not in ours],
    )


def tenant_of(server: Api, wanted: str | None) -> Named | None:
    """The tenant of this id or name; None where there is none of this name. OtherEndDown LP-510: the key is
    one tenant's and this is no id."""
    if wanted is None or inventory.is_id(wanted):
        return inventory.choose_tenant(server, wanted)
    return _only("tenant", wanted, (one for one in inventory.tenants(server) if one.name == wanted))


def application_of(server: Api, tenant: Named, wanted: str) -> Named | None:
    """The tenant's application of this id or name; None where there is none."""
    asked = {"tenant_id": tenant.id}
    listed = inventory.pages(
        server, server.applications.List, api.ListApplicationsRequest, "applications", **asked
    )
    found = (Named(one.id, one.name) for one in listed)
    return _only("application", wanted, (one for one in found if wanted in (one.id, one.name)))


def profile_of(server: Api, tenant: Named, name: str) -> Any | None:
    """The tenant's device profile of a name, api.DeviceProfile, or None. TroubleError LP-641: several."""
    asked = {"tenant_id": tenant.id, "search": name, "tenant_only": True}
    listed = inventory.pages(
        server, server.profiles.List, api.ListDeviceProfilesRequest, "device profiles", **asked
    )
    item = _only("device profile", name, (Named(one.id, one.name) for one in listed if one.name == name))
    if item is None:
        return None
    request = api.GetDeviceProfileRequest(id=item.id)
    return server.read(server.profiles.Get, request, f"device profile {name}").device_profile


def gateway_of(server: Api, gateway_id: str) -> Any | None:
    """api.Gateway, or None. Another tenant's is none for a tenant's key."""
    request = api.GetGatewayRequest(gateway_id=gateway_id)
    answer = _or_none(lambda: server.read(server.gateways.Get, request, f"gateway {gateway_id}"))
    return answer.gateway if answer is not None else None


def device_of(server: Api, dev_eui: str) -> DeviceThere | None:
    """A device wherever it is, as far as the key may see it; None where it sees none."""
    request = api.GetDeviceRequest(dev_eui=dev_eui)
    answer = _or_none(lambda: server.read(server.devices.Get, request, f"device {dev_eui}"))
    if answer is None:
        return None
    asked = api.GetDeviceKeysRequest(dev_eui=dev_eui)
    keys = _or_none(lambda: server.read(server.devices.GetKeys, asked, f"keys of {dev_eui}"), (NOT_THERE,))
    session = server.read(
        server.devices.GetActivation,
        api.GetDeviceActivationRequest(dev_eui=dev_eui),
        f"activation of {dev_eui}",
    )
    joined = session.HasField("device_activation")
    return DeviceThere(answer.device, keys.device_keys if keys is not None else None, joined)


def _devices(server: Api, devices: Sequence[Device], at_once: int) -> dict[str, DeviceThere]:
    with ThreadPoolExecutor(at_once, thread_name_prefix="read") as threads:
        found = threads.map(lambda device: device_of(server, device.dev_eui), devices)
        return {
            device.dev_eui: there for device, there in zip(devices, found, strict=True) if there is not None
        }


def _or_none(read: Callable[[], Any], gone: Sequence[str] = GONE) -> Any | None:
    """An answer, or None for what is not there."""
    try:
        return read()
    except OtherEndDown as down:
        if down.code in gone:
            return None
        raise


def _only(what: str, name: str, found: Iterable[Named]) -> Named | None:
    """The one of a name: ChirpStack takes any number of them. TroubleError LP-641."""
    fitting = list(found)
    if len(fitting) > 1:
        detail = ", ".join(one.id for one in fitting)
        raise TroubleError("LP-641", what=what, got=name, detail=detail)
    return fitting[0] if fitting else None


def _present(found: Mapping[str, Any | None]) -> dict[str, Any]:
    return {name: one for name, one in found.items() if one is not None}
