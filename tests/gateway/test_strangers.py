"""Frames of other makers' devices, passed on raw by choice: to MQTT and webhook, never into a store."""

import base64
import http.server
import json
import random
import threading
import time

import paho.mqtt.client as paho
import pytest
from chirpstack_api import integration

from luftpegel_gateway.ingest import strangers
from luftpegel_gateway.ingest.clocks import Estimate
from luftpegel_gateway.journal.sqlite.items import pack_items, unpack_items
from luftpegel_gateway.model.events import Delivery, Uplink
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Stranger
from luftpegel_gateway.sinks.mqtt_messages import messages_of
from luftpegel_gateway.sinks.webhook_messages import body_of, key_of
from luftpegel_gateway.sources.decoded import decoded

EUI = "a84041ffff000001"
KILLS = 8


class Receiver:
    """Takes what the webhook posts."""

    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.extend(json.loads(body)["items"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def raw(self):
        return [item for item in self.seen if item["kind"] == "raw"]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def subscriber(broker):
    """What is published below luftpegel/raw."""
    seen, ready = [], threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="city", clean_session=False)
    client.on_connect = lambda *_: client.subscribe("luftpegel/raw/#", 1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _d, message: seen.append((message.topic, json.loads(message.payload)))
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert ready.wait(30)
    yield seen
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def world(site, server, receiver, subscriber):
    return site, server, receiver, subscriber


def passing(site, receiver):
    site.write_config(
        f'[[sink]]\nkind = "store"\n\n[[sink]]\nkind = "mqtt"\nhost = "127.0.0.1"\nport = {site.port}\n\n'
        f'[[sink]]\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/"\n'
    )
    text = site.config.read_text()
    site.config.write_text(text.replace("[[sink]]", 'others = "pass"\n\n[[sink]]', 1))


def foreign(number, **changes):
    event = {
        "time": "2026-07-01T12:00:00Z", "deviceInfo": {"devEui": EUI, "applicationName": "parking"},
        "devAddr": "01020304", "fCnt": number, "fPort": 85, "dr": 5,
        "data": base64.b64encode(number.to_bytes(4, "big")).decode(),
        "object": {"free": number}, "rxInfo": [{"gatewayId": "0016c001f0000001", "rssi": -97, "snr": 7.5}],
    }  # fmt: skip
    return json.dumps(event | changes).encode()


TOPIC = f"application/x/device/{EUI}/event/up"


def test_kills_lose_no_foreign_frame_and_no_reading(world, station, until):
    site, server, receiver, subscriber = world
    passing(site, receiver)
    site.started()
    luck, number = random.Random(3), 0
    for _ in range(KILLS):
        until(lambda: site.troubles() == {} and server.client.is_connected(), site.log.read_text)
        for _ in range(15):
            server.publish(TOPIC, foreign(number))
            server.publish(station.topic(), station.uplink(number, history=1))
            number += 1
        time.sleep(luck.uniform(0, 0.1))
        site.kill()
        site.start()
    server.settle()
    until(lambda: site.troubles() == {}, site.log.read_text)
    site.wait_for(range(number))
    wanted = set(range(number))
    until(lambda: {item["f_cnt"] for item in receiver.raw()} == wanted, site.log.read_text)
    until(lambda: {told["f_cnt"] for _, told in subscriber} == wanted, site.log.read_text)
    assert len({item["key"] for item in receiver.raw()}) == number  # what comes twice has its key
    assert {station for (station,) in site.rows("SELECT DISTINCT station FROM readings")} == {"LP-0001"}
    assert set(site.read(lambda reader: reader.states())) == {("", "LP-0001")}
    assert site.codes() == []
    topic, told = subscriber[-1]
    assert topic == f"luftpegel/raw/{EUI}"
    assert told["object"] == {"free": told["f_cnt"]}
    assert base64.b64decode(told["data"]) == told["f_cnt"].to_bytes(4, "big")
    names = ("f_port", "rssi", "snr", "gateway", "application", "received")
    assert [told[name] for name in names] == [
        85, -97, 7.5, "0016c001f0000001", "parking", "2026-07-01T12:00:00+00:00",
    ]  # fmt: skip
    assert receiver.raw()[-1]["dev_eui"] == EUI
    site.stop()


def test_a_dead_receiver_waits_for_itself_alone(world, until):
    site, server, receiver, subscriber = world
    passing(site, receiver)
    receiver.server.shutdown()
    receiver.server.server_close()
    site.started()
    for number in range(5):
        server.publish(TOPIC, foreign(number))
    until(lambda: len(subscriber) == 5, site.log.read_text)
    until(lambda: site.account("webhook").waiting["webhook"] == 5, site.log.read_text)
    done = {"store": 0, "mqtt": 0}
    until(lambda: site.account("store", "mqtt").waiting == done, site.log.read_text)
    assert site.account().passed == {"passed on raw": 5}
    site.stop()


def test_who_does_not_choose_it_gets_none(world, station, until):
    site, server, receiver, subscriber = world
    passing(site, receiver)
    site.config.write_text(site.config.read_text().replace('"pass"', '"count"'))
    site.started()
    server.publish(TOPIC, foreign(1))
    server.publish(station.topic(), station.uplink(0))
    site.wait_for([0])
    until(lambda: site.account().passed == {"device unknown": 1}, site.log.read_text)
    assert (subscriber, receiver.raw()) == ([], [])
    site.stop()


# The pure parts.


def stranger(**changes):
    values = {"ref": Ref("", EUI), "source": "s", "f_port": 85, "f_cnt": 7, "data": b"\x00\xff",
              "decoded": b'{"a":1}', "received_at": 1_782_907_200_000_000}  # fmt: skip
    return Stranger(**values | changes)


def test_it_comes_back_from_the_journal_without_a_number_of_its_own():
    def nobody(key):
        raise AssertionError(key)

    items = [stranger(), stranger(decoded=b"", f_cnt=None, rssi=-90, snr=1.5)]
    assert unpack_items(pack_items(items, nobody), {}) == items


def test_what_sinks_say_of_it():
    [(topic, payload)] = messages_of("p", stranger(ref=Ref("north", EUI)))
    assert topic == f"p/north/raw/{EUI}"
    assert json.loads(payload)["object"] == {"a": 1}
    [(_, payload)] = messages_of("p", stranger(decoded=b""))
    assert json.loads(payload)["object"] is None
    [posted] = json.loads(body_of([stranger()], lambda _id, _tenant: None))["items"]
    assert (posted["kind"], posted["data"], posted["object"]) == ("raw", "AP8=", {"a": 1})
    keys = {key_of(stranger(**change)) for change in (
        {}, {"f_cnt": 8}, {"f_port": 1}, {"data": b"\x01"}, {"ref": Ref("", "0" * 16)}, {"f_cnt": None},
    )}  # fmt: skip
    assert len(keys) == 6


def test_bounds():
    spent = {}
    for _ in range(strangers.MOST_AN_HOUR):
        spent[strangers.account_of("s")] = strangers.counted(spent, "s", 7200)
    assert strangers.counted(spent, "s", 7200) is None
    assert strangers.counted(spent, "t", 7200) == (2, 1)
    assert strangers.counted(spent, "s", 10_800) == (3, 1)
    large = strangers.passed_on(Uplink(EUI, 1, b""), "", "s", Estimate(0, True, 0), b"x" * 9000)
    assert large.decoded == b""


def test_what_the_network_server_decoded():
    def of(payload):
        return decoded(Delivery("s", "k", "", payload))

    assert of(foreign(7)) == b'{"free":7}'
    assert of(b'{"uplink_message": {"decoded_payload": {"t": 1.5}}}') == b'{"t":1.5}'
    event = integration.UplinkEvent(f_port=1)
    event.object.update({"free": 7, "list": [1, {"a": None}]})
    assert json.loads(of(event.SerializeToString())) == {"free": 7, "list": [1, {"a": None}]}
    for nothing in (
        b"",
        b"{}",
        b'{"object": 7}',
        b'{"object": {}}',
        b"[" * 100_000,
        b"\xff\xff",
        b'{"object": null}',
    ):
        assert of(nothing) == b""


def test_any_damage_decodes_to_json_or_nothing():
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    event = integration.UplinkEvent(f_port=1, data=b"abc")
    event.object.update({"free": 7, "deep": {"list": [1, 2]}})
    wholes = [foreign(3), event.SerializeToString()]
    found = 0
    for _ in range(20_000):
        payload = bytearray(luck.choice(wholes))
        for _ in range(luck.randint(0, 3)):
            payload[luck.randrange(len(payload))] = luck.randrange(256)
        if luck.random() < 0.1:
            payload = payload[: luck.randrange(len(payload))]
        told = decoded(Delivery("s", "k", "", bytes(payload)))
        if told:
            found += isinstance(json.loads(told), dict)
    assert found > 1000


def test_a_tenant_s_strangers_go_to_its_sinks_alone():
    from luftpegel_gateway.delivery.worker import Worker  # noqa: PLC0415

    worker = object.__new__(Worker)
    for tenant, raw, wanted in (
        ("north", True, True),
        ("south", True, False),
        (None, True, True),
        ("north", False, False),
    ):
        worker._tenant, worker._raw, worker._revises = tenant, raw, True
        assert worker._wants(stranger(ref=Ref("north", EUI)), history=False) is wanted
