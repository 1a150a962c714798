"""Which source's network server a verb asks, and the connection to it."""

from typing import TYPE_CHECKING

from luftpegel_gateway.cli.site import Site
from luftpegel_gateway.config.files import Part
from luftpegel_gateway.config.secrets import Unread
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.network_server.options import has_api

if TYPE_CHECKING:
    from luftpegel_gateway.network_server.channel import Api

NO_API, SEVERAL, NO_KEY_HERE = "LP-515", "LP-512", "LP-557"


def source_with_api(site: Site, name: str | None = None, tenant: str | None = None) -> Part:
    """The one source with an API; of this name, or of this tenant of ours. CannotStart LP-515, LP-512."""
    found = [
        part
        for part in site.config.sources
        if has_api(part.options) and name in (None, part.name) and tenant in (None, part.tenant)
    ]
    if not found:
        raise CannotStart(NO_API, name or ", ".join(site.sources))
    if len(found) > 1:
        raise CannotStart(SEVERAL, ", ".join(part.name for part in found))
    return found[0]


def sources_of(site: Site, tenant: str) -> list[Part]:
    """The sources of a tenant of ours whose network server can be asked."""
    return [part for part in site.config.sources if has_api(part.options) and part.tenant == tenant]


def api_of(source: Part) -> "Api":
    """A connection to the API of a source; ModuleNotFoundError where its part is not installed, OtherEndDown
    LP-557 where only the service has its key."""
    from luftpegel_gateway.network_server.channel import Api  # noqa: PLC0415 - grpc may be missing

    if isinstance(source.options["api_key_file"], Unread):
        raise OtherEndDown(NO_KEY_HERE, source.name)
    return Api(source.options)
