"""The source "http-push": signed messages, ChirpStack's own HTTP integration, refusals that one can read."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import random
import socket
import time

import pytest
from chirpstack_api import integration

from luftpegel_gateway.model.events import Joined, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import Context, http_push
from luftpegel_gateway.sources.http_login import Signed
from luftpegel_gateway.sources.push_events import parse, topic_of
from luftpegel_gateway.transport.signature import Unsigned, judge, signature
from luftpegel_tools.programs.broker import free_port

SECRET = "whsec_" + base64.b64encode(b"a-secret-of-the-town").decode()
PATIENCE_S = 60


def own_signature(key, timestamp, body):
    """Apart from ours: as the specification of Standard Webhooks says it."""
    text = f"{key}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(b"a-secret-of-the-town", text, hashlib.sha256).digest()).decode()


def headers(key, body, *, at=0, signed=None):
    now = int(time.time()) + at
    return {
        "webhook-id": key,
        "webhook-timestamp": str(now),
        "webhook-signature": signed or own_signature(key, now, body),
    }


class Poster:
    def __init__(self, port):
        self.port = port

    def post(self, body, given, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", path, body, given)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def insist(self, body, given, path="/"):
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                return self.post(body, given, path)
            except OSError:
                time.sleep(0.05)
        raise AssertionError("it never listened")


@pytest.fixture
def listening(site):
    """The site with http-push; `way`: how senders log in."""

    def make(way):
        port = free_port()
        for name, text in (("secret", SECRET), ("token", "a-token")):
            (site.folder / name).write_text(text + "\n")
            (site.folder / name).chmod(0o600)
        site.config.write_text(
            f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "http-push"\n'
            f'port = {port}\n{way}\n[[sink]]\nkind = "store"\n\n[page]\nport = {site.page}\n'
        )
        return Poster(port)

    return make


def pushed(station, newest):
    told = json.loads(station.uplink(newest))
    uplink = {"dev_eui": station.dev_eui, "f_port": 1, "data": told["data"], "time": told["time"]}
    return json.dumps(uplink | {"f_cnt": newest}).encode()


def test_signed_messages(site, listening, station, until):
    """Taken when signed in time; a listener's copy is answered and changes nothing; all else is refused."""
    poster = listening('secret_file = "secret"\n')
    site.start()
    first = pushed(station, 0)
    given = headers("msg_1", first)
    assert poster.insist(first, given)[0] == 200
    for _ in range(3):  # heard on the way, and posted again
        assert poster.post(first, given)[0] == 200
    site.wait_for([0])
    state = until(site.state, "no state")
    assert (state.frames, state.repeated_frames) == (1, 0)
    second = pushed(station, 1)
    for wrong in (
        {},
        {"Authorization": f"Bearer {SECRET}"},
        headers("msg_2", first),
        headers("msg_2", second, signed="v1,AAAA"),
        headers("msg_2", second, signed="v1a," + "A" * 44),
        {**headers("msg_2", second), "webhook-id": "msg_3"},
        {**headers("msg_2", second), "webhook-timestamp": "9" * 13},
        {**headers("msg_2", second), "webhook-timestamp": "-1"},
        {**headers("msg_2", second), "webhook-signature": " " * 20},
    ):
        assert poster.post(second, wrong)[0] == 401, wrong
    assert site.troubles() == {}
    several = headers("msg_2", second)
    several["webhook-signature"] = f"v1,AAAA {several['webhook-signature']}"  # while keys are changed
    assert poster.post(second, several)[0] == 200
    assert poster.post(pushed(station, 2), headers("msg_2", pushed(station, 2)))[0] == 200  # an id used twice
    site.wait_for([0, 1, 2])
    assert site.codes() == []
    assert SECRET not in site.log.read_text()
    site.stop()


