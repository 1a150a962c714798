"""ChirpStack's events with their traps, in JSON and protobuf: what refuses an event, and what does not."""

import base64
import json

import pytest
from chirpstack_api import common, gw, integration

from luftpegel_gateway.model.events import Clocks, Delivery, Downlink, Joined, Notice, Passed
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import chirpstack_events
from luftpegel_gateway.sources import parse as parse_delivery
from luftpegel_gateway.sources.chirpstack_events import is_json, json_command, parse, protobuf_command
from luftpegel_gateway.words.messages import CATALOGUE

EUI = "70b3d57ed0000001"
UP = f"application/app/device/{EUI}/event/up"
NOON_US = 1_782_907_200_000_000


def content(**changes):
    return {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-07-01T12:00:00.123456789+00:00",
        "deviceInfo": {"tenantId": "town", "applicationId": "app", "applicationName": "air", "devEui": EUI},
        "devAddr": "01A2b3c4",
        "fCnt": 7,
        "fPort": 1,
        "dr": 3,
        "data": "AQI=",
        "rxInfo": [
            {"gatewayId": "aa", "rssi": -110, "snr": -3.5},
            {"gatewayId": "bb", "rssi": -90, "snr": 8},
        ],
    } | changes


def event(**changes):
    return json.dumps(content(**changes)).encode()


def without(key):
    left = content()
    del left[key]
    return json.dumps(left).encode()


def protobuf(**changes):
    message = integration.UplinkEvent(dev_addr="01a2b3c4", f_cnt=7, f_port=1, dr=3, data=b"\1\2", **changes)
    device = message.device_info
    device.dev_eui, device.tenant_id = EUI, "town"
    device.application_id, device.application_name = "app", "air"
    message.time.FromMicroseconds(NOON_US + 123456)
    message.rx_info.add(gateway_id="aa", rssi=-110, snr=-3.5)
    message.rx_info.add(gateway_id="bb", rssi=-90, snr=8)
    return message.SerializeToString()


def refusal(topic, payload, size=None):
    with pytest.raises(Refused) as caught:
        parse(topic, payload, size)
    return caught.value


@pytest.mark.parametrize("payload", [event(), protobuf()], ids=["json", "protobuf"])
def test_uplink(payload):
    frame = parse(UP, payload)
    assert (frame.dev_eui, frame.dev_addr, frame.f_cnt, frame.f_port) == (EUI, "01a2b3c4", 7, 1)
    assert (frame.data, frame.clocks) == (b"\1\2", Clocks(told=NOON_US + 123456))
    assert (frame.dr, frame.rssi, frame.snr, frame.gateway, frame.gateways) == (3, -90, 8.0, "bb", 2)
    assert (frame.tenant, frame.application, frame.application_name) == ("town", "app", "air")
    assert frame.reply_topic == f"application/app/device/{EUI}/command/down"
    assert frame.json == (payload[:1] == b"{")
    assert not frame.encrypted
    assert frame.lacking == ()


