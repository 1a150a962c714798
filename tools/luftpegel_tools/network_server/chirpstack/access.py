"""Who may call what: API keys as ChirpStack v4 has them, and its answers to those who may not.

A key is the whole server's or one tenant's, and may be for reading alone. Whoever asks beyond his key hears
UNAUTHENTICATED without a word, also a tenant's key that asks for what does not exist; the server's own key
hears NOT_FOUND then. That is so because the server looks whose a thing is before it looks for the thing.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]

from luftpegel_tools.network_server.chirpstack.records import (
    AlreadyExistsError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    RecordError,
    Records,
    hex_of,
)
from luftpegel_tools.network_server.chirpstack.server import ChirpStack

_STATUS = {
    NotFoundError: grpc.StatusCode.NOT_FOUND,
    AlreadyExistsError: grpc.StatusCode.ALREADY_EXISTS,
    InvalidError: grpc.StatusCode.INVALID_ARGUMENT,
    NotAllowedError: grpc.StatusCode.INVALID_ARGUMENT,
}
_BEARER = "Bearer "
Owner = Callable[[Records], str | None]  # the id of the tenant whose a thing is; None: nobody's


@dataclass(frozen=True)
class Key:
    """What a key may do. `tenant`: its id, "": the whole server. `removed`: made once, and deleted since."""

    tenant: str = ""
    read_only: bool = False
    removed: bool = False


class _RefusedError(Exception):
    """The key is not for this."""


class Access:
    """The keys of one server; a key may be added at any time."""

    def __init__(self, server: ChirpStack, keys: Mapping[str, Key]) -> None:
        """`keys`: by their tokens."""
        self._server = server
        self.keys = dict(keys)

    @contextmanager
    def granted(self, context: Any, owner: Owner, *, write: bool = False) -> Iterator[Records]:
        """The server's records, guarded, for a call that its key allows; else its gRPC status."""
        key = self._key(context)
        try:
            with self._server.changed:
                records = self._server.records
                whose = owner(records)
                foreign = key.tenant and whose != key.tenant
                if key.removed or foreign or (write and key.read_only):
                    raise _RefusedError
                yield records
        except _RefusedError:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "")
        except RecordError as error:
            context.abort(_STATUS.get(type(error), grpc.StatusCode.INTERNAL), str(error))

    def _key(self, context: Any) -> Key:
        given = dict(context.invocation_metadata()).get("authorization")
        if given is None:
            _refuse(context, "no authorization provided")
        if not given.startswith(_BEARER):
            _refuse(context, "authorization metadata must be in format 'Bearer <TOKEN>")
        found = self.keys.get(given.removeprefix(_BEARER))
        if found is None:
            _refuse(context, "InvalidToken")
        return found


def _refuse(context: Any, why: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, why)
    raise AssertionError("abort raises")


def the_server(_records: Records) -> None:
    """Only the server's own key."""


def tenant(tenant_id: str) -> Owner:
    """A tenant, whether it exists or not."""
    return lambda _records: tenant_id


def application(application_id: str) -> Owner:
    """Whose an application is."""

    def owner(records: Records) -> str | None:
        found = records.applications.get(application_id)
        return found and str(found.tenant_id)

    return owner


def profile(profile_id: str) -> Owner:
    """Whose a device profile is."""

    def owner(records: Records) -> str | None:
        found = records.profiles.get(profile_id)
        return found and str(found.tenant_id)

    return owner


def gateway(gateway_id: str) -> Owner:
    """Whose a radio gateway is."""

    def owner(records: Records) -> str | None:
        found = records.gateways.get(hex_of(gateway_id, 8, "gateway_id"))
        return found and str(found.tenant_id)

    return owner


def with_gateways(tenant_id: str) -> Owner:
    """A tenant that may have radio gateways of its own; for another one a tenant's key is not enough."""

    def owner(records: Records) -> str | None:
        found = records.tenants.get(tenant_id)
        return tenant_id if found is not None and found.can_have_gateways else None

    return owner


def device(dev_eui: str) -> Owner:
    """Whose a device is."""

    def owner(records: Records) -> str | None:
        found = records.devices.get(hex_of(dev_eui, 8, "dev_eui"))
        return application(found.device.application_id)(records) if found else None

    return owner
