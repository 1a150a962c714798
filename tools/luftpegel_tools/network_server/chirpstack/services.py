"""The gRPC side of the network server: the calls of a provisioning tool, an importer and a live view.

Built on the servicer bases of chirpstack-api, so that any real client speaks to it; checked against the
server's own source (chirpstack/src/api) for codes, pages and whose key may what. Each call needs
`authorization: Bearer <API key>` as metadata.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped]
from chirpstack_api import api  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from luftpegel_tools.network_server.chirpstack import access
from luftpegel_tools.network_server.chirpstack.access import Access, Key
from luftpegel_tools.network_server.chirpstack.device_service import Devices
from luftpegel_tools.network_server.chirpstack.live_service import Internal
from luftpegel_tools.network_server.chirpstack.records import NotFoundError, given, uuid_of
from luftpegel_tools.network_server.chirpstack.server import ChirpStack

_WORKERS = 16  # each open event stream holds one


def _page(found: Iterable[Any], request: Any) -> tuple[int, list[Any]]:
    """How many there are, and those asked for by name: a page of `limit` from `offset`; 0 only counts."""
    listed = sorted(
        (one for one in found if request.search.lower() in one.name.lower()),
        key=lambda one: (one.name, one.id),
    )
    return len(listed), listed[request.offset : request.offset + request.limit]


class Tenants(api.TenantServiceServicer):  # type: ignore[misc]
    """Tenants: Create, List; for the server's own key alone."""

    def __init__(self, _server: ChirpStack, access_: Access) -> None:
        self._access = access_

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a tenant."""
        with self._access.granted(context, access.the_server, write=True) as records:
            return api.CreateTenantResponse(id=records.add_tenant(given(request, "tenant")))

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tenants by name."""
        with self._access.granted(context, access.the_server) as records:
            count, page = _page(records.tenants.values(), request)
            items = [api.TenantListItem(id=tenant.id, name=tenant.name) for tenant in page]
            return api.ListTenantsResponse(total_count=count, result=items)


class Applications(api.ApplicationServiceServicer):  # type: ignore[misc]
    """Applications: Create, List."""

    def __init__(self, _server: ChirpStack, access_: Access) -> None:
        self._access = access_

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store an application."""
        owner = access.tenant(request.application.tenant_id)
        with self._access.granted(context, owner, write=True) as records:
            made = records.add_application(given(request, "application"))
            return api.CreateApplicationResponse(id=made)

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A tenant's applications by name; of a tenant that does not exist, none."""
        with self._access.granted(context, access.tenant(request.tenant_id)) as records:
            tenant_id = uuid_of(request.tenant_id)
            theirs = [one for one in records.applications.values() if one.tenant_id == tenant_id]
            count, page = _page(theirs, request)
            items = [
                api.ApplicationListItem(id=one.id, name=one.name, description=one.description) for one in page
            ]
            return api.ListApplicationsResponse(total_count=count, result=items)


class DeviceProfiles(api.DeviceProfileServiceServicer):  # type: ignore[misc]
    """Device profiles: Create, Get, Update, List."""

    def __init__(self, _server: ChirpStack, access_: Access) -> None:
        self._access = access_

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a device profile."""
        owner = access.tenant(request.device_profile.tenant_id)
        with self._access.granted(context, owner, write=True) as records:
            made = records.add_profile(given(request, "device_profile"))
            return api.CreateDeviceProfileResponse(id=made)

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A device profile."""
        with self._access.granted(context, access.profile(request.id)) as records:
            profile = records.profiles.get(uuid_of(request.id))
            if profile is None:
                raise NotFoundError(f"Object does not exist (id: {request.id})")
            return api.GetDeviceProfileResponse(device_profile=profile)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store other fields of a device profile."""
        owner = access.profile(request.device_profile.id)
        with self._access.granted(context, owner, write=True) as records:
            records.change_profile(given(request, "device_profile"))
        return Empty()

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A tenant's device profiles by name, of which there may be several of one name."""
        with self._access.granted(context, access.tenant(request.tenant_id)) as records:
            tenant_id = uuid_of(request.tenant_id)
            theirs = [one for one in records.profiles.values() if one.tenant_id == tenant_id]
            count, page = _page(theirs, request)
            items = [api.DeviceProfileListItem(id=one.id, name=one.name, region=one.region) for one in page]
            return api.ListDeviceProfilesResponse(total_count=count, result=items)


class Gateways(api.GatewayServiceServicer):  # type: ignore[misc]
    """Radio gateways: Create, Get, Update."""

    def __init__(self, _server: ChirpStack, access_: Access) -> None:
        self._access = access_

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a radio gateway."""
        owner = access.with_gateways(request.gateway.tenant_id)
        with self._access.granted(context, owner, write=True) as records:
            records.add_gateway(given(request, "gateway"))
        return Empty()

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A radio gateway."""
        with self._access.granted(context, access.gateway(request.gateway_id)) as records:
            return api.GetGatewayResponse(gateway=records.gateway(request.gateway_id))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store other fields of a radio gateway."""
        owner = access.gateway(request.gateway.gateway_id)
        with self._access.granted(context, owner, write=True) as records:
            records.change_gateway(given(request, "gateway"))
        return Empty()


_SERVICES = (
    (api.add_TenantServiceServicer_to_server, Tenants),
    (api.add_ApplicationServiceServicer_to_server, Applications),
    (api.add_DeviceProfileServiceServicer_to_server, DeviceProfiles),
    (api.add_GatewayServiceServicer_to_server, Gateways),
    (api.add_DeviceServiceServicer_to_server, Devices),
    (api.add_InternalServiceServicer_to_server, Internal),
)


class GrpcApi:
    """The network server's API on a free local port."""

    def __init__(
        self,
        server: ChirpStack,
        api_key: str,
        *,
        keys: Mapping[str, Key] | None = None,
        tls: tuple[bytes, bytes] | None = None,
        interceptors: Sequence[Any] = (),
        port: int = 0,
    ) -> None:
        """`api_key`: the whole server's. `keys`: others. `tls`: private key and certificates, PEM.
        `interceptors`: of grpc, what stands between the client and the services. `port`: 0 is any."""
        self._grpc = grpc.server(ThreadPoolExecutor(_WORKERS), interceptors=list(interceptors))
        self.access = Access(server, {api_key: Key(), **(keys or {})})
        for add, service in _SERVICES:
            add(service(server, self.access), self._grpc)
        place = f"127.0.0.1:{port}"
        if tls is None:
            self.port = self._grpc.add_insecure_port(place)
        else:
            self.port = self._grpc.add_secure_port(place, grpc.ssl_server_credentials([tls]))
        self.address = f"127.0.0.1:{self.port}"
        self._grpc.start()

    def close(self) -> None:
        """Hang up on everybody."""
        self._grpc.stop(grace=None).wait()