# What says little about a reading and must not refuse it: change, what is read, what is said to lack.
SIDE_FIELDS = [
    ({"fPort": None}, {"f_port": None}, ("fPort",)),
    ({"fPort": 256}, {"f_port": None}, ("fPort",)),
    ({"fPort": True}, {"f_port": None}, ("fPort",)),
    ({"fPort": "1"}, {"f_port": 1}, ()),
    ({"fCnt": 7.0}, {"f_cnt": 7}, ()),
    ({"fCnt": "7"}, {"f_cnt": 7}, ()),
    ({"fCnt": None}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": -1}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": 1.5}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": True}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": 2**32}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": 10**400}, {"f_cnt": None}, ("fCnt",)),
    ({"fCnt": [7]}, {"f_cnt": None}, ("fCnt",)),
    ({"dr": "x"}, {"dr": None}, ("dr",)),
    ({"devAddr": "../../.."}, {"dev_addr": ""}, ("devAddr",)),
    ({"devAddr": None}, {"dev_addr": ""}, ("devAddr",)),
    ({"data": "AQI"}, {"data": b"\1\2"}, ()),
    ({"data": "-_8="}, {"data": b"\xfb\xff"}, ()),
    ({"data": "-_8"}, {"data": b"\xfb\xff"}, ()),
    ({"data": "AQ\nI=\n"}, {"data": b"\1\2"}, ()),
    ({"rxInfo": None}, {"rssi": None, "snr": None, "gateways": 0}, ("rxInfo",)),
    ({"rxInfo": []}, {"rssi": None, "gateways": 0}, ("rxInfo",)),
    ({"rxInfo": 5}, {"rssi": None, "gateways": 0}, ("rxInfo",)),
    ({"rxInfo": [None]}, {"rssi": None, "gateways": 0}, ("rxInfo",)),
    ({"rxInfo": [None, {"gatewayId": "aa", "rssi": -9}]}, {"rssi": -9, "gateways": 1}, ("rxInfo",)),
    ({"rxInfo": [{"gatewayId": "aa"}]}, {"rssi": 0, "snr": 0.0}, ()),
    ({"rxInfo": [{"snr": None}]}, {"snr": None, "rssi": 0}, ("rxInfo.snr",)),
    ({"rxInfo": [{"snr": "NaN"}]}, {"snr": None}, ("rxInfo.snr",)),
    ({"rxInfo": [{"snr": float("nan")}]}, {"snr": None}, ("rxInfo.snr",)),
    ({"rxInfo": [{"snr": float("inf")}]}, {"snr": None}, ("rxInfo.snr",)),
    ({"rxInfo": [{"rssi": "-97"}]}, {"rssi": -97}, ()),
    ({"rxInfo": [{"rssi": float("nan")}]}, {"rssi": None}, ("rxInfo.rssi",)),
    ({"rxInfo": [{"rssi": 10**400}]}, {"rssi": None}, ("rxInfo.rssi",)),
    ({"rxInfo": [{"gatewayId": 5}]}, {"gateway": ""}, ("rxInfo.gatewayId",)),
    ({"rxInfo": [{"gatewayId": "a" * 5000}]}, {"gateway": ""}, ("rxInfo.gatewayId",)),
    ({"rxInfo": [{"gatewayId": "\ud800"}]}, {"gateway": ""}, ("rxInfo.gatewayId",)),
    ({"rxInfo": [{"crcStatus": 99, "board": "x"}]}, {"gateways": 1}, ()),
    ({"txInfo": 7}, {"snr": 8.0}, ("txInfo",)),
    ({"txInfo": {"modulation": {"newer": {}}}}, {"snr": 8.0}, ()),
    ({"joinServerContext": "x"}, {"encrypted": False}, ("joinServerContext",)),
    ({"joinServerContext": {}}, {"encrypted": True}, ()),
    ({"object": [[["x"]]], "tags": 5, "newField": {"a": [1, None]}}, {"f_cnt": 7}, ()),
    ({"deviceInfo": {"devEui": "70-B3-D5-7E-D0-00-00-01"}}, {"dev_eui": EUI, "application": "app"}, ()),
    ({"deviceInfo": {"devEui": EUI, "tenantId": 5}}, {"tenant": ""}, ("deviceInfo.tenantId",)),
    ({"deviceInfo": {"devEui": EUI, "applicationName": None}}, {"application_name": ""},
     ("deviceInfo.applicationName",)),
    ({"deviceInfo": {"devEui": "70b3d57ed0000002"}}, {"dev_eui": "70b3d57ed0000002"}, ("topic",)),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "read", "lacking"), SIDE_FIELDS)
