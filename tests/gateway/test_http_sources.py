"""Sources that are posted to, with the real gateway: 200 means that it is on the disk, through any kill."""

import base64
import http.client
import itertools
import json
import random
import resource
import socket
import threading
import time

import pytest

from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources.push_events import parse
from luftpegel_tools.programs.broker import free_port
from luftpegel_wire import PORT_BACKFILL

TOKEN = "a-token-of-the-town"
PATIENCE_S = 30
KILLS = 12


class Sender:
    """Posts until it hears 200, as a network server with retries does."""

    def __init__(self, port, path="/up", token=TOKEN, **headers):
        self.port, self.path = port, path
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}

    def post(self, body, method="POST"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, self.path, body, self.headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def insist(self, body):
        """How often it had to be posted."""
        for times in range(1, 10_000):
            if self.post(body) == 200:
                return times
            time.sleep(0.01)
        raise AssertionError("never taken")


@pytest.fixture
def listening(site):
    """The site with a source of this kind in place of the broker's; a sender for it."""

    def make(kind, more=""):
        port = free_port()
        token = site.folder / "token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        site.config.write_text(
            f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "{kind}"\n'
            f'port = {port}\npath = "/up"\ntoken_file = "token"\n{more}\n[[sink]]\nkind = "store"\n\n'
            f"[page]\nport = {site.page}\n"
        )
        return Sender(port)

    return make


def pushed(station, newest):
    told = json.loads(station.uplink(newest))
    return json.dumps(
        {"dev_eui": station.dev_eui, "f_port": 1, "data": told["data"], "time": told["time"], "f_cnt": newest}
    ).encode()


def message(station, newest, **options):
    told = json.loads(station.uplink(newest, **options))
    up = {"f_port": 1, "f_cnt": newest, "frm_payload": told["data"], "received_at": told["time"]}
    up["settings"] = {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}}}
    ids = {"device_id": "x", "application_ids": {"application_id": "a"}, "dev_eui": station.dev_eui}
    return json.dumps({"end_device_ids": ids, "received_at": told["time"], "uplink_message": up}).encode()


@pytest.mark.parametrize("kind", ["http-push", "tts-webhook"])
def test_kills_under_load_lose_nothing_and_double_nothing(site, listening, make_station, until, kind):
    sender, luck = listening(kind), random.Random(3)
    body = {"http-push": pushed, "tts-webhook": message}[kind]
    stations = [make_station(), make_station(dev_eui="70b3d57ed0000002")]
    ended = threading.Event()
    sent = [0, 0]

    def send(number):
        while not ended.is_set():
            sender.insist(body(stations[number], sent[number]))
            sent[number] += 1

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    site.start()
    for thread in threads:
        thread.start()
    for _ in range(KILLS):
        taken = sum(sent)
        until(lambda taken=taken: sum(sent) > taken + 4, site.log.read_text)  # it listens, and has work
        time.sleep(luck.uniform(0, 0.5))
        site.kill()
        site.start()
    until(lambda: site.get("/readyz")[0] == 200, lambda: site.log.read_text()[-2000:])
    ended.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert min(sent) > 25
    for number, name in enumerate(("LP-0001", "LP-0002")):
        site.wait_for(range(sent[number]), name)
        rows = site.rows("SELECT seq FROM readings WHERE station = ? AND channel = 2", name)
        assert sorted(seq for (seq,) in rows) == list(range(sent[number]))
    assert site.codes() == []
    site.stop()


def test_who_may_post_and_what(site, listening, station):
    sender = listening("http-push")
    site.start()
    sender.insist(pushed(station, 0))
    good = pushed(station, 1)
    assert Sender(sender.port, token="another").post(good) == 401
    assert Sender(sender.port, token="").post(good) == 401
    assert Sender(sender.port, "/elsewhere").post(good) == 404
    assert sender.post(good, "PUT") == 405
    assert sender.post(b"x" * 300_000) == 413
    assert sender.post(b"no uplink") == 200  # taken, and kept in quarantine: posting it again helps nobody
    assert site.codes() == ["LP-258"]
    assert TOKEN not in site.log.read_text()
    site.stop()


