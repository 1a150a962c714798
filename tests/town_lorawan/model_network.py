"""A whole radio network on one virtual clock and a real broker: stations, gateways, our network server."""

import random

from model_station import ModelStation

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.lora_gateways.lora_gateway import SimulatedGateway, Site
from luftpegel_tools.network_server.gateway_side import Answer, NetworkSide
from luftpegel_tools.network_server.lorawan import Identity, NetworkServer, Plan
from luftpegel_tools.town.in_step import InStep
from luftpegel_tools.virtual_time.clock import VirtualClock

NEAR, FAR = "0016c001f1500001", "0016c001f1500002"


class ModelApplication:
    """Answers with what lies in `queue`; keeps all it is told."""

    def __init__(self):
        self.queue, self.outcomes, self.frames, self.acks, self.told_stats = [], [], [], [], []

    def heard(self, outcome, frames, room):
        self.outcomes.append(outcome)
        self.frames.append(frames)
        return Answer(self.queue.pop(0) if self.queue else None, more=bool(self.queue))

    def sent(self, downlink, ack):
        self.acks.append((downlink, ack))

    def stats(self, stats):
        self.told_stats.append(stats)


class ModelNetwork:
    """Close it; `latency_us` is that of both gateways."""

    def __init__(self, broker, prefix, latency_us=30_000, **plan):
        self.clock = VirtualClock(epoch=1_780_000_000)
        signals = {NEAR: (-80, 9.0), FAR: (-110, -3.5)}
        self.prefix = prefix
        self.sent_frames = []  # everything that was on the air, in the order of its ends
        self.air = SharedAir(self.clock)
        self.air.observers.append(self.sent_frames.append)
        self.gateways = [
            SimulatedGateway(
                Site(name, latitude=51.3, longitude=12.4, latency_us=latency_us, has_gps=name == NEAR),
                self.clock,
                self.air,
                lambda _sender, gateway: signals[gateway.site.gateway_id],
                seed="test",
            )
            for name in (NEAR, FAR)
        ]
        self.station = ModelStation(self.clock, self.air)
        known = {self.station.dev_eui: Identity(self.station.dev_eui, self.station.app_key)}
        self.core = NetworkServer(known.get, random.Random(3), Plan(**({"adr": False} | plan)))
        self.application = ModelApplication()
        address = BrokerAddress(broker.host, broker.port)
        in_step = InStep(self.clock)
        self.network = NetworkSide(
            address,
            prefix,
            self.clock,
            core=self.core,
            application=self.application,
            rng=random.Random(4),
            after_send=in_step.soon,
        )
        self.bridge = GatewayBridge(
            address, prefix, self.clock, self.gateways, after_send=in_step.soon, stats_every_us=60_000_000
        )
        self.air.observers.append(self.bridge.observe)
        in_step.join(self.bridge, self.network)

    def run(self, seconds):
        self.clock.run_until(self.clock.now_us + int(seconds * 1_000_000))

    def joined(self):
        self.station.join()
        self.run(8)
        assert len(self.station.accepts) == 1
        return self

    def send(self, payload, **fields):
        """An uplink and all that follows from it."""
        self.station.send(payload, **fields)
        self.run(5)
        return self.application.outcomes[-1]

    def close(self):
        self.bridge.close()
        self.network.close()
