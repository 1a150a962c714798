"""The gRPC side of the network server: the calls that a provisioning tool and a technician's live view make.

Built on the servicer bases of chirpstack-api, so that any real client speaks to it. Each call needs
`authorization: Bearer <API key>` as metadata.
"""

import hmac
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from chirpstack_api import api  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from luftpegel_tools.network_server.chirpstack.pbjson import to_json
from luftpegel_tools.network_server.chirpstack.records import (
    AlreadyExistsError,
    InvalidError,
    NotFoundError,
    RecordError,
)
from luftpegel_tools.network_server.chirpstack.server import ChirpStack, LoggedEvent

_STATUS = {
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    AlreadyExistsError: grpc.StatusCode.ALREADY_EXISTS,
    InvalidError: grpc.StatusCode.INVALID_ARGUMENT,
}
_STREAM_POLL_S = 0.5  # how soon a stream notices that its client has gone
_WORKERS = 16  # each open event stream holds one


@contextmanager
def _granting(server: ChirpStack, context: Any) -> Iterator[None]:
    """Guard the server's records and turn a refusal into its gRPC status."""
    try:
        with server.changed:
            yield
    except RecordError as error:
        context.abort(_STATUS.get(type(error), grpc.StatusCode.INTERNAL), str(error))


def _given(request: Any, field: str) -> Any:
    if not request.HasField(field):
        raise InvalidError(f"{field} is missing")
    return getattr(request, field)


class Tenants(api.TenantServiceServicer):  # type: ignore[misc]
    """Tenants: Create, List."""

    def __init__(self, server: ChirpStack) -> None:
        self._server = server

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a tenant."""
        with _granting(self._server, context):
            return api.CreateTenantResponse(id=self._server.records.add_tenant(_given(request, "tenant")))

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tenants by name, a page of `limit` from `offset`; a limit of 0 only counts."""
        with _granting(self._server, context):
            found = sorted(
                (
                    tenant
                    for tenant in self._server.records.tenants.values()
                    if request.search.lower() in tenant.name.lower()
                ),
                key=lambda tenant: (tenant.name, tenant.id),
            )
            page = found[request.offset : request.offset + request.limit]
            items = [api.TenantListItem(id=tenant.id, name=tenant.name) for tenant in page]
            return api.ListTenantsResponse(total_count=len(found), result=items)


class Applications(api.ApplicationServiceServicer):  # type: ignore[misc]
    """Applications: Create."""

    def __init__(self, server: ChirpStack) -> None:
        self._server = server

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store an application."""
        with _granting(self._server, context):
            made = self._server.records.add_application(_given(request, "application"))
            return api.CreateApplicationResponse(id=made)


class DeviceProfiles(api.DeviceProfileServiceServicer):  # type: ignore[misc]
    """Device profiles: Create."""

    def __init__(self, server: ChirpStack) -> None:
        self._server = server

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a device profile."""
        with _granting(self._server, context):
            made = self._server.records.add_profile(_given(request, "device_profile"))
            return api.CreateDeviceProfileResponse(id=made)


