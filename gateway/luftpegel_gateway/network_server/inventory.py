"""What ChirpStack has: one tenant, its applications, and their devices with all that an import needs.

Lists come in pages. Sorted by name, as ChirpStack does unless asked otherwise, devices of one name may stand
on two pages or on none; so they are asked for by DevEUI, and counted. An older ChirpStack ignores the order:
then the list is read again until every device was seen.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from chirpstack_api import api  # type: ignore[import-untyped]
from chirpstack_api.common import common_pb2  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.network_server.channel import Api

PAGE = 100
READINGS = 5  # of a list that does not hold still
MOST = 100_000  # of anything: more is no town's
SHOWN = 10  # names in a message
GONE = ("LP-510", "LP-511")  # what a tenant's key and the server's hear of a device that is not there
NOT_THERE, SEVERAL, MOVES = "LP-511", "LP-512", "LP-519"


class Named(msgspec.Struct, frozen=True):
    """A tenant or an application."""

    id: str
    name: str


class Device(msgspec.Struct, frozen=True):
    """A device as ChirpStack has it. `tags`: its profile's, and over them its own. `region`: as EU868."""

    dev_eui: str
    name: str
    application: str  # the application's id
    application_name: str
    description: str = ""
    profile: str = ""
    region: str = ""
    disabled: bool = False
    tags: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}


class Inventory(msgspec.Struct, frozen=True):
    """What was read. `devices`: those that are let through; `known`: the DevEUI of every one."""

    tenant: Named
    applications: tuple[Named, ...]
    devices: tuple[Device, ...]
    known: frozenset[str]


def choose_tenant(server: Api, wanted: str | None) -> Named:
    """The tenant of this id or name, or the only one. CannotStart, OtherEndDown.

    Its id needs no list, which a tenant's own key may not read.
    """
    if wanted and is_id(wanted):
        return Named(wanted.lower(), wanted.lower())
    return _one(tenants(server), wanted, "tenant")


def tenants(server: Api) -> list[Named]:
    """All tenants. OtherEndDown LP-510: the key is one tenant's."""
    listed = pages(server, server.tenants.List, api.ListTenantsRequest, "tenants")
    return [Named(one.id, one.name) for one in listed]


def choose_applications(
    server: Api, tenant: Named, wanted: Sequence[str], let_in: Callable[[Named], bool] | None = None
) -> tuple[Named, ...]:
    """Those of these ids or names; without any, those that `let_in` says, or the only one."""
    listed = pages(server, server.applications.List, api.ListApplicationsRequest, "applications",
                   tenant_id=tenant.id)  # fmt: skip
    found = [Named(one.id, one.name) for one in listed]
    if wanted:
        return tuple(dict.fromkeys(_one(found, name, "application") for name in wanted))
    if let_in is not None:
        chosen = tuple(one for one in found if let_in(one))
        if chosen:
            return chosen
        raise CannotStart(NOT_THERE, _there(f"{tenant.name}: applications = [...]", found))
    return (_one(found, None, "application"),)


def read(
    server: Api,
    tenant: Named,
    applications: Sequence[Named],
    *,
    profiles: Collection[str] = (),
    tags: Mapping[str, str] = {},
    passes: Callable[[Device], bool] = lambda _device: True,
) -> Inventory:
    """All devices of these applications, and in full those of these profiles, with these tags, that pass.

    `profiles`: ids or names; none: any. CannotStart, OtherEndDown.
    """
    known: set[str] = set()
    devices: list[Device] = []
    kinds: dict[str, Any] = {}
    for application in applications:
        for item in devices_of(server, application):
            known.add(item.dev_eui.lower())
            if profiles and not {item.device_profile_id, item.device_profile_name} & set(profiles):
                continue
            if item.device_profile_id not in kinds:
                kinds[item.device_profile_id] = _profile(server, item.device_profile_id)
            device = _device(server, item, application, kinds[item.device_profile_id])
            if all(device.tags.get(key) == value for key, value in tags.items()) and passes(device):
                devices.append(device)
    return Inventory(tenant, tuple(applications), tuple(devices), frozenset(known))


def _device(server: Api, item: Any, application: Named, profile: Any) -> Device:
    """A device of the list, with what only its own page says. CannotStart LP-519: it is gone meanwhile."""
    what = f"device {item.dev_eui}"
    try:
        whole = server.read(server.devices.Get, api.GetDeviceRequest(dev_eui=item.dev_eui), what).device
    except OtherEndDown as down:
        if down.code in GONE:
            raise CannotStart(MOVES, what) from down
        raise
    return Device(
        dev_eui=item.dev_eui.lower(),
        name=item.name,
        application=application.id,
        application_name=application.name,
        description=item.description,
        profile=item.device_profile_name,
        region=_region(profile.region),
        disabled=whole.is_disabled,
        tags={**profile.tags, **whole.tags},
        variables=dict(whole.variables),
    )


def _region(number: int) -> str:
    values = common_pb2.Region.DESCRIPTOR.values_by_number
    return str(values[number].name) if number in values else str(number)


def _profile(server: Api, profile_id: str) -> Any:
    request = api.GetDeviceProfileRequest(id=profile_id)
    return server.read(server.profiles.Get, request, f"device profile {profile_id}").device_profile


def devices_of(server: Api, application: Named) -> list[Any]:
    """Each device of an application once, by DevEUI. CannotStart LP-519: the list does not hold still."""
    order = api.ListDevicesRequest.OrderBy.DEV_EUI
    seen: dict[str, Any] = {}
    for _ in range(READINGS):
        asked = {"application_id": application.id, "order_by": order}
        listed = list(pages(server, server.devices.List, api.ListDevicesRequest, "devices", **asked))
        seen |= {item.dev_eui: item for item in listed}
        if len(seen) == len(listed):
            return [seen[dev_eui] for dev_eui in sorted(seen)]
    raise CannotStart(MOVES, f"{application.name}: {len(seen)}")


def pages(
    server: Api, method: Callable[..., Any], request: Callable[..., Any], what: str, **asked: Any
) -> Iterator[Any]:
    """Everything of a list. ChirpStack only counts when it is asked for no limit."""
    offset = 0
    while offset < MOST:
        answer = server.read(method, request(limit=PAGE, offset=offset, **asked), what)
        yield from answer.result
        offset += len(answer.result)
        if not answer.result or offset >= answer.total_count:
            return
    raise CannotStart(MOVES, f"{what}: {MOST}")


def _one(found: Sequence[Named], wanted: str | None, what: str) -> Named:
    fitting = [one for one in found if wanted is None or wanted in (one.id, one.name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = ", ".join(f"{one.name} ({one.id})" for one in fitting[:SHOWN])
        raise CannotStart(SEVERAL, f"{what}: {shown}")
    raise CannotStart(NOT_THERE, _there(f"{what} {wanted or ''}".strip(), found))


def _there(what: str, found: Sequence[Named]) -> str:
    names = ", ".join(one.name for one in found[:SHOWN]) or "-"
    return f"{what} (there are: {names})"


def is_id(text: str) -> bool:
    """Whether this is an id of ChirpStack's own, a UUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == 36
