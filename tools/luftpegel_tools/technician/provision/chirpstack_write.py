"""Making a ChirpStack as it is wanted: each thing is looked at, written, read back and compared.

An answer that was lost is not asked for by writing again but by looking: ChirpStack takes any number of
tenants, applications and device profiles of one name. So a run that was interrupted anywhere, and run again,
makes nothing twice. Nothing is ever deleted.
"""

import re
from collections.abc import Callable
from typing import Any

import grpc  # type: ignore[import-untyped]
from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.inventory import Named
from luftpegel_tools.technician.provision import chirpstack_fields as fields_of
from luftpegel_tools.technician.provision import chirpstack_there as there_is
from luftpegel_tools.technician.provision.chirpstack_plan import (
    Policy,
    device_item,
    gateway_item,
    profile_item,
)
from luftpegel_tools.technician.provision.gateway_table import RadioGateway
from luftpegel_tools.technician.provision.item import Item, State
from luftpegel_tools.technician.provision.wanted import Device, Profile
from luftpegel_tools.technician.words import TroubleError

_Code = grpc.StatusCode
# After these a change may have been made all the same.
_UNSURE = (_Code.UNAVAILABLE, _Code.DEADLINE_EXCEEDED, _Code.ALREADY_EXISTS, _Code.UNKNOWN, _Code.INTERNAL,
           _Code.CANCELLED)  # fmt: skip
_ABOUT_WHAT_WAS_SENT = (_Code.INVALID_ARGUMENT, _Code.OUT_OF_RANGE, _Code.FAILED_PRECONDITION,
                        _Code.RESOURCE_EXHAUSTED)  # fmt: skip
_QUOTA = re.compile(r"max(imum|\.)? (number|count)|quota|exceeded", re.IGNORECASE)
_CODEC = re.compile(r"codec|script", re.IGNORECASE)


