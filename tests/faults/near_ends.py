"""The near end of every kind of source: it tells readings, keeps what nobody acknowledged, tells it again."""

import http.client
import queue
import threading

import paho.mqtt.client as paho
from tests.faults.mosquitto import Mosquitto
from tests.faults.part import SECRET, Part, Reached
from tests.faults.town import until
from tests.gateway.test_http_sources import message, pushed

from luftpegel_tools.programs.broker import free_port

# Sources of one machine, without a network to break: what happens to them is in a test of their own.
ELSEWHERE = {
    "replay": "tests/gateway/test_replay.py",
    "usb-receiver": "tests/gateway/test_usb_receiver.py",
}
PATIENCE_S = 30
ANSWER_S = 3  # how long who posts waits for an answer
BROKEN = b'{"torn": '


class NearEnd(Part):
    """`send(station, seq)` tells a reading, `send_broken` what no parser takes, again until each is taken."""

    promise = "once"
    silence_is_told = True  # whether the gateway can know that nobody tells it anything

    @property
    def told_as(self):
        """Its source's name."""
        return self.kind

    def send(self, station, seq):
        raise NotImplementedError

    def send_broken(self, station):
        raise NotImplementedError

    def listens(self, town):
        """Whether the gateway hears it."""
        troubles = town.troubles()
        return troubles is not None and self.kind not in troubles

    def settle(self):
        """Wait until nothing is under way that only this end has."""
        raise NotImplementedError

    def refusals(self, town):
        """Broken messages between good ones: each ends in quarantine and touches no neighbour."""
        station = town.station_of(self)
        for _ in range(4):
            self.send_broken(station)
            town.broken[self.kind] = town.broken.get(self.kind, 0) + 1
            yield


class _MqttEnd(Reached, NearEnd):
    """A network server's broker, a real mosquitto with a login; QoS 1."""

    bytes_up, bytes_down = 120, 3000  # a login and some acknowledgements up, events down
    more = ""

    def __init__(self, servers):
        self.broker = Mosquitto(servers.folder(f"{self.kind} broker"), ["gateway", "server"])
        self.secret = SECRET
        self._sent, self._has, self._count = set(), set(), 0  # packets: told, and those the broker has
        connected = threading.Event()
        client = self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="server", clean_session=False
        )
        client.username_pw_set("server", SECRET)
        client.max_inflight_messages_set(1000)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda *_: connected.set()
        client.on_publish = lambda _client, _data, mid, _reason, _properties: self._has.add(mid)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        assert connected.wait(PATIENCE_S)
        self.lead(self.broker.port)

    def settings(self, town):
        file = town.secret(self.kind, self.secret)
        return (
            f'host = "127.0.0.1"\nport = {self.way.port}\nusername = "gateway"\npassword_file = "{file}"\n'
            f'client_id = "town {town.number}"\nkeepalive_s = 5\n{self.more}'
        )

    def send(self, station, seq):
        self._publish(station, self.payload(station, seq))

    def send_broken(self, station):
        self._count += 1
        self._publish(station, BROKEN + str(self._count).encode())

    def _publish(self, station, payload):
        self._sent.add(self.client.publish(self.topic(station), payload, qos=1).mid)

    def settle(self):
        until(lambda: self._sent <= self._has, lambda: f"the broker lacks {self._sent - self._has}")

    def restart(self):
        self.settle()  # what is in the publisher's hands alone is not the gateway's affair
        self.broker.restart()

    def expire(self, town):
        self.secret += " 2"
        self.settle()
        self.broker.admit("gateway", self.secret)

    def renew(self, town):
        town.secret(self.kind, self.secret)

    def close(self):
        super().close()
        self.client.disconnect()
        self.client.loop_stop()
        self.broker.stop()


class ChirpStackEnd(_MqttEnd):
    kind = "chirpstack-mqtt"

    def topic(self, station):
        return station.topic()

    def payload(self, station, seq):
        return station.uplink(seq)


class TtsMqttEnd(_MqttEnd):
    kind = "tts-mqtt"
    more = "tls = false\n"

    def topic(self, station):
        return f"v3/gateway/devices/{station.id.lower()}/up"

    def payload(self, station, seq):
        return message(station, seq)


class _PostingEnd(Reached, NearEnd):
    """A network server that posts in turn, and each message until it hears 200."""

    silence_is_told = False

    def __init__(self, servers):
        self.port = free_port()
        self.secret = self._shown = SECRET
        self._bodies = queue.Queue()
        self._ends = threading.Event()
        self.times = self._count = 0
        self.lead(self.port)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def settings(self, town):
        return f'port = {self.port}\npath = "/up"\ntoken_file = "{town.secret(self.kind, self.secret)}"\n'

    def send(self, station, seq):
        self._bodies.put(self.payload(station, seq))

    def send_broken(self, station):
        self._count += 1
        self._bodies.put(BROKEN + str(self._count).encode())

    def _run(self):
        while (body := self._bodies.get()) is not None:
            while not self._post(body) and not self._ends.wait(0.05):
                pass

    def _post(self, body):
        self.times += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.way.port, timeout=ANSWER_S)
        headers = {"Authorization": f"Bearer {self._shown}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/up", body, headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def settle(self):
        """What waits to be posted is safe: the network server keeps it."""

    def restart(self):
        """The network server ends in the middle of what it posts, and posts it again."""
        self.way.away()
        self.way.back()

    def expire(self, town):
        self._shown = "the second secret"

    def renew(self, town):
        self.secret = self._shown
        town.secret(self.kind, self.secret)

    def close(self):
        self._ends.set()
        self._bodies.put(None)
        self._thread.join(PATIENCE_S)
        super().close()


class HttpPushEnd(_PostingEnd):
    kind = "http-push"

    def payload(self, station, seq):
        return pushed(station, seq)


class TtsWebhookEnd(_PostingEnd):
    kind = "tts-webhook"

    def payload(self, station, seq):
        return message(station, seq)


NEAR_ENDS = {end.kind: end for end in (ChirpStackEnd, TtsMqttEnd, HttpPushEnd, TtsWebhookEnd)}