def exchange(port, request_bytes, more=None):
    """What is answered; after the first word of an answer `more` is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(request_bytes)
        answer = b""
        while got := connection.recv(65536):
            answer += got
            if more is not None:
                connection.sendall(more)
                more = None
        return answer


def test_headers_and_bodies_of_any_kind(site, listening, station, until):
    """A stranger's bytes are refused in few words; what leaves early is no error; who waits for a word gets
    it."""
    sender, host = listening("http-push"), b"POST /up HTTP/1.1\r\nHost: x\r\n"
    site.start()
    sender.insist(pushed(station, 0))
    for shown in (b"Bearer \xff\xfe", b"Bearer", b"Bearer ", b"Basic " + TOKEN.encode(), b"\xc3"):
        answer = exchange(sender.port, host + b"Authorization: " + shown + b"\r\nContent-Length: 0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401"), shown
    host += f"Authorization: bearer {TOKEN}\r\n".encode()
    body = pushed(station, 1)
    length = f"Content-Length: {len(body)}\r\n".encode()
    answer = exchange(sender.port, host + b"Expect: 100-continue\r\n" + length + b"\r\n", body)
    assert answer.startswith(b"HTTP/1.1 100")
    assert b"HTTP/1.1 200" in answer
    answer = exchange(sender.port, host + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")
    assert answer.startswith(b"HTTP/1.1 400")
    with socket.create_connection(("127.0.0.1", sender.port)) as leaving:
        leaving.sendall(host + length + b"\r\n" + body[:20])
    sender.insist(pushed(station, 2))
    site.wait_for(range(3))
    site.stop()
    assert "Traceback" not in site.log.read_text()
    assert site.codes() == []


def test_a_host_that_no_dns_can_hold_is_told(site, listening, until):
    listening("http-push", f'host = "{"a" * 80}"\n')
    site.start()
    until(lambda: site.troubles() == {"http-push": "LP-433"}, site.log.read_text)
    site.stop()


def test_a_full_disk_is_told_to_the_sender(site, listening, station, until):
    """503 or no answer in time, never 200 before it is written down."""
    sender = listening("http-push")
    site.start()
    sender.insist(pushed(station, 0))
    site.kill()
    site.start(preexec_fn=no_room)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(sender.post(pushed(station, 1))))
    thread.start()
    thread.join(2)
    assert 200 not in answers
    site.kill()
    thread.join(PATIENCE_S)
    site.start()
    sender.insist(pushed(station, 1))
    site.wait_for([0, 1])
    site.stop()


def no_room():
    """In the child: every write fails as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))


def test_a_port_that_is_taken_is_told_and_tried_again(site, listening, station, until):
    sender = listening("http-push")
    with socket.create_server(("127.0.0.1", sender.port)):
        site.start()
        until(site.troubles, site.log.read_text)
        assert "LP-433" in str(site.troubles())
    until(lambda: site.troubles() == {}, site.log.read_text)
    sender.insist(pushed(station, 0))
    site.wait_for([0])
    site.stop()


