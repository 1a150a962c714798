"""The gateways' end: their events to the broker, the network server's commands to them.

Whoever is at the other end, our own network server or a real ChirpStack, makes no difference here. A bridge
of one gateway is what ChirpStack's MQTT Forwarder is on a real one: the connection is the gateway's own, with
its id as client id and its state as last will. One of several stands for the central ChirpStack Gateway
Bridge.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from chirpstack_api import gw  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from luftpegel_tools.air.shared_air import Frame
from luftpegel_tools.backhaul import messages
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.backhaul.post import Letter, Post, Standing
from luftpegel_tools.lora_gateways.lora_gateway import SimulatedGateway
from luftpegel_tools.virtual_time.clock import VirtualClock

log = logging.getLogger(__name__)

STATS_EVERY_US = 30_000_000  # ChirpStack's default


class GatewayBridge:
    """Carries the messages of some gateways; all of them are tied to one clock and one broker."""

    def __init__(
        self,
        address: BrokerAddress,
        prefix: str,
        clock: VirtualClock,
        gateways: Sequence[SimulatedGateway],
        *,
        after_send: Callable[[], None] = lambda: None,
        on_ack: Callable[[Any], None] = lambda _: None,
        stats_every_us: int = STATS_EVERY_US,
    ) -> None:
        """`prefix` is the region's (eu868).

        `after_send` is told of each message on its way, `on_ack` of each gw.DownlinkTxAck.
        """
        self._prefix = prefix
        self._clock = clock
        self._gateways = {gateway.site.gateway_id: gateway for gateway in gateways}
        self._after_send = after_send
        self._on_ack = on_ack
        self._stats_every_us = stats_every_us
        own_id = gateways[0].site.gateway_id if len(gateways) == 1 else None
        self.post = Post(
            address,
            messages.command_topic(prefix, own_id or "+", "+"),
            "gateways",
            client_id=own_id,
            standings=[_standing(prefix, gateway_id) for gateway_id in self._gateways],
        )

    @property
    def gateway_ids(self) -> list[str]:
        """Of all its gateways."""
        return list(self._gateways)

    def start(self) -> None:
        """Tell the first statistics; once more every `stats_every_us`."""
        for gateway in self._gateways.values():
            self._send(gateway, "stats", gateway.stats())
        self._clock.call_later(self._stats_every_us, self.start)

    def observe(self, frame: Frame) -> None:
        """A frame on the air has ended: an observer for SharedAir."""
        for gateway in self._gateways.values():
            uplink = gateway.hear(frame)
            if uplink is not None:
                self._clock.call_later(gateway.latency_us(), self._send, gateway, "up", uplink)

    def poll(self) -> None:
        """Take the commands that have arrived."""
        for letter in self.post.take():
            self._read(letter)

    def poll_every(self, period_us: int) -> None:
        """For a network server that answers when it likes, in real time."""
        self.poll()
        self._clock.call_later(period_us, self.poll_every, period_us)

    def mark(self) -> int:
        """Tell the network server where our messages end; see InStep."""
        return self.post.mark(messages.event_topic(self._prefix, "all", "mark"))

    def close(self) -> None:
        """End the connection."""
        self.post.close()

    def _read(self, letter: Letter) -> None:
        gateway_id, _, command = letter.topic.split("/")[-3:]
        gateway = self._gateways.get(gateway_id)
        if gateway is None or command != "down":
            return  # another town's gateway, or a channel plan: ours is fixed
        try:
            frame = gw.DownlinkFrame.FromString(letter.payload)
        except DecodeError:
            log.warning("a command for gateway %s is no DownlinkFrame", gateway_id)
            return
        if frame.gateway_id != gateway_id:
            log.warning("a command for gateway %s is meant for %s", gateway_id, frame.gateway_id)
            return
        self._clock.call_later(gateway.latency_us(), self._order, gateway, frame)

    def _order(self, gateway: SimulatedGateway, frame: Any) -> None:
        ack = gateway.order(frame)
        self._on_ack(ack)
        self._clock.call_later(gateway.latency_us(), self._send, gateway, "ack", ack)

    def _send(self, gateway: SimulatedGateway, event: str, message: Any) -> None:
        topic = messages.event_topic(self._prefix, gateway.site.gateway_id, event)
        self.post.send(topic, message.SerializeToString())
        self._after_send()


def _standing(prefix: str, gateway_id: str) -> Standing:
    """A gateway's gw.ConnState."""
    states = [
        gw.ConnState(gateway_id=gateway_id, state=state).SerializeToString()
        for state in (gw.ConnState.ONLINE, gw.ConnState.OFFLINE)
    ]
    return Standing(messages.state_topic(prefix, gateway_id), *states)
