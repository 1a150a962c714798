"""Keeps gateways and our own network server in step, so that a run over a real broker still repeats.

Virtual time stands still while messages are under way: each end sends a mark behind them, and waits for the
other's. A network server that is not ours keeps its own time; with it the town runs in real time instead.
"""

from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.network_server.gateway_side import NetworkSide
from luftpegel_tools.virtual_time.clock import VirtualClock

# Real time for a message through a broker that is there. Generous: a machine at its limits takes seconds, and
# to go on without the message would make another run of the same seed.
_PATIENCE_S = 60.0


class InStep:
    """Hand `soon` to both ends as `after_send`, then `join` them."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._ends: tuple[GatewayBridge, NetworkSide] | None = None
        self._planned = False

    def join(self, gateways: GatewayBridge, network: NetworkSide) -> None:
        """The two ends; waits until both can receive, then the gateways start.

        Raises:
            ConnectionError: LP-377, the broker does not answer.
        """
        if not (network.post.wait_ready(_PATIENCE_S) and gateways.post.wait_ready(_PATIENCE_S)):
            raise ConnectionError(
                "LP-377: the MQTT broker does not answer. Next: see whether it runs and lets us in."
            )
        self._ends = (gateways, network)
        gateways.start()

    def soon(self) -> None:
        """A message is under way: look after it before virtual time goes on."""
        if not self._planned:
            self._planned = True
            self._clock.call_later(0, self._settle)

    def _settle(self) -> None:
        self._planned = False
        if self._ends is None:
            return
        gateways, network = self._ends
        network.post.wait_mark(gateways.mark(), _PATIENCE_S)
        network.poll()
        gateways.post.wait_mark(network.mark(), _PATIENCE_S)
        gateways.poll()
