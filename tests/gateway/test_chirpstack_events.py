"""ChirpStack's events with their traps, in JSON and protobuf."""

import base64
import json

import pytest
from chirpstack_api import common, integration

from luftpegel_gateway.model.events import Joined, Notice, Refused
from luftpegel_gateway.sources.chirpstack_events import parse

EUI = "70b3d57ed0000001"
UP = f"application/app/device/{EUI}/event/up"
NOON_US = 1_782_907_200_000_000


def event(**changes):
    base = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-07-01T12:00:00.123456789+00:00",
        "deviceInfo": {"applicationId": "app", "devEui": EUI},
        "devAddr": "01A2b3c4",
        "fCnt": 7,
        "fPort": 1,
        "dr": 3,
        "data": "AQI=",
        "rxInfo": [
            {"gatewayId": "aa", "rssi": -110, "snr": -3.5},
            {"gatewayId": "bb", "rssi": -90, "snr": 8},
        ],
    }
    return json.dumps(base | changes).encode()


def protobuf(**changes):
    message = integration.UplinkEvent(dev_addr="01a2b3c4", f_cnt=7, f_port=1, dr=3, data=b"\1\2", **changes)
    message.device_info.dev_eui = EUI
    message.time.FromMicroseconds(NOON_US + 123456)
    message.rx_info.add(rssi=-110, snr=-3.5)
    message.rx_info.add(rssi=-90, snr=8)
    return message.SerializeToString()


@pytest.mark.parametrize("payload", [event(), protobuf()], ids=["json", "protobuf"])
def test_uplink(payload):
    frame = parse(UP, payload)
    assert (frame.dev_eui, frame.dev_addr, frame.f_cnt, frame.f_port) == (EUI, "01a2b3c4", 7, 1)
    assert (frame.data, frame.received_at) == (b"\1\2", NOON_US + 123456)
    assert (frame.dr, frame.rssi, frame.snr) == (3, -90, 8.0)
    assert frame.reply_topic == f"application/app/device/{EUI}/command/down"
    assert not frame.encrypted


def test_what_holds_its_default_is_absent_in_rx_info():
    assert parse(UP, event(rxInfo=[{"gatewayId": "aa"}])).rssi == 0


def test_nobody_told_the_signal():
    assert parse(UP, event(rxInfo=[])).rssi is None


@pytest.mark.parametrize("changes", [{"data": ""}, {"data": None}, {"fPort": 0, "data": ""}])
def test_mac_commands_only(changes):
    assert parse(UP, event(**changes)).data == b""


def test_absent_port_is_port_zero():
    content = json.loads(event())
    del content["fPort"]
    assert parse(UP, json.dumps(content).encode()).f_port == 0


@pytest.mark.parametrize(
    "payload",
    [event(joinServerContext={"sessionKeyId": "01"}),
     protobuf(join_server_context=common.JoinServerContext(session_key_id="01"))],
)  # fmt: skip
def test_still_encrypted(payload):
    assert parse(UP, payload).encrypted


def test_join_and_log():
    assert parse(UP.replace("/up", "/join"), event()) == Joined(EUI)
    notice = parse(UP.replace("/up", "/log"), event(level="ERROR", code="UPLINK_CODEC", description="x"))
    assert notice == Notice(EUI, "ERROR", "UPLINK_CODEC", "x")


def test_prefix_of_the_topic_stays_in_the_answer():
    assert parse("town/eu868/" + UP, event()).reply_topic.startswith("town/eu868/application/app/")


@pytest.mark.parametrize(
    "changes",
    [
        {"time": None},
        {"time": "2026-07-01T12:00:00"},
        {"time": "9999-12-31T23:59:59Z"},
        {"time": "1066-10-14T09:00:00Z"},
        {"deviceInfo": None},
        {"deviceInfo": {"devEui": "70b3d57ed000000"}},
        {"deviceInfo": {"devEui": 5}},
        {"devAddr": "../../.."},
        {"fCnt": -1},
        {"fCnt": 1.5},
        {"fCnt": True},
        {"fPort": 256},
        {"data": "A"},
        {"data": 5},
        {"rxInfo": 5},
        {"rxInfo": [None]},
        {"rxInfo": [{"snr": float("nan")}]},
        {"rxInfo": [{"rssi": 10**400}]},
    ],
)
def test_what_no_network_server_sends_is_refused(changes):
    with pytest.raises(Refused) as refusal:
        parse(UP, event(**changes))
    assert refusal.value.code == "LP-250"


@pytest.mark.parametrize(
    "topic", ["", "x", "application/a/device/b/event/", "application/a/device/b/event/up/x"]
)
def test_other_topics_are_refused(topic):
    with pytest.raises(Refused):
        parse(topic, event())


def test_random_data_is_base64_or_nothing():
    assert parse(UP, event(data=base64.b64encode(bytes(242)).decode())).data == bytes(242)