def test_a_senders_clock_that_is_off_is_told_until_it_is_right(site, listening, station, until):
    poster = listening('secret_file = "secret"\nwindow_s = 60\n')
    site.start()
    body = pushed(station, 0)
    status, told = poster.insist(body, headers("msg_1", body, at=-120))
    assert (status, "too long ago" in told) == (401, True)
    until(lambda: site.troubles() == {"http-push": "LP-520"}, site.log.read_text)
    assert poster.post(body, headers("msg_1", body, at=120))[0] == 401
    assert poster.post(body, headers("msg_1", body, at=30))[0] == 200
    until(lambda: site.troubles() == {}, site.log.read_text)
    site.stop()


class Told:
    def __init__(self):
        self.now = {}

    def report(self, subject, code, detail):
        self.now[code] = detail

    def clear(self, subject, *codes):
        for code in codes:
            self.now.pop(code, None)


def test_what_is_remembered_is_bounded_and_forgotten():
    clock = [1000.0]
    login = Signed(SECRET, 60, "s", Told(), clock=lambda: clock[0], most=100)
    for number in range(100):
        assert not login.full()
        login.taken(bytes([number]))
    assert login.full()
    clock[0] += 119
    assert login.full()
    assert login.knows(b"\x00")
    clock[0] += 2
    assert not login.full()
    assert not login.knows(b"\x00")


def test_what_is_remembered_outlives_the_window():
    """A timestamp that lies ahead counts longer: its copy must be known for as long."""
    clock = [1000.0]
    login = Signed(SECRET, 60, "s", Told(), clock=lambda: clock[0])
    given = {"webhook-id": "a", "webhook-timestamp": "1060"}
    given["webhook-signature"] = own_signature("a", 1060, b"x")
    login.taken(login.judged(given, b"x"))
    for clock[0] in (1000.0, 1060.0, 1119.0):
        login.full()
        assert login.knows(login.judged(given, b"x"))
    clock[0] = 1121.0
    with pytest.raises(Unsigned):
        login.judged(given, b"x")


def test_any_damage_to_a_signed_message_is_refused():
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    body = b'{"dev_eui": "70b3d57ed0000001"}'
    whole = {"webhook-id": "msg", "webhook-timestamp": "1000"}
    whole["webhook-signature"] = signature(SECRET, "msg", 1000, body)
    assert judge(SECRET, whole, body, 1000, 60) == "msg"
    for _ in range(20_000):
        given, text = dict(whole), bytearray(body)
        name = luck.choice([*given, "body"])
        if name == "body":
            text[luck.randrange(len(text))] ^= 1 << luck.randrange(8)
        else:
            place = luck.randrange(len(given[name]))
            other = luck.choice("0aZ \x00\udcff,.=")
            if other == given[name][place] or (name == "webhook-signature" and other == " "):
                continue
            given[name] = given[name][:place] + other + given[name][place + 1 :]
            if name == "webhook-timestamp" and given[name].isdigit() and int(given[name]) == 1000:
                continue
        with pytest.raises(Unsigned):
            judge(SECRET, given, bytes(text), 1000, 60)


def test_one_way_to_log_in_and_no_other():
    base = {key: option.default for key, option in http_push.OPTIONS.items()}
    wrong = [(key, one.code) for key, one in http_push.wrong(base)]
    assert wrong == [("token_file", "LP-305")]
    both = base | {"token_file": "a", "secret_file": "b"}
    assert [(key, one.code) for key, one in http_push.wrong(both)] == [("secret_file", "LP-323")]
    assert [one.code for _, one in http_push.wrong(base | {"secret_file": "whsec_!"})] == ["LP-311"]


# ChirpStack's own HTTP integration.


def test_chirpstack_posts_as_it_does(site, listening, station):
    poster = listening('token_file = "token"\n')
    site.start()
    given = {"Authorization": "Bearer a-token", "Content-Type": "application/json"}
    assert poster.insist(station.uplink(0), given, "/?event=up")[0] == 200
    event = integration.UplinkEvent(f_port=1, data=station.payload(1), f_cnt=7, dev_addr="01020304")
    event.device_info.dev_eui = station.dev_eui
    event.time.FromJsonString("2026-07-01T12:10:00Z")
    protobuf = {**given, "Content-Type": "application/octet-stream"}
    assert poster.post(event.SerializeToString(), protobuf, "/?event=up")[0] == 200
    join = json.dumps({"deviceInfo": {"devEui": station.dev_eui}, "devAddr": "01020304"}).encode()
    for kind in ("join", "status", "ack", "txack", "log", "location", "integration", "something%20new"):
        assert poster.post(join, given, f"/?event={kind}")[0] == 200
    site.wait_for([0, 1])
    assert site.codes() == []
    assert poster.post(b"{}", given, "/?event=up")[0] == 200
    assert site.codes() == ["LP-250"]
    site.stop()


