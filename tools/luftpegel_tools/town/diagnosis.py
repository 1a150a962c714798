"""Notices what does not work between a town and a network server that is not ours, and says what to do.

The gateways only see that nothing comes, or too late; the reasons lie on the other side.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chirpstack_api import gw  # type: ignore[import-untyped]

from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.town.pace import ANSWER_US
from luftpegel_tools.town.sniffer import Happening
from luftpegel_tools.virtual_time.clock import VirtualClock

_LOOK_EVERY_US = 1_000_000

AWAY = (
    "LP-377: the MQTT broker does not answer. "
    "Next: see whether it runs, whether its address is right and, with mqtts, its certificate trusted."
)
REFUSED = (
    "LP-378: the MQTT broker refuses us ({reason}). "
    "Next: look at user name, password, and what the broker lets them read and write."
)
UNANSWERED = (
    "LP-379: nobody answers the join of {station}. Next: see in the network server whether the gateways and "
    "this device with its AppKey are registered, and whether its topic prefix is {prefix!r}."
)
NOT_SENT = (
    "LP-385: a gateway cannot send what it is told to ({statuses}). "
    "Next: if it is TOO_LATE, bring broker and network server nearer; else compare the regions."
)


class Diagnosis:
    """Tells each doubt once, and again only when it had gone in between."""

    def __init__(self, clock: VirtualClock, prefix: str, tell: Callable[[Happening], None]) -> None:
        self._clock = clock
        self._prefix = prefix
        self._tell = tell
        self._orders = 0
        self._doubted: set[str | None] = set()  # stations nobody answered
        self._not_sent = False
        self._connected: dict[int, bool] = {}

    def happened(self, happening: Happening) -> None:
        """Something on the air."""
        if happening.what == "join-request" and not happening.details["lost"]:
            self._clock.call_later(ANSWER_US, self._look_back, happening.station, self._orders)
        elif happening.what == "join-accept":
            self._doubted.discard(happening.station)

    def ordered(self, ack: Any) -> None:
        """A gateway answers an order by a gw.DownlinkTxAck."""
        self._orders += 1
        statuses = [gw.TxAckStatus.Name(item.status) for item in ack.items]
        sent = "OK" in statuses
        if not sent and not self._not_sent:
            self._doubt(NOT_SENT.format(statuses=", ".join(statuses) or "no item"))
        self._not_sent = not sent

    def watch(self, bridges: Sequence[GatewayBridge]) -> None:
        """Look from now on whether the bridges' connections stand."""
        for bridge in bridges:
            self._look_at(bridge)
        self._clock.call_later(_LOOK_EVERY_US, self.watch, bridges)

    def _look_at(self, bridge: GatewayBridge) -> None:
        ready = bridge.post.ready
        before = self._connected.get(id(bridge), True)
        self._connected[id(bridge)] = ready
        if before and not ready:
            self._doubt(why_not(bridge), bridge.gateway_ids)
        elif ready and not before:
            self._tell(Happening(self._clock.utc(), "connected", details={"gateways": bridge.gateway_ids}))

    def _look_back(self, station: str | None, orders: int) -> None:
        if self._orders == orders and station not in self._doubted:
            self._doubted.add(station)
            self._doubt(UNANSWERED.format(station=station, prefix=self._prefix))

    def _doubt(self, text: str, gateways: Sequence[str] = ()) -> None:
        details: dict[str, Any] = {"text": text} | ({"gateways": list(gateways)} if gateways else {})
        self._tell(Happening(self._clock.utc(), "doubt", details=details))


def why_not(bridge: GatewayBridge) -> str:
    """Why a bridge's connection does not stand."""
    refusal = bridge.post.refusal
    return AWAY if refusal is None else REFUSED.format(reason=refusal)
