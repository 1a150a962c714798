"""The way from the town's gateways to our own network server, through a real broker, in step with it."""

import random
from contextlib import ExitStack

from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.network_server.chirpstack import ChirpStack
from luftpegel_tools.network_server.gateway_side import NetworkSide
from luftpegel_tools.programs.broker import Broker
from luftpegel_tools.town.in_step import InStep
from luftpegel_tools.town.lora_coverage import LoRaCoverage
from luftpegel_tools.virtual_time.clock import VirtualClock

PREFIX = "eu868"
_STATS_EVERY_US = 3_600_000_000  # each costs real time


class LoRaBackhaul:
    """Close it."""

    def __init__(
        self, clock: VirtualClock, broker: Broker, server: ChirpStack, coverage: LoRaCoverage, seed: int
    ) -> None:
        """Raises ConnectionError LP-377: the broker does not answer."""
        address = BrokerAddress(broker.host, broker.port)
        in_step = InStep(clock)
        with ExitStack() as stack:
            network = NetworkSide(
                address,
                PREFIX,
                clock,
                core=server.radio.core,
                application=server.radio,
                rng=random.Random(f"network/{seed}"),  # noqa: S311 - a run must repeat
                after_send=in_step.soon,
            )
            stack.callback(network.close)
            bridge = GatewayBridge(
                address,
                PREFIX,
                clock,
                coverage.gateways,
                after_send=in_step.soon,
                stats_every_us=_STATS_EVERY_US,
            )
            stack.callback(bridge.close)
            coverage.air.observers.append(bridge.observe)
            in_step.join(bridge, network)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End the gateways' connections."""
        self._stack.close()
