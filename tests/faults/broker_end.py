"""Somebody else's MQTT broker, a real mosquitto, with a login; a subscriber that misses nothing counts."""

import json
import threading
from collections import Counter

import paho.mqtt.client as paho
from tests.faults.far_ends import FarEnd
from tests.faults.mosquitto import Mosquitto
from tests.faults.part import SECRET, Reached

PATIENCE_S = 30


class BrokerEnd(Reached, FarEnd):
    """MQTT knows no repeats: a message that was not answered comes again."""

    kind = "mqtt"
    promise = "at least once"

    def __init__(self, servers):
        self.broker = Mosquitto(servers.folder("town broker"), ["gateway", "reader"])
        self.secret = SECRET
        self.heard, subscribed = Counter(), threading.Event()
        client = self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="reader", clean_session=False
        )
        client.username_pw_set("reader", SECRET)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda *_: client.subscribe("luftpegel/#", 1)
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_message = self._hear
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        assert subscribed.wait(PATIENCE_S)
        self.lead(self.broker.port)

    def _hear(self, _client, _data, message):
        told = json.loads(message.payload)
        if isinstance(told, dict) and "seq" in told and not message.dup and not message.retain:
            self.heard[told["station"], told["seq"], told["quantity"]] += 1

    def settings(self, town):
        file = town.secret("mqtt", self.secret)
        return (
            f'host = "127.0.0.1"\nport = {self.way.port}\nusername = "gateway"\npassword_file = "{file}"\n'
            "keepalive_s = 5\n"
        )

    def restart(self):
        self.broker.restart()

    def expire(self, town):
        self.secret += " 2"
        self.broker.admit("gateway", self.secret)

    def renew(self, town):
        town.secret("mqtt", self.secret)

    def refusals(self, town):
        """Nobody of this name may log in; nobody of this name may write."""
        self.broker.admit("gateway", "another")
        yield
        self.broker.admit("gateway", self.secret)
        self.broker.forbid("gateway")
        yield
        self.broker.allow()

    def held(self, town):
        return Counter(self.heard)

    def close(self):
        super().close()
        self.client.disconnect()
        self.client.loop_stop()
        self.broker.stop()
