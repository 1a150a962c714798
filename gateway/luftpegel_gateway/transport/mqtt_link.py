"""The life of one connection to a broker, from paho's callbacks to: it stands, or one cause why not.

paho tells an attempt's end several times over, the vaguest last ("unspecified error"); the first word that
explains something counts, until the next attempt. What nobody says is found out: a broker that closes
without CONNACK is asked what it speaks (`mqtt_probe`), and one that throws us out again and again, each time
soon after it let us in, has a second client with our client id.
"""

import asyncio
import math
import ssl
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.transport.mqtt_client import Client
from luftpegel_gateway.transport.mqtt_faults import (
    LOST,
    TWICE,
    is_protocol_error,
    of_exception,
    of_reason,
)
from luftpegel_gateway.transport.mqtt_packets import ProtocolError
from luftpegel_gateway.transport.mqtt_probe import why_silent

SHORT_S = 10.0  # a connection that was ended sooner is a short one
SHORT_ONES = 3  # in a row: somebody else has our client id
ASK_AGAIN_S = 60.0
STEADY_S = 30.0  # a connection that lasts as long proves that nobody else has it (any more)


def on_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: Any) -> None:
    """Run `call(*values)` on the event loop; from any thread, harmless when the loop has ended."""
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        if not loop.is_closed():
            raise


class Link:
    """Watches a client that is not started yet; calls `up`, `down` and `steady` on the event loop."""

    def __init__(
        self,
        client: Client,
        *,
        tls: bool,
        up: Callable[[], None],
        down: Callable[[Fault], None],
        steady: Callable[[], None],
    ) -> None:
        """`up`: the broker has let us in. `down`: it has not, or not any more. `steady`: it lasts."""
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._tls = tls
        self._up, self._down, self._steady = up, down, steady
        self._explained = False  # this attempt's cause is told
        self._up_since: float | None = None  # steady clock
        self._short = 0  # short connections in a row
        self._asked: dict[bool, tuple[float, Fault | None]] = {}  # what was asked, when, and the answer
        client.on_pre_connect = self._begin
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = self._disconnected

    # paho's thread.

    @property
    def _place(self) -> str:
        return f"{self._client.host}:{self._client.port}"

    def _begin(self, _client: paho.Client, _data: Any) -> None:
        self._explained = False
        self._up_since = None

    def _connected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._tell(of_reason(reason.value, str(reason), port=self._place))
            return
        self._up_since = time.monotonic()
        self._asked.clear()
        on_loop(self._loop, self._up)
        on_loop(self._loop, self._wait_until_steady, self._up_since)

    def _failed(self, _client: paho.Client, _data: Any) -> None:
        error = self._client.last_failure or ConnectionError("connecting failed")
        self._tell(of_exception(error, port=self._place))

    def _disconnected(self, _client: paho.Client, _data: Any, flags: Any, reason: Any, _more: Any) -> None:
        lasted = None if self._up_since is None else time.monotonic() - self._up_since
        self._up_since = None
        self._short = 0 if lasted is None or lasted > SHORT_S else self._short + 1
        if not self._explained:
            self._tell(self._why(flags, reason, lasted))

    def _why(self, flags: Any, reason: Any, lasted: float | None) -> Fault:
        """The cause of an end that was not told before."""
        if flags.is_disconnect_packet_from_server or is_protocol_error(reason.value):
            return of_reason(reason.value, str(reason), port=self._place)
        error = self._client.last_failure
        explained = isinstance(error, ssl.SSLError | ProtocolError)
        if lasted is None and not isinstance(error, ssl.SSLError):
            found = self._ask(older=self._client.protocol == paho.MQTTv5 and not explained)
            if found is not None:
                return found
        if error is not None and explained:
            return of_exception(error, port=self._place)
        if lasted is None:
            return Fault(LOST, f"{self._place}: {error or 'closed before it let us in'}")
        if self._short >= SHORT_ONES:
            return Fault(TWICE, f"{self._place}: ended {self._short} times, each time soon after the login")
        return Fault(LOST, f"{self._place}: {error or 'the broker closed the connection'}")

    def _ask(self, *, older: bool) -> Fault | None:
        """Ask what listens there, not more often than every `ASK_AGAIN_S`. `older`: also for MQTT 3.1.1."""
        now = time.monotonic()
        asked_at, found = self._asked.get(older, (-math.inf, None))
        if now - asked_at > ASK_AGAIN_S:
            found = why_silent(self._client.host, self._client.port, tls=self._tls, version5=older)
            self._asked[older] = now, found
        return found

    def _tell(self, fault: Fault) -> None:
        self._explained = True
        on_loop(self._loop, self._down, fault)

    # The event loop.

    def _wait_until_steady(self, since: float) -> None:
        self._loop.call_later(STEADY_S, self._check_steady, since)

    def _check_steady(self, since: float) -> None:
        if self._up_since == since:
            self._steady()