def test_a_side_field_refuses_nothing(changes, read, lacking):
    frame = parse(UP, event(**changes))
    assert {key: getattr(frame, key) for key in read} == read
    assert frame.lacking == lacking
    assert frame.data == read.get("data", b"\1\2")
    assert frame.dev_eui == read.get("dev_eui", EUI)


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ("2026-07-01T12:00:00Z", NOON_US),
        ("2026-07-01t12:00:00z", NOON_US),
        ("2026-07-01T12:00:00,5Z", NOON_US + 500_000),
        ("2026-07-01T14:00:00.000001+02:00", NOON_US + 1),
        ("2026-07-01T11:59:60Z", NOON_US),
        ("2026-07-01T11:59:60.25Z", NOON_US + 250_000),
        ("2026-07-01T12:00:00", None),
        ("2026-07-01", None),
        ("9999-12-31T23:59:59Z", None),
        ("1066-10-14T09:00:00Z", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("noon", None),
        (NOON_US, None),
        (1.5, None),
        ({}, None),
        (None, None),
    ],
)
def test_times(time, told):
    frame = parse(UP, event(time=time))
    assert frame.clocks.told == told
    assert frame.lacking == (() if told is not None else ("time",))


@pytest.mark.parametrize("key", ["time", "devAddr", "rxInfo"])
def test_a_field_that_chirpstack_always_writes_is_missed(key):
    assert parse(UP, without(key)).lacking == (key,)


@pytest.mark.parametrize("key", ["fCnt", "fPort", "dr"])
def test_a_field_that_holds_its_default_is_not_missed(key):
    frame = parse(UP, without(key))
    assert {"fCnt": frame.f_cnt, "fPort": frame.f_port, "dr": frame.dr}[key] == 0
    assert frame.lacking == ()


def clocks(*receptions, **changes):
    return parse(UP, event(rxInfo=list(receptions), **changes))


def test_all_clocks_are_told():
    late = "2300-01-01T00:00Z"
    frame = clocks(
        {"gatewayId": "AA", "gwTime": "2026-07-01T12:00:01Z", "nsTime": "2026-07-01T12:00:00.2Z"},
        {"gatewayId": "bb", "timeSinceGpsEpoch": "1466942420.5s", "nsTime": "2026-07-01T12:00:00.3Z"},
        {"gatewayId": "cc", "gwTime": "when?", "timeSinceGpsEpoch": "1466942421s", "nsTime": late},
        {"gatewayId": "dd", "timeSinceGpsEpoch": "soon"},
        {"gatewayId": "aa", "gwTime": "2026-07-01T13:00:00Z", "nsTime": "2026-07-01T12:00:00.1Z"},
    )
    assert frame.clocks.network == NOON_US + 300_000
    second = 1_000_000
    assert dict(frame.clocks.gateways) == {
        "aa": NOON_US + second,
        "bb": NOON_US + 2 * second + second // 2,
        "cc": NOON_US + 3 * second,
    }
    assert frame.lacking == ("rxInfo.gwTime", "rxInfo.nsTime", "rxInfo.timeSinceGpsEpoch")


@pytest.mark.parametrize("gps", ["-5s", "5", "5.5.5s", "5.1234567891s", "99999999999s", 5, None, {}])
def test_gps_times_that_are_none(gps):
    assert clocks({"gatewayId": "aa", "timeSinceGpsEpoch": gps}).clocks.gateways == ()


def test_a_gateway_with_a_thousand_names_is_bounded():
    many = [{"gatewayId": f"{number:016x}", "gwTime": "2026-07-01T12:00:00Z"} for number in range(1000)]
    frame = clocks(*many)
    assert frame.gateways == 1000
    assert len(frame.clocks.gateways) < 100
    assert frame.lacking == ("rxInfo",)