class Writer:
    """One application of one tenant. Usable from several threads once both are there."""

    def __init__(self, server: Api, policy: Policy) -> None:
        self._server = server
        self._policy = policy
        self.tenant = Named("", "")
        self.application = Named("", "")
        self.profile_ids: dict[str, str] = {}

    def find_tenant(self, wanted: str | None, *, with_gateways: bool) -> bool:
        """The tenant, made where there is none; whether it was made."""
        found = there_is.tenant_of(self._server, wanted)
        made = found is None
        if made:
            tenant = api.Tenant(name=wanted, can_have_gateways=with_gateways)
            request = api.CreateTenantRequest(tenant=tenant)
            self._once(
                self._server.tenants.Create, request, f"tenant {wanted}",
                lambda: there_is.tenant_of(self._server, wanted) is not None,
            )  # fmt: skip
            found = there_is.tenant_of(self._server, wanted)
        self.tenant = _there(found, f"tenant {wanted}")
        return made

    def find_application(self, wanted: str) -> bool:
        """The application, made where there is none; whether it was made."""

        def look() -> Named | None:
            return there_is.application_of(self._server, self.tenant, wanted)

        found = look()
        made = found is None
        if made:
            application = api.Application(name=wanted, tenant_id=self.tenant.id)
            request = api.CreateApplicationRequest(application=application)
            self._once(
                self._server.applications.Create, request, f"application {wanted}", lambda: look() is not None
            )
            found = look()
        self.application = _there(found, f"application {wanted}")
        return made

    def profile(self, profile: Profile) -> Item:
        """A device profile as it is wanted; what was done."""

        def look() -> tuple[Any | None, Item]:
            found = there_is.profile_of(self._server, self.tenant, profile.name)
            return found, profile_item(profile, found, self._policy)

        found, first = look()
        if first.writes:
            fields = fields_of.of_profile(profile, self._policy.codec, self._policy.status_per_day)
            wanted = fields_of.mended(found or api.DeviceProfile(tenant_id=self.tenant.id), fields)
            what = f"device profile {profile.name}"
            if found is None:
                call, request = self._server.profiles.Create, api.CreateDeviceProfileRequest
            else:
                call, request = self._server.profiles.Update, api.UpdateDeviceProfileRequest
            self._once(call, request(device_profile=wanted), what, lambda: look()[1].state is State.SAME)
            found, item = look()
            _compared(item)
        if found is not None and first.state is not State.REFUSED:
            self.profile_ids[profile.name] = found.id
        return first

    def gateway(self, gateway: RadioGateway) -> Item:
        """A radio gateway as it is wanted; what was done."""

        def look() -> tuple[Any | None, Item]:
            found = there_is.gateway_of(self._server, gateway.gateway_id)
            return found, gateway_item(gateway, found, self.tenant.id)

        found, first = look()
        if first.writes:
            bare = api.Gateway(gateway_id=gateway.gateway_id, tenant_id=self.tenant.id)
            wanted = fields_of.mended(found or bare, fields_of.of_gateway(gateway))
            if found is None:
                call, request = self._server.gateways.Create, api.CreateGatewayRequest
            else:
                call, request = self._server.gateways.Update, api.UpdateGatewayRequest
            what = f"gateway {gateway.gateway_id}"
            taken = TroubleError("LP-651", got=gateway.gateway_id, detail="-")
            self._once(call, request(gateway=wanted), what, lambda: look()[1].state is State.SAME, taken)
            _compared(look()[1])
        return first

    def device(self, device: Device) -> Item:
        """A device and its keys as they are wanted; what was done. TroubleError LP-640s, OtherEndDown."""
        profile_id = self.profile_ids[device.profile]

        def look() -> tuple[there_is.DeviceThere | None, Item]:
            found = there_is.device_of(self._server, device.dev_eui)
            return found, device_item(device, found, self.application.id, profile_id, self._policy)

        found, first = look()
        if not first.writes:
            return first
        self._device_itself(device, found, look)
        found, item = look()
        if any(one.field == fields_of.KEY_FIELD for one in item.differences):
            self._keys(device, found, look)
            found, item = look()
        _compared(item)
        return first

    def flush_nonces(self, device: Device) -> None:
        """Have the numbers of earlier joins forgotten, so that a board that lost its own may join again."""
        request = api.FlushDevNoncesRequest(dev_eui=device.dev_eui)
        what = f"nonces of {device.dev_eui}"
        self._once(self._server.devices.FlushDevNonces, request, what, lambda: False)

    def _device_itself(self, device: Device, found: Any | None, look: Callable[[], tuple[Any, Item]]) -> None:
        bare = api.Device(dev_eui=device.dev_eui, application_id=self.application.id)
        fields = fields_of.of_device(device, self.profile_ids[device.profile])
        before = found.device if found is not None else bare
        if found is not None and not fields_of.differences(before, fields):
            return
        if found is None:
            call, request = self._server.devices.Create, api.CreateDeviceRequest
        else:
            call, request = self._server.devices.Update, api.UpdateDeviceRequest

        def is_there() -> bool:
            there = look()[0]
            return there is not None and not fields_of.differences(there.device, fields)

        taken = TroubleError("LP-642", got=device.dev_eui, station=device.station, detail="-")
        wanted = fields_of.mended(before, fields)
        self._once(call, request(device=wanted), f"device {device.dev_eui}", is_there, taken)

    def _keys(self, device: Device, found: Any | None, look: Callable[[], tuple[Any, Item]]) -> None:
        keys = fields_of.keys_of(device)
        if found is None or found.keys is None:
            call, request = self._server.devices.CreateKeys, api.CreateDeviceKeysRequest
        else:
            call, request = self._server.devices.UpdateKeys, api.UpdateDeviceKeysRequest

        def is_there() -> bool:
            there = look()[0]
            return there is not None and not fields_of.key_differences(there.keys, device.key)

        self._once(call, request(device_keys=keys), f"keys of {device.dev_eui}", is_there)

    def _once(
        self,
        method: Callable[..., Any],
        request: Any,
        what: str,
        is_there: Callable[[], bool],
        taken: TroubleError | None = None,
    ) -> None:
        """Make a change; where its answer was lost, look whether it was made."""
        try:
            self._server.change(method, request, what)
        except OtherEndDown as down:
            status = status_of(down)
            if status in _UNSURE and is_there():
                return
            if status is _Code.ALREADY_EXISTS and taken is not None:
                raise taken from down
            raise _refined(down, status, what) from down


def status_of(down: OtherEndDown) -> Any | None:
    """The gRPC status behind a fault."""
    cause = down.__cause__
    return cause.code() if isinstance(cause, grpc.RpcError) else None


def _refined(down: OtherEndDown, status: Any | None, what: str) -> Exception:
    """What the server said of what was sent; its words never have a key in them, for ours has none in."""
    if status not in (*_ABOUT_WHAT_WAS_SENT, _Code.INTERNAL, _Code.UNKNOWN):
        return down
    if _QUOTA.search(down.detail):
        return TroubleError("LP-645", what=what, detail=down.detail)
    if what.startswith("device profile") and _CODEC.search(down.detail.replace(what, "")):
        return TroubleError("LP-646", what=what, detail=down.detail)
    if status in _ABOUT_WHAT_WAS_SENT:
        return TroubleError("LP-650", what=what, detail=down.detail)
    return down


def _compared(item: Item) -> None:
    """LP-647: what was read back is not what was written; LP-646 where that is the codec."""
    if item.trouble is not None:
        raise item.trouble
    if item.state is not State.SAME:
        fields = ", ".join(one.field for one in item.differences) or item.state
        code = "LP-646" if fields == fields_of.CODEC_FIELD else "LP-647"
        raise TroubleError(code, what=f"{item.what} {item.name}", detail=fields)


def _there(found: Named | None, what: str) -> Named:
    if found is None:
        raise TroubleError("LP-647", what=what, detail="-")
    return found
