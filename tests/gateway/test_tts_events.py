"""Messages of The Things Stack v3: what is read, what is missed with patience, what is refused."""

import base64
import json
import random

import pytest

from luftpegel_gateway.model.events import Carried, Downlink, Joined, Notice, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources.tts_events import command, parse

EUI = "70b3d57ed0000001"
TOPIC = "v3/my-town@ttn/devices/lp-0001/up"
SECOND = 1_000_000
RECEIVED = 1_795_694_400  # 2026-11-26 12:00 UTC


def ids(**changes):
    return {
        "device_id": "lp-0001",
        "application_ids": {"application_id": "my-town"},
        "dev_eui": EUI.upper(),
        "join_eui": "70B3D57ED0000000",
        "dev_addr": "260B1234",
    } | changes


def uplink(**changes):
    up = {
        "session_key_id": "AYfg",
        "f_port": 1,
        "f_cnt": 42,
        "frm_payload": base64.b64encode(b"\x84\x01").decode(),
        "rx_metadata": [
            {
                "gateway_ids": {"gateway_id": "town-hall", "eui": "B827EBFFFE000001"},
                "time": "2026-11-26T11:59:59.900Z",
                "timestamp": 2463457000,
                "rssi": -101,
                "channel_rssi": -101,
                "snr": -3.2,
            },
            {"gateway_ids": {"gateway_id": "school"}, "rssi": -80, "snr": 9.5},
            {"gateway_ids": {"gateway_id": "packetbroker"}, "rssi": -110},
        ],
        "settings": {
            "data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7, "coding_rate": "4/5"}},
            "frequency": "868300000",
        },
        "received_at": "2026-11-26T12:00:00.123456789Z",
        "consumed_airtime": "0.056576s",
    } | changes
    return {
        "end_device_ids": ids(),
        "correlation_ids": ["gs:uplink:01"],
        "received_at": "2026-11-26T12:00:00.500Z",
        "uplink_message": {key: value for key, value in up.items() if value is not None},
    }


def read(message, topic=TOPIC):
    return parse(topic, json.dumps(message).encode())


def test_an_uplink():
    event = read(uplink())
    assert isinstance(event, Uplink)
    assert (event.dev_eui, event.f_port, event.f_cnt, event.data) == (EUI, 1, 42, b"\x84\x01")
    assert (event.gateway, event.rssi, event.snr, event.gateways, event.dr) == ("school", -80, 9.5, 3, 5)
    assert event.clocks.told == RECEIVED * SECOND + 500_000
    assert event.clocks.network == RECEIVED * SECOND + 123_456
    assert event.clocks.gateways == (("town-hall", RECEIVED * SECOND - 100_000),)
    assert event.reply_topic == "v3/my-town@ttn/devices/lp-0001/down/replace"
    assert (event.application, event.dev_addr, event.lacking) == ("my-town", "260b1234", ())


def test_empty_fields_are_left_out_there():
    event = read(uplink(f_cnt=None, f_port=None, frm_payload=None))
    assert (event.f_cnt, event.f_port, event.data) == (0, 0, b"")
    assert event.lacking == ()


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"rx_metadata": None}, "rx_metadata"),
        ({"rx_metadata": "none"}, "rx_metadata"),
        ({"rx_metadata": [{"gateway_ids": None, "rssi": "strong"}]}, "rssi"),
        ({"settings": None}, "data_rate"),
        ({"settings": {"data_rate": {"fsk": {"bit_rate": 50000}}}}, "data_rate"),
        ({"received_at": "yesterday"}, "received_at"),
        ({"received_at": None}, "received_at"),
        ({"f_cnt": "many"}, "f_cnt"),
        ({"f_cnt": -1}, "f_cnt"),
    ],
)
def test_a_side_field_refuses_nothing(changes, lacking):
    event = read(uplink(**changes))
    assert event.data == b"\x84\x01"
    assert lacking in event.lacking