@pytest.mark.parametrize(
    "change",
    [
        lambda payload: b"\xef\xbb\xbf" + payload,
        lambda payload: b"\r\n " + payload + b"\n\n",
        lambda payload: payload.decode().encode("utf-16"),
        lambda payload: payload.decode().encode("utf-16-le"),
        lambda payload: payload.replace(b'"air"', b'"\xe4ir"'),
        lambda payload: payload.replace(b'"rssi": -90', b'"rssi": ' + b"9" * 9999),
        lambda payload: payload.replace(b'"fCnt": 7', b'"fCnt": 6, "fCnt": 7'),
        lambda payload: payload.replace(b'"dr"', b'"x": NaN, "y": -Infinity, "dr"'),
    ],
)
def test_forms_of_json(change):
    frame = parse(UP, change(event()))
    assert (frame.dev_eui, frame.data, frame.f_cnt, frame.dr) == (EUI, b"\1\2", 7, 3)
    assert frame.json


@pytest.mark.parametrize(
    "payload",
    [event(joinServerContext={"sessionKeyId": "01"}),
     protobuf(join_server_context=common.JoinServerContext(session_key_id="01"))],
)  # fmt: skip
def test_still_encrypted(payload):
    assert parse(UP, payload).encrypted


@pytest.mark.parametrize(
    "modulation", [{"fsk": gw.FskModulationInfo()}, {"lr_fhss": gw.LrFhssModulationInfo()}]
)
def test_protobuf_has_no_snr_but_for_lora(modulation):
    tx_info = gw.UplinkTxInfo(modulation=gw.Modulation(**modulation))
    assert parse(UP, protobuf(tx_info=tx_info)).snr is None


@pytest.mark.parametrize("changes", [{"data": ""}, {"data": None}, {"fPort": 0, "data": ""}])
def test_mac_commands_only(changes):
    assert parse(UP, event(**changes)).data == b""


def test_join_and_log():
    joined = parse(UP.replace("/up", "/join"), event())
    assert joined == Joined(EUI, Clocks(NOON_US + 123456), "01a2b3c4", "app", "air")
    notice = parse(UP.replace("/up", "/log"), event(level="ERROR", code="UPLINK_CODEC", description="x"))
    assert notice == Notice(EUI, "ERROR", "UPLINK_CODEC", "x", "app", "air")


@pytest.mark.parametrize(("level", "code", "read"), [
    (2, 11, ("ERROR", "EXPIRED")), (9, 99, ("9", "99")), ("FATAL", "NEW", ("FATAL", "NEW")),
    (-1, None, ("-1", "")), (10**400, [5], ("", "")),
])  # fmt: skip
def test_words_of_a_newer_version(level, code, read):
    payload = event(level=level, code=code, description="\ud800" + "x" * 9999)
    notice = parse(UP.replace("/up", "/log"), payload)
    assert (notice.level, notice.code) == read
    assert len(notice.text.encode()) <= 500


def test_levels_in_protobuf():
    message = integration.LogEvent(level=integration.ERROR, code=99, description="x")
    message.device_info.dev_eui = EUI
    notice = parse(UP.replace("/up", "/log"), message.SerializeToString())
    assert (notice.level, notice.code) == ("ERROR", "99")


@pytest.mark.parametrize("kind", ["ack", "txack", "status", "location", "integration"])
def test_kinds_without_readings_are_passed_over(kind):
    assert parse(UP.replace("/up", f"/{kind}"), b"anything") == Passed(f"kind {kind}", EUI)


def test_kinds_that_nobody_knows_yet_are_passed_over_under_one_reason():
    """The reason is counted: a publisher must not make new ones."""
    reasons = {parse(UP.replace("/up", f"/{kind}"), b"").reason for kind in ("up2", "rx", "x" * 9999)}
    assert reasons == {"kind unknown"}


def test_topics():
    assert parse("town/eu868/" + UP, event()).reply_topic.startswith("town/eu868/application/app/")
    assert parse("x/" * 200 + UP, event()).reply_topic == "x/" * 200 + UP.replace("event/up", "command/down")
    assert parse(UP.replace(EUI, EUI.upper()), event()).lacking == ()
    assert parse(UP.replace(EUI, "Markt"), event()).lacking == ("topic",)


