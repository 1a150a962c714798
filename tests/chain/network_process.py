"""A network server in a process of its own, by the wall clock: ours, as a stand-in for a real ChirpStack.

    network_process.py BROKER_URL PREFIX DEV_EUI=APP_KEY...

It shares no clock, no memory and no marks with the town, only the broker. Each device is sent, with its first
answer, a confirmed downlink that sets its interval. A line of JSON on stdout tells each thing that happened.
"""

import json
import random
import sys
import time

from chirpstack_api import gw

from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.network_server.gateway_side import Answer, NetworkSide
from luftpegel_tools.network_server.lorawan import Heard, Identity, Joined, NetworkServer, Payload, Plan
from luftpegel_tools.town.pace import keep_real_time
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_wire import PORT_CONFIG, encode_config

TOKEN, INTERVAL_S = 7, 120
_POLL_EVERY_US = 5_000


class Application:
    def __init__(self):
        self._waiting = {}

    def heard(self, outcome, frames, room):
        known = {"gateways": sorted({info.gateway_id for info in frames.rx_info})}
        if isinstance(outcome, Joined):
            payload = Payload(PORT_CONFIG, encode_config(TOKEN, {"interval_s": INTERVAL_S}), confirmed=True)
            self._waiting[outcome.dev_eui] = payload
            tell("joined", outcome.dev_eui, dev_nonce=outcome.dev_nonce, **known)
        elif isinstance(outcome, Heard):
            now_us = time.time() * 1e6
            tell(
                "up",
                outcome.dev_eui,
                f_cnt=outcome.f_cnt,
                f_port=outcome.f_port,
                data=outcome.data.hex(),
                acknowledged=outcome.acknowledged,
                late_s=(now_us - frames.rx_info[0].gw_time.ToMicroseconds()) / 1e6,
                **known,
            )
        else:
            tell("refused", outcome.dev_eui or b"", reason=outcome.reason.name)
            return None
        return Answer(self._waiting.pop(outcome.dev_eui, None) if isinstance(outcome, Heard) else None)

    def sent(self, downlink, ack):
        statuses = [gw.TxAckStatus.Name(item.status) for item in ack.items]
        tell("sent", downlink.dev_eui, f_cnt=downlink.f_cnt, statuses=statuses)

    def stats(self, stats):
        tell("stats", b"", gateway=stats.gateway_id)


def tell(what, dev_eui, **more):
    print(json.dumps({"event": what, "dev_eui": dev_eui.hex()} | more), flush=True)


def main():
    url, prefix, *devices = sys.argv[1:]
    known = {}
    for device in devices:
        dev_eui, app_key = map(bytes.fromhex, device.split("="))
        known[dev_eui] = Identity(dev_eui, app_key)
    clock = VirtualClock(epoch=int(time.time()))
    network = NetworkSide(
        BrokerAddress.parse(url),
        prefix,
        clock,
        core=NetworkServer(known.get, random.Random(), Plan(adr=False)),
        application=Application(),
        rng=random.Random(),
    )
    assert network.post.wait_ready(10)
    keep_real_time(clock)

    def poll():
        network.poll()
        clock.call_later(_POLL_EVERY_US, poll)

    poll()
    tell("ready", b"")
    clock.serve(lambda: False, lambda: False)


if __name__ == "__main__":
    main()