def test_a_join():
    message = {
        "end_device_ids": ids(),
        "received_at": "2026-11-26T12:00:00Z",
        "join_accept": {"session_key_id": "AYfg", "received_at": "2026-11-26T11:59:59Z"},
    }
    event = read(message)
    assert isinstance(event, Joined)
    assert (event.dev_eui, event.dev_addr, event.clocks.network) == (EUI, "260b1234", (RECEIVED - 1) * SECOND)


def test_a_command_that_failed_is_a_notice():
    error = {"namespace": "pkg/networkserver", "name": "absolute_time", "message_format": "too late"}
    event = read({"end_device_ids": ids(), "downlink_failed": {"downlink": {}, "error": error}})
    assert isinstance(event, Notice)
    assert (event.dev_eui, event.text) == (EUI, "too late")


@pytest.mark.parametrize("kind", ["downlink_queued", "downlink_ack", "location_solved", "something_new"])
def test_what_holds_no_reading_is_passed_over(kind):
    assert isinstance(read({"end_device_ids": ids(), kind: {}}), Passed)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"7", b"{", b"\xff", b"{}", b'{"uplink_message": {}}', b"[" * 100_000,
     json.dumps({**uplink(), "end_device_ids": ids(dev_eui=None)}).encode(),
     json.dumps({**uplink(), "end_device_ids": ids(dev_eui="12")}).encode(),
     json.dumps(uplink(frm_payload="!")).encode(),
     json.dumps(uplink(frm_payload=7)).encode()],
)  # fmt: skip
def test_what_is_no_message_is_refused(payload):
    with pytest.raises(Refused) as refused:
        parse(TOPIC, payload)
    assert refused.value.code == "LP-257"
    assert len(refused.value.detail) < 400


def test_a_huge_one_is_refused():
    with pytest.raises(Refused, match="LP-257"):
        parse(TOPIC, b"{", 10_000_000)


def test_any_damage_gives_an_event_or_a_refusal():
    """20,000 messages, each with some of its parts exchanged for something else, or cut."""
    luck = random.Random(7)
    strange = [None, "", "x" * 300, -1, 2**70, 1.5, True, [], {}, [[]], {"lora": 3}, "\ud800", "NaN", "0001"]

    def damage(value, depth=0):
        if luck.random() < 0.06:
            return luck.choice(strange)
        if isinstance(value, dict):
            return {key: damage(one, depth + 1) for key, one in value.items() if luck.random() > 0.03}
        if isinstance(value, list):
            return [damage(one, depth + 1) for one in value] * luck.choice([1, 1, 1, 0, 40])
        return value

    read_well, codes = 0, set()
    for _ in range(20_000):
        payload = json.dumps(damage(uplink())).encode()
        if luck.random() < 0.1:
            payload = payload[: luck.randrange(len(payload))]
        try:
            event = parse(luck.choice([TOPIC, "", "a/b", "https://a.example/x", "\n"]), payload)
        except Refused as refused:
            codes.add(refused.code)
        else:
            read_well += isinstance(event, Uplink)
    assert codes == {"LP-257"}
    assert 2000 < read_well < 19_000


def test_a_command_replaces_what_waits():
    told = json.loads(command(Downlink("t", EUI, 11, b"\x83\x01", "an-id")))
    assert told["downlinks"] == [
        {"f_port": 11, "frm_payload": "gwE=", "priority": "NORMAL", "correlation_ids": ["luftpegel:an-id"]}
    ]


def test_a_command_on_the_air_is_known_by_its_id():
    sent = {"f_port": 11, "correlation_ids": ["ns:downlink:01", "luftpegel:an-id"]}
    event = read({"end_device_ids": ids(), "received_at": "2026-11-26T12:00:00Z", "downlink_sent": sent})
    assert isinstance(event, Carried)
    assert (event.dev_eui, event.id, event.clocks.told) == (EUI, "an-id", RECEIVED * SECOND)


@pytest.mark.parametrize(
    ("topic", "reply"),
    [("", ""), ("up", ""), ("a/b/c", ""), ("v3/app/devices/x/up", "v3/app/devices/x/down/replace"),
     ("https://eu1.example/api/v3/down/replace", "https://eu1.example/api/v3/down/replace")],
)  # fmt: skip
def test_where_commands_go(topic, reply):
    assert read(uplink(), topic).reply_topic == reply
