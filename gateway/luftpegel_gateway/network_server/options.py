"""What may stand in a [[source]] about the network server's API, beside the broker that its events come by.

Nothing here needs grpc: a gateway without the part `chirpstack` judges the same file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong, choice, file, flag, host, port, secret, text
from luftpegel_gateway.transport import tls
from luftpegel_gateway.transport.hosts import is_here

API_OPTIONS = {
    "api_host": Option(host, None),
    "api_port": Option(port, 8080),
    "api_key_file": Option(secret, None),
    "api_tls": Option(flag, False),
    "api_ca_file": Option(file, None),
    "api_tenant": Option(text, None),
    "commands_by": Option(choice("mqtt", "api"), "mqtt"),
}
INCOMPLETE, IN_CLEAR = "LP-501", "LP-500"


def has_api(options: Mapping[str, Any]) -> bool:
    """Whether a source of this kind can have an API, and names one."""
    return options.get("api_host") is not None


def by_api(options: Mapping[str, Any]) -> bool:
    """Whether commands go by the API."""
    return options.get("commands_by") == "api"


def place(options: Mapping[str, Any]) -> str:
    """Where the API is, as messages tell it: host:port."""
    return f"{options['api_host']}:{options['api_port']}"


def tls_files(options: Mapping[str, Any]) -> dict[str, Any]:
    """The files for TLS under the names that all connections share."""
    return {"ca_file": options["api_ca_file"], "cert_file": None, "key_file": None}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand beside each other: (key, what is wrong)."""
    if options["api_host"] is None:
        for key in ("api_key_file", "api_ca_file", "api_tenant"):
            if options[key] is not None:
                yield key, Wrong(INCOMPLETE, other="api_host")
        if options["commands_by"] == "api":
            yield "commands_by", Wrong(INCOMPLETE, other="api_host")
        return
    if options["api_key_file"] is None:
        yield "api_host", Wrong(INCOMPLETE, other="api_key_file")
    if options["api_ca_file"] is not None and not options["api_tls"]:
        yield "api_ca_file", Wrong(INCOMPLETE, other="api_tls = true")
    for _, found in tls.wrong(tls_files(options), encrypted=True):
        yield "api_ca_file", found


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    if has_api(options) and not options["api_tls"] and not is_here(options["api_host"]):
        yield "api_key_file", IN_CLEAR
