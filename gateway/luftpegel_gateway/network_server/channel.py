"""A connection to ChirpStack's API: a deadline on each call, bounded answers, retries where they are safe.

Blocking: the gateway calls it in threads of its own. What only reads is tried again when the connection was
lost; what changes something is called once, and whoever called it has to look what became of it.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server.faults import of_error
from luftpegel_gateway.network_server.options import place

PATIENCE_S = 10.0  # for one call
ATTEMPTS = 2  # of a call that only reads
AGAIN_S = 0.5
LARGEST = 4 << 20  # bytes of an answer: a page of a hundred devices with all their tags has 100 KB
_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_send_message_length", LARGEST),
    ("grpc.enable_retries", 0),
    # A proxy for the web is none for the network server in the same house.
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5000),
)


class Api:
    """The services of one network server. Usable from several threads."""

    def __init__(self, options: Mapping[str, Any], *, patience_s: float = PATIENCE_S) -> None:
        """`options`: of a source with `api_host`. Does not connect yet. `patience_s`: of each call."""
        self._options = options
        self._patience_s = patience_s
        self._metadata = (("authorization", f"Bearer {options['api_key_file']}"),)
        host = options["api_host"]
        target = f"dns:///[{host}]:{options['api_port']}" if ":" in host else place(options)
        self._channel = (
            grpc.secure_channel(target, _credentials(options["api_ca_file"]), _OPTIONS)
            if options["api_tls"]
            else grpc.insecure_channel(target, _OPTIONS)
        )
        self.tenants = api.TenantServiceStub(self._channel)
        self.applications = api.ApplicationServiceStub(self._channel)
        self.profiles = api.DeviceProfileServiceStub(self._channel)
        self.gateways = api.GatewayServiceStub(self._channel)
        self.devices = api.DeviceServiceStub(self._channel)
        self.live = api.InternalServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and every call that is under way."""
        self._channel.close()

    def read(self, method: Callable[..., Any], request: Any, what: str) -> Any:
        """The answer to a call that changes nothing. OtherEndDown with the one cause."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return method(request, timeout=self._patience_s, metadata=self._metadata)
            except grpc.RpcError as error:
                if attempt == ATTEMPTS or error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise self._down(error, what) from error
            time.sleep(AGAIN_S)
        raise AssertionError("the last attempt returns or raises")

    def change(self, method: Callable[..., Any], request: Any, what: str) -> Any:
        """The answer to a call that changes something. OtherEndDown: it may have been done all the same."""
        try:
            return method(request, timeout=self._patience_s, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._down(error, what) from error

    def stream(self, method: Callable[..., Any], request: Any, longest_s: float) -> Any:
        """A stream of answers: iterable, with `cancel()`; ends by itself after `longest_s`."""
        return method(request, timeout=longest_s, metadata=self._metadata)

    def items(self, stream: Any, what: str) -> Iterator[Any]:
        """What a stream brings, until its time is over or it is cancelled. OtherEndDown for any other end."""
        try:
            yield from stream
        except grpc.RpcError as error:
            over = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
            if error.code() not in over:
                raise self._down(error, what) from error

    def _down(self, error: Any, what: str) -> OtherEndDown:
        fault = of_error(error, self._options, what)
        return OtherEndDown(fault.code, fault.detail)


def _credentials(ca_file: Path | None) -> Any:
    """Whom to trust: `ca_file`, else what this system trusts, as all our connections do."""
    usual = ssl.get_default_verify_paths().cafile
    trusted = ca_file or (Path(usual) if usual else None)
    return grpc.ssl_channel_credentials(trusted.read_bytes() if trusted else None)