def test_the_webhook_asks_for_what_is_missing_where_it_is_told_to(site, listening, station, until):
    asked = []

    class Server(threading.Thread):
        def __init__(self):
            super().__init__()
            self.listening = socket.create_server(("127.0.0.1", 0))
            self.port = self.listening.getsockname()[1]

        def run(self):
            while True:
                try:
                    connection, _ = self.listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    server = Server()
    server.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        key = site.folder / "key"
        key.write_text("a-key")
        key.chmod(0o600)
        sender = listening("tts-webhook", f'url = "{base}"\ndownlink_key_file = "key"\n')
        site.start()
        here = Sender(sender.port, **{"X-Downlink-Replace": f"{base}/api/v3/x/down/replace"})
        here.insist(message(station, 3))
        here.insist(message(station, 40))  # 32 are missing
        until(lambda: asked, lambda: site.log.read_text()[-3000:])
        head, _, body = asked[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/v3/x/down/replace ")
        assert b"Authorization: Bearer a-key" in head
        assert json.loads(body)["downlinks"][0]["f_port"] == PORT_BACKFILL
        count = len(asked)
        host, _, port = base.removeprefix("http://").rpartition(":")
        for seq, other in enumerate(["http://127.0.0.2:1", f"https://{host}:{port}", f"http://{host}:1"], 60):
            elsewhere = Sender(sender.port, **{"X-Downlink-Replace": f"{other}/x"})
            elsewhere.insist(message(station, seq))
        assert len(asked) == count  # nobody sends us, and our key, elsewhere
        assert site.troubles() == {}
        site.stop()
    finally:
        server.listening.shutdown(2)
        server.listening.close()
        server.join(PATIENCE_S)


def test_the_things_stack_over_mqtt(site, broker, server, station, until):
    key = site.folder / "key"
    key.write_text("a-key")
    key.chmod(0o600)
    site.config.write_text(
        f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "tts-mqtt"\n'
        f'host = "127.0.0.1"\nport = {broker.port}\ntls = false\nusername = "my-town@ttn"\n'
        f'password_file = "key"\n[[sink]]\nkind = "store"\n\n[page]\nport = {site.page}\n'
    )
    commands = []
    server.client.message_callback_add(
        "v3/+/devices/+/down/replace", lambda _client, _data, told: commands.append(json.loads(told.payload))
    )
    server.client.subscribe("v3/+/devices/+/down/replace", 1)
    site.started()
    topic = "v3/my-town@ttn/devices/lp-0001"
    for seq in (0, 1, 2, 40):
        server.publish(f"{topic}/up", message(station, seq))
    server.publish(f"{topic}/down/queued", b"{}")
    server.publish("v3/other-town@ttn/devices/x/up", message(station, 99))
    until(lambda: commands, lambda: site.log.read_text()[-3000:])
    assert commands[0]["downlinks"][0]["f_port"] == PORT_BACKFILL
    site.wait_for([0, 1, 2, *range(37, 41)])
    assert 99 not in site.stored()
    site.stop()


def test_kills_and_broker_restarts_lose_nothing_of_the_things_stack(site, broker, server, station, until):
    """Each reading is in one message alone, published with QoS 1 so that the broker answers for it."""
    luck = random.Random(7)
    site.config.write_text(
        f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "tts-mqtt"\n'
        f'host = "127.0.0.1"\nport = {broker.port}\ntls = false\nusername = "my-town@ttn"\n'
        f'password_file = "key"\n[[sink]]\nkind = "store"\n\n[page]\nport = {site.page}\n'
    )
    key = site.folder / "key"
    key.write_text("a-key")
    key.chmod(0o600)
    site.started()
    numbers = itertools.count()
    for kill in range(KILLS):
        until(lambda: site.troubles() == {} and server.client.is_connected(), site.log.read_text)
        for seq in itertools.islice(numbers, 20):
            server.publish("v3/my-town@ttn/devices/lp-0001/up", message(station, seq, history=1))
        time.sleep(luck.uniform(0, 0.05))
        site.kill()
        if kill % 4 == 3:
            server.settle()
            broker.stop()
            broker.start()
        site.start()
    server.settle()
    sent = next(numbers)
    site.wait_for(range(sent))
    assert site.stored() == {seq: station.value(seq) for seq in range(sent)}
    assert site.codes() == []
    site.stop()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"dev_eui": "70b3d57ed0000001"}',
     b'{"dev_eui": "70b3d57ed0000001", "f_port": 1}',
     b'{"dev_eui": "70b3d57ed0000001", "f_port": 999, "data": ""}',
     b'{"dev_eui": "7", "f_port": 1, "data": ""}',
     b'{"dev_eui": "70b3d57ed0000001", "f_port": 1, "hex": "8"}',
     b'{"dev_eui": "70b3d57ed0000001", "f_port": 1, "hex": 8}',
     b'{"dev_eui": "70b3d57ed0000001", "f_port": 1, "data": "!"}'],
)  # fmt: skip
def test_what_is_no_uplink_is_refused(body):
    with pytest.raises(Refused, match="LP-258"):
        parse("", body)


def test_a_signal_strength_may_have_a_fraction():
    event = parse("", b'{"dev_eui": "70b3d57ed0000001", "f_port": 1, "hex": "00", "rssi": -96.8, "snr": 1}')
    assert (event.rssi, event.snr, event.lacking) == (-97, 1.0, ())


def test_any_damage_gives_an_uplink_or_a_refusal():
    luck = random.Random(5)
    whole = {"dev_eui": "70b3d57ed0000001", "f_port": 1, "data": base64.b64encode(b"abc").decode(),
             "time": "2026-11-26T12:00:00Z", "f_cnt": 3, "dr": 5, "rssi": -90, "snr": 3.5, "gateway": "roof",
             "dev_addr": "01020304", "hex": None}  # fmt: skip
    strange = [None, "", "x" * 300, -1, 2**70, 1.5, True, [], {}, "\ud800", 1e400]
    codes = set()
    for _ in range(20_000):
        body = {key: luck.choice(strange) if luck.random() < 0.1 else value for key, value in whole.items()}
        payload = json.dumps(body).encode()
        try:
            event = parse("", payload[: luck.randrange(len(payload))] if luck.random() < 0.1 else payload)
        except Refused as refused:
            codes.add(refused.code)
        else:
            codes.add(type(event).__name__)
    assert codes == {"LP-258", "Uplink"}
