"""What the network server knows: tenants, applications, profiles, devices, sessions and downlink queues.

Kept as the very protobuf messages of its API, in memory. Three errors, named after their gRPC status.
"""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]


class RecordError(Exception):
    """A request that cannot be granted."""


class NotFoundError(RecordError):
    """No such object."""


class AlreadyExistsError(RecordError):
    """The object is there already."""


class InvalidError(RecordError):
    """The request makes no sense."""


class NotAllowedError(RecordError):
    """A tenant's quota is used up."""


class MalformedError(RecordError):
    """An identifier is none: the original calls that an internal error, for EUIs and keys."""


@dataclass
class Session:
    """An activated device."""

    dev_addr: int
    app_s_key: bytes
    nwk_s_key: bytes
    f_cnt_up: int = 0  # the next one expected
    f_cnt_down: int = 0
    snr_history: list[float] = field(default_factory=list)


@dataclass
class DeviceRecord:
    """A device with everything that belongs to it alone."""

    device: Any  # api.Device
    keys: Any | None = None  # api.DeviceKeys
    used_nonces: set[int] = field(default_factory=set)
    session: Session | None = None
    queue: list[Any] = field(default_factory=list)  # api.DeviceQueueItem, next one first
    last_status_s: float | None = None  # when the device last told its status, Unix seconds


def hex_of(text: str, size: int, what: str) -> str:
    """Check a hexadecimal identifier of `size` bytes; gives it in lower case.

    Raises:
        MalformedError: it is no such thing.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise MalformedError(f"{what}: {text!r} is not hexadecimal") from error
    if len(raw) != size:
        raise MalformedError(f"{what}: {text!r} has {len(raw)} bytes, not {size}")
    return raw.hex()


def uuid_of(text: str) -> str:
    """Check an identifier; gives it as the server writes it.

    Raises:
        InvalidError: it is no UUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise InvalidError(f"{text!r} is no UUID") from error


def given(request: Any, part: str) -> Any:
    """A part of a request. InvalidError: it is missing."""
    if not request.HasField(part):
        raise InvalidError(f"{part} is missing")
    return getattr(request, part)