class Devices(api.DeviceServiceServicer):  # type: ignore[misc]
    """Devices, their keys, queue and activation."""

    def __init__(self, server: ChirpStack) -> None:
        self._server = server

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a device."""
        with _granting(self._server, context):
            self._server.records.add_device(_given(request, "device"))
        return Empty()

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A device without its keys."""
        with _granting(self._server, context):
            return api.GetDeviceResponse(device=self._server.records.device(request.dev_eui).device)

    def CreateKeys(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store the root keys."""
        with _granting(self._server, context):
            self._server.records.set_keys(_given(request, "device_keys"))
        return Empty()

    def GetKeys(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The root keys."""
        with _granting(self._server, context):
            keys = self._server.records.device(request.dev_eui).keys
            if keys is None:
                raise NotFoundError(f"device {request.dev_eui} has no keys")
            return api.GetDeviceKeysResponse(device_keys=keys)

    def Enqueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Queue a downlink; the server names it, a client's id is ignored."""
        with _granting(self._server, context):
            item = _given(request, "queue_item")
            if request.flush_queue:
                self._server.flush_queue(item.dev_eui)
            return api.EnqueueDeviceQueueItemResponse(id=self._server.records.enqueue(item))

    def GetQueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """What waits for the device's next uplink."""
        with _granting(self._server, context):
            queue = self._server.records.device(request.dev_eui).queue
            shown = [] if request.count_only else queue
            return api.GetDeviceQueueItemsResponse(total_count=len(queue), result=shown)

    def FlushQueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Forget what waits."""
        with _granting(self._server, context):
            self._server.flush_queue(request.dev_eui)
        return Empty()

    def GetActivation(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The session; an empty answer when the device never joined."""
        with _granting(self._server, context):
            record = self._server.records.device(request.dev_eui)
            session = record.session
            if session is None:
                return api.GetDeviceActivationResponse()
            key = session.nwk_s_key.hex()  # with LoRaWAN 1.0.x one key under three names
            activation = api.DeviceActivation(
                dev_eui=record.device.dev_eui,
                dev_addr=f"{session.dev_addr:08x}",
                app_s_key=session.app_s_key.hex(),
                nwk_s_enc_key=key,
                s_nwk_s_int_key=key,
                f_nwk_s_int_key=key,
                f_cnt_up=session.f_cnt_up,
                n_f_cnt_down=session.f_cnt_down,
            )
            return api.GetDeviceActivationResponse(device_activation=activation)


class Internal(api.InternalServiceServicer):  # type: ignore[misc]
    """The live view of one device's events."""

    def __init__(self, server: ChirpStack) -> None:
        self._server = server

    def StreamDeviceEvents(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """The last events of a device, then each new one until the client hangs up."""
        with _granting(self._server, context):
            dev_eui = self._server.records.device(request.dev_eui).device.dev_eui
        last = 0
        while context.is_active():
            with self._server.changed:
                events = self._server.history(dev_eui, last)
                if not events:
                    self._server.changed.wait(_STREAM_POLL_S)
                    continue
            for event in events:
                yield _log_item(event)
            last = events[-1].number


def _log_item(event: LoggedEvent) -> Any:
    text = json.dumps(to_json(event.message), separators=(",", ":"))
    properties = _PROPERTIES[event.name](event.message)
    return api.LogItem(
        id=f"{event.message.time.ToMilliseconds()}-{event.number}",
        time=event.message.time,
        description=event.name,
        body=text,
        properties=properties,
    )


_PROPERTIES: dict[str, Callable[[Any], dict[str, str]]] = {
    "up": lambda up: {
        "DR": str(up.dr),
        "FPort": str(up.f_port),
        "FCnt": str(up.f_cnt),
        "Data": up.data.hex(),
    },
    "join": lambda join: {"DevAddr": join.dev_addr},
    "ack": lambda _ack: {},
    "txack": lambda _txack: {},
    "log": lambda entry: dict(entry.context),
    "status": lambda status: {"Margin": str(status.margin)},
}


class _BearerCheck(grpc.ServerInterceptor):  # type: ignore[misc]
    """Refuses each call without the API key."""

    def __init__(self, api_key: str) -> None:
        self._expected = f"Bearer {api_key}"
        self._refusal = grpc.unary_unary_rpc_method_handler(_refuse)
        self._stream_refusal = grpc.unary_stream_rpc_method_handler(_refuse)

    def intercept_service(self, continuation: Any, call: Any) -> Any:
        """Let the call through, or answer UNAUTHENTICATED in its place."""
        given = dict(call.invocation_metadata).get("authorization", "")
        if hmac.compare_digest(given, self._expected):
            return continuation(call)
        return self._stream_refusal if "/Stream" in call.method else self._refusal


def _refuse(_request: Any, context: Any) -> None:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "authentication failed: not a valid API key")


_SERVICES = (
    (api.add_TenantServiceServicer_to_server, Tenants),
    (api.add_ApplicationServiceServicer_to_server, Applications),
    (api.add_DeviceProfileServiceServicer_to_server, DeviceProfiles),
    (api.add_DeviceServiceServicer_to_server, Devices),
    (api.add_InternalServiceServicer_to_server, Internal),
)


class GrpcApi:
    """The network server's API on a free local port."""

    def __init__(self, server: ChirpStack, api_key: str) -> None:
        self._grpc = grpc.server(ThreadPoolExecutor(_WORKERS), interceptors=[_BearerCheck(api_key)])
        for add, service in _SERVICES:
            add(service(server), self._grpc)
        self.address = f"127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._grpc.start()

    def close(self) -> None:
        """Hang up on everybody."""
        self._grpc.stop(grace=None).wait()