def test_chirpstack_is_not_kept_waiting(tmp_path, station):
    """It waits five seconds for an answer, and meanwhile serves no downlink of the device."""
    options = {key: option.default for key, option in http_push.OPTIONS.items()}
    options |= {"port": free_port(), "token_file": "a-token"}

    async def answer():
        source = http_push.create(Context("push", options, lambda _arrivals: (), Told(), tmp_path))
        source.start()
        poster, given = Poster(options["port"]), {"Authorization": "Bearer a-token"}
        posting = asyncio.to_thread(poster.insist, station.uplink(0), given, "/?event=up")
        began = asyncio.get_running_loop().time()
        status, _ = await posting  # nothing is ever committed
        waited = asyncio.get_running_loop().time() - began
        await asyncio.to_thread(source.stop)
        return status, waited

    status, waited = asyncio.run(answer())
    assert status == 503
    assert waited < 15
    assert http_push.PATIENCE_S < 5


def test_what_chirpstack_posts_is_read(station):
    event = parse(topic_of("up"), station.uplink(3))
    assert isinstance(event, Uplink)
    assert (event.reply_topic, event.f_port, event.application) == ("", 1, "app")
    assert "topic" not in event.lacking
    joined = parse(topic_of("join"), b'{"deviceInfo": {"devEui": "70b3d57ed0000001"}}')
    assert isinstance(joined, Joined)
    assert isinstance(parse(topic_of("x" * 10_000), b"{}"), Passed)
    with pytest.raises(Refused, match="LP-258"):
        parse(topic_of(None), station.uplink(3))


# Refusals that a sender can read although it writes all before it reads.


def send_all_then_read(port, head, size):
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(head + b"\r\n")
        for place in range(0, size, 65536):
            connection.sendall(b"x" * min(65536, size - place))
        if b"chunked" in head:
            connection.sendall(b"\r\n0\r\n\r\n")
        return connection.recv(65536)


@pytest.mark.parametrize("told", ["length", "chunked"])
def test_too_large_is_told_to_who_reads_late(site, listening, told):
    poster = listening('token_file = "token"\n')
    site.start()
    poster.insist(b"", {"Authorization": "Bearer a-token"})
    size = 2 << 20
    head = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a-token\r\n"
    if told == "length":
        head += f"Content-Length: {size}\r\n".encode()
    else:
        head += f"Transfer-Encoding: chunked\r\n\r\n{size:x}".encode()
    for _ in range(5):
        assert send_all_then_read(poster.port, head, size).startswith(b"HTTP/1.1 413")
    site.stop()


def test_a_wrong_token_is_told_to_who_reads_late(site, listening):
    poster = listening('token_file = "token"\n')
    site.start()
    poster.insist(b"", {"Authorization": "Bearer a-token"})
    head = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nContent-Length: 1000000\r\n"
    for _ in range(5):
        assert send_all_then_read(poster.port, head, 1_000_000).startswith(b"HTTP/1.1 401")
    site.stop()


def test_who_never_ends_is_read_for_a_while_only(site, listening):
    poster = listening('token_file = "token"\n')
    site.start()
    poster.insist(b"", {"Authorization": "Bearer a-token"})
    sent = 0
    with socket.create_connection(("127.0.0.1", poster.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        with contextlib.suppress(OSError):  # a reset or a broken pipe
            while sent < 1_000_000_000:
                sent += connection.send(b"x" * 65536)
    assert sent < 100_000_000
    site.stop()
