"""One short visit to ChirpStack's API, for `check`: does it know our key, and what may that see?"""

from collections.abc import Mapping
from typing import Any

from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.network_server.inventory import SHOWN, choose_applications, choose_tenant, tenants
from luftpegel_gateway.network_server.options import place


def visit(options: Mapping[str, Any]) -> str:
    """What was seen there. OtherEndDown, CannotStart: it does not work, and why. Blocking."""
    with Api(options) as server:
        if options["api_tenant"] is None:
            seen = tenants(server)
        else:
            tenant = choose_tenant(server, options["api_tenant"])
            seen = list(choose_applications(server, tenant, (), lambda _any: True))
    return f"API {place(options)}: {', '.join(one.name for one in seen[:SHOWN])}"