@pytest.mark.parametrize(
    "topic",
    ["", "x", "application/a/device/b/event/", "application/a/device/b/event/up/x",
     "application//device/b/event/up", "Xapplication/a/device/b/event/up",
     "application/a/devices/b/event/up", "/a/device/b/event/up"],
)  # fmt: skip
def test_other_topics_are_refused(topic):
    assert refusal(topic, event()).code == "LP-250"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deviceInfo": None}, "device EUI"),
        ({"deviceInfo": 5}, "device EUI"),
        ({"deviceInfo": {}}, "device EUI"),
        ({"deviceInfo": {"devEui": "70b3d57ed000000"}}, "device EUI"),
        ({"deviceInfo": {"devEui": 5}}, "device EUI"),
        ({"data": "A"}, "base64"),
        ({"data": "===="}, "base64"),
        ({"data": "äöü="}, "base64"),
        ({"data": "AQI=AQI="}, "base64"),
        ({"data": 5}, "base64"),
        ({"data": ["AQI="]}, "base64"),
    ],
)
def test_what_cannot_be_named_or_decoded_is_refused(changes, reason):
    caught = refusal(UP, event(**changes))
    assert caught.code == "LP-250"
    assert reason in caught.detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "device EUI"),
        (b"[]", "neither"),
        (b"NaN", "neither"),
        (b"{}", "device EUI"),
        (b"{", "JSON"),
        (event()[:-1], "JSON"),
        (event() + b"x", "JSON"),
        (b'{"object": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeply"),
        (b'{"deviceInfo": ' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}", "deeply"),
        (protobuf()[:-1], "neither"),
        (b'{"data":"' + b"A" * 10_000_000 + b'"}', "10000011 bytes"),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(payload, reason):
    caught = refusal(UP, payload)
    assert caught.code == "LP-250"
    assert reason in caught.detail
    assert len(caught.detail) < 500


def test_the_head_of_an_event_that_is_too_large():
    assert "9999999 bytes" in refusal(UP, event(), 9_999_999).detail
    delivery = Delivery("chirpstack", "chirpstack-mqtt", UP, event(), size=9_999_999)
    with pytest.raises(Refused):
        parse_delivery(delivery)


def test_version_3_is_told_apart():
    old = {"applicationID": "3", "deviceName": "x", "devEUI": EUI, "fCnt": 164, "fPort": 10, "data": "AQID"}
    caught = refusal(UP, json.dumps(old).encode())
    assert caught.code == "LP-256"
    assert caught.code in CATALOGUE


def test_random_data_is_base64_or_nothing():
    assert parse(UP, event(data=base64.b64encode(bytes(242)).decode())).data == bytes(242)


def test_protobuf_is_not_taken_for_json():
    for payload in (protobuf(), integration.LogEvent().SerializeToString(), b"", b"\n$3ac7"):
        assert not is_json(payload)
    for payload in (event(), b"\n " + event(), b"\xef\xbb\xbf" + event(), event().decode().encode("utf-16")):
        assert is_json(payload)


def test_commands_in_both_forms():
    downlink = Downlink("application/app/device/x/command/down", EUI, 1, b"\1\2", "id")
    written = integration.DownlinkCommand.FromString(protobuf_command(downlink))
    read = json.loads(json_command(downlink))
    assert (written.dev_eui, written.f_port, written.data, written.id) == (EUI, 1, b"\1\2", "id")
    assert (read["devEui"], read["fPort"], read["data"], read["id"]) == (EUI, 1, "AQI=", "id")
    assert not read["confirmed"]


def test_what_is_remembered_of_topics_is_bounded():
    for number in range(10_000):
        parse(UP.replace("/app/", f"/app{number}/"), event())
    parts = chirpstack_events._place.cache_info()
    assert parts.currsize <= parts.maxsize < 10_000
    before = parts.misses
    parse("x/" * 30_000 + UP, event())
    assert chirpstack_events._place.cache_info().misses == before