class Records:
    """The database of the network server; not locked, its owner does that."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.tenants: dict[str, Any] = {}
        self.applications: dict[str, Any] = {}
        self.profiles: dict[str, Any] = {}
        self.devices: dict[str, DeviceRecord] = {}
        self.gateways: dict[str, Any] = {}

    def new_id(self) -> str:
        """A random UUID, version 4, from the seeded generator."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def add_tenant(self, tenant: Any) -> str:
        """Store an api.Tenant; gives its id."""
        return self._add(self.tenants, tenant, "tenant")

    def add_application(self, application: Any) -> str:
        """Store an api.Application of a known tenant; gives its id."""
        self._known(self.tenants, application.tenant_id, "tenant")
        return self._add(self.applications, application, "application")

    def add_profile(self, profile: Any) -> str:
        """Store an api.DeviceProfile of a known tenant; gives its id."""
        self._known(self.tenants, profile.tenant_id, "tenant")
        return self._add(self.profiles, profile, "device profile")

    def add_device(self, device: Any) -> None:
        """Store an api.Device of a known application and profile."""
        dev_eui = hex_of(device.dev_eui, 8, "dev_eui")
        if device.join_eui:
            hex_of(device.join_eui, 8, "join_eui")
        self._known(self.applications, uuid_of(device.application_id), "application")
        self._known(self.profiles, uuid_of(device.device_profile_id), "device profile")
        tenant = self.tenants[self.applications[device.application_id].tenant_id]
        there = sum(
            self.applications[one.device.application_id].tenant_id == tenant.id
            for one in self.devices.values()
        )
        if tenant.max_device_count and there >= tenant.max_device_count:
            raise NotAllowedError("Max number of devices exceeded for tenant")
        if dev_eui in self.devices:
            raise AlreadyExistsError(f"Object already exists (id: {dev_eui})")
        self.devices[dev_eui] = DeviceRecord(_stored_device(device, dev_eui))

    def change_device(self, device: Any) -> None:
        """Store another api.Device under an EUI that is there."""
        record = self.device(device.dev_eui)
        self._known(self.applications, uuid_of(device.application_id), "application")
        self._known(self.profiles, uuid_of(device.device_profile_id), "device profile")
        record.device = _stored_device(device, hex_of(device.dev_eui, 8, "dev_eui"))

    def change_profile(self, profile: Any) -> None:
        """Store another api.DeviceProfile under an id that is there; its tenant stays."""
        there = self._known(self.profiles, uuid_of(profile.id), "device profile")
        stored = api.DeviceProfile()
        stored.CopyFrom(profile)
        stored.tenant_id = there.tenant_id
        self.profiles[stored.id] = stored

    def add_gateway(self, gateway: Any) -> None:
        """Store an api.Gateway of a known tenant."""
        gateway_id = hex_of(gateway.gateway_id, 8, "gateway_id")
        tenant = self._known(self.tenants, uuid_of(gateway.tenant_id), "tenant")
        there = sum(one.tenant_id == tenant.id for one in self.gateways.values())
        if tenant.max_gateway_count and there >= tenant.max_gateway_count:
            raise NotAllowedError("Max number of gateways exceeded for tenant")
        if gateway_id in self.gateways:
            raise AlreadyExistsError(f"Object already exists (id: {gateway_id})")
        self.gateways[gateway_id] = _stored_gateway(gateway, gateway_id, tenant.id)

    def change_gateway(self, gateway: Any) -> None:
        """Store another api.Gateway under an id that is there; its tenant stays."""
        there = self.gateway(gateway.gateway_id)
        self.gateways[there.gateway_id] = _stored_gateway(gateway, there.gateway_id, there.tenant_id)

    def gateway(self, gateway_id: str) -> Any:
        """A radio gateway by its id (16 hex digits)."""
        return self._known(self.gateways, hex_of(gateway_id, 8, "gateway_id"), "gateway")

    def set_keys(self, keys: Any) -> None:
        """Store the root keys of a device; with LoRaWAN 1.0.x `nwk_key` is the AppKey."""
        record = self.device(keys.dev_eui)
        if record.keys is not None:
            raise AlreadyExistsError(f"Object already exists (id: {keys.dev_eui})")
        record.keys = _stored_keys(keys)

    def change_keys(self, keys: Any) -> None:
        """Store other root keys; the numbers of earlier joins stay known."""
        record = self.device(keys.dev_eui)
        if record.keys is None:
            raise NotFoundError(f"Object does not exist (id: {keys.dev_eui})")
        record.keys = _stored_keys(keys)

    def flush_nonces(self, dev_eui: str) -> None:
        """Forget the numbers of earlier joins."""
        record = self.device(dev_eui)
        if record.keys is None:
            raise NotFoundError(f"Object does not exist (id: {dev_eui})")
        record.used_nonces.clear()

    def device(self, dev_eui: str) -> DeviceRecord:
        """A device by its EUI (16 hex digits)."""
        record: DeviceRecord = self._known(self.devices, hex_of(dev_eui, 8, "dev_eui"), "device")
        return record

    def devices_of(self, application_id: str, asked: Any) -> list[Any]:
        """The devices of an application, as api.ListDevicesRequest asks for them."""
        found = [
            record.device
            for record in self.devices.values()
            if record.device.application_id == uuid_of(application_id)
            and asked.search.lower() in record.device.name.lower()
            and asked.device_profile_id in ("", record.device.device_profile_id)
            and all(record.device.tags.get(key) == value for key, value in asked.tags.items())
        ]
        self._rng.shuffle(found)
        by_eui = asked.order_by == api.ListDevicesRequest.OrderBy.DEV_EUI
        found.sort(key=lambda device: device.dev_eui if by_eui else device.name, reverse=asked.order_by_desc)
        return found

    def enqueue(self, item: Any, item_id: str | None = None) -> str:
        """Append an api.DeviceQueueItem; gives its id, a new one unless the client may name its own."""
        record = self.device(item.dev_eui)
        if not 1 <= item.f_port <= 255:
            raise InvalidError(f"f_port: {item.f_port} is not 1..255")
        if item_id is not None:
            try:
                item_id = str(uuid.UUID(item_id))
            except ValueError as error:
                raise InvalidError(f"id: {item_id!r} is not a UUID") from error
            if any(item_id == queued.id for other in self.devices.values() for queued in other.queue):
                raise AlreadyExistsError(f"queue item {item_id} already exists")
        stored = api.DeviceQueueItem()
        stored.CopyFrom(item)
        stored.dev_eui = record.device.dev_eui
        stored.id = item_id or self.new_id()
        stored.is_pending = False
        record.queue.append(stored)
        return str(stored.id)

    def tags_of(self, device: Any) -> Iterable[tuple[str, str]]:
        """Tags of application, profile and device; the device's own win."""
        merged: dict[str, str] = {}
        for owner in (
            self.applications[device.application_id],
            self.profiles[device.device_profile_id],
            device,
        ):
            merged.update(owner.tags)
        return merged.items()

    def _add(self, shelf: dict[str, Any], message: Any, what: str) -> str:
        if not message.name:
            raise InvalidError(f"{what}: name is missing")
        stored = type(message)()
        stored.CopyFrom(message)
        stored.id = self.new_id()
        shelf[stored.id] = stored
        return str(stored.id)

    def _known(self, shelf: dict[str, Any], key: str, what: str) -> Any:
        try:
            return shelf[key]
        except KeyError:
            raise NotFoundError(f"Object does not exist (id: {key}): {what}") from None


def _stored_device(device: Any, dev_eui: str) -> Any:
    stored = api.Device()
    stored.CopyFrom(device)
    if not stored.name:
        raise InvalidError("name is not set")
    stored.dev_eui = dev_eui
    stored.join_eui = hex_of(device.join_eui, 8, "join_eui") if device.join_eui else "0" * 16
    return stored


def _stored_gateway(gateway: Any, gateway_id: str, tenant_id: str) -> Any:
    stored = api.Gateway()
    stored.CopyFrom(gateway)
    if not stored.name:
        raise InvalidError("name is not set")
    stored.gateway_id, stored.tenant_id = gateway_id, tenant_id
    stored.location.SetInParent()  # always told, at 0/0 where nobody gave one
    return stored


def _stored_keys(keys: Any) -> Any:
    """With its three keys, as the original tells them: zeros for one that was not given."""
    return api.DeviceKeys(
        dev_eui=hex_of(keys.dev_eui, 8, "dev_eui"),
        nwk_key=hex_of(keys.nwk_key, 16, "nwk_key"),
        app_key=hex_of(keys.app_key, 16, "app_key") if keys.app_key else "0" * 32,
        gen_app_key=hex_of(keys.gen_app_key, 16, "gen_app_key") if keys.gen_app_key else "0" * 32,
    )
