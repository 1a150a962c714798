"""The network server's own rules: who is let in, which frames count, what a device hears back."""

import base64
import json
import uuid

import pytest
from chirpstack_api import api, integration
from google.protobuf.timestamp_pb2 import Timestamp

from luftpegel_tools.network_server.chirpstack.events import GPS_EPOCH_S


def test_the_right_key_is_let_in_and_the_join_is_told(world):
    accept = world.join()
    event = world.application.next_json("join")
    assert event["devAddr"] == f"{accept.dev_addr:08x}"
    assert event["deviceInfo"]["devEui"] == world.DEV_EUI.hex()


def test_a_wrong_key_is_refused_and_told(world):
    assert world.join(app_key=world.APP_KEY[:15] + b"\xff") is None
    event = world.application.next_json("log")
    assert (event["level"], event["code"]) == ("ERROR", "UPLINK_MIC")


def test_a_used_nonce_is_refused_and_told(world):
    assert world.join(nonce=5) is not None
    world.application.next("join")
    assert world.join(nonce=5) is None
    event = world.application.next_json("log")
    assert event["code"] == "OTAA"
    assert event["context"]["dev_nonce"] == "5"
    assert world.join(nonce=6) is not None


def test_an_unknown_or_disabled_device_hears_nothing(world):
    assert world.join(dev_eui=bytes(8)) is None
    quiet = bytes.fromhex("70b3d57ed0000002")
    world.create_device(quiet, is_disabled=True)
    world.create_keys(quiet, world.APP_KEY)
    assert world.join(dev_eui=quiet) is None


def test_frames_of_an_old_session_are_ignored(world):
    world.joined()
    old = world.dev_addr
    world.join(nonce=2)
    world.application.next("join")
    world.uplink(dev_addr=old)
    world.uplink(b"\x42")
    assert world.application.next_json("up")["data"] == base64.b64encode(b"\x42").decode()


@pytest.mark.parametrize(("f_cnt", "code"), [(4, "UPLINK_F_CNT_RETRANSMISSION"), (2, "UPLINK_F_CNT_RESET")])
def test_a_counter_that_does_not_grow_yields_a_log_and_no_uplink(world, f_cnt, code):
    world.joined().uplink(f_cnt=4)
    world.application.next("up")
    assert world.uplink(f_cnt=f_cnt, confirmed=True) is None
    event = world.application.next_json("log")
    assert (event["level"], event["code"], event["context"]["f_cnt_up"]) == ("WARNING", code, str(f_cnt))


def test_a_confirmed_uplink_is_acknowledged_and_an_unconfirmed_one_is_not(world):
    world.joined()
    heard = world.uplink(confirmed=True)
    assert heard.acknowledges
    assert heard.f_port is None
    assert world.uplink() is None


def test_downlinks_come_one_by_one_with_f_pending(world):
    world.joined()
    ids = [world.enqueue(b"\x01"), world.enqueue(b"\x02")]
    first, second = world.uplink(), world.uplink()
    assert (first.data, first.f_port, first.f_pending) == (b"\x01", 11, True)
    assert (second.data, second.f_pending) == (b"\x02", False)
    assert world.uplink() is None
    told = [world.application.next_json(name) for name in ("up", "txack", "up", "txack", "up")]
    assert [event["queueItemId"] for event in told if "queueItemId" in event] == ids
    assert [event["fCntDown"] for event in told if "queueItemId" in event] == [0, 1]


@pytest.mark.parametrize("acknowledges", [True, False])
def test_a_confirmed_downlink_ends_with_an_ack_event(world, acknowledges):
    world.joined()
    item = world.enqueue(confirmed=True)
    assert world.uplink().confirmed
    assert (
        world.devices.GetQueue(
            api.GetDeviceQueueItemsRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
        )
        .result[0]
        .is_pending
    )
    world.uplink(acknowledges=acknowledges)
    for name in ("up", "txack", "up"):
        world.application.next(name)
    event = world.application.next_json("ack")
    assert (event["queueItemId"], event["acknowledged"]) == (item, acknowledges)


def test_an_expired_downlink_is_dropped_and_told(world):
    world.joined()
    item = world.enqueue(expires_at=Timestamp(seconds=world.EPOCH + 59))
    world.enqueue(b"\x07", expires_at=Timestamp(seconds=world.EPOCH + 61))
    assert world.uplink(sent_us=60_000_000).data == b"\x07"
    world.application.next("up")
    event = world.application.next_json("log")
    assert (event["code"], event["context"]) == ("EXPIRED", {"queue_item_id": item})


@pytest.mark.parametrize(("data_rate", "room"), [(0, 51), (3, 115), (5, 242)])
def test_a_downlink_too_long_for_the_data_rate_is_dropped_and_told(world, data_rate, room):
    world.joined()
    world.enqueue(bytes(room + 1))
    world.enqueue(bytes(room))
    assert len(world.uplink(data_rate=data_rate).data) == room
    world.application.next("up")
    event = world.application.next_json("log")
    assert event["code"] == "DOWNLINK_PAYLOAD_SIZE"
    assert (event["context"]["max_payload_size"], event["context"]["item_size"]) == (str(room), str(room + 1))


def answered_by(world, payload, **where):
    """What a device hears when an application sends this command as answer to its uplink."""
    world.joined()
    seen = world.server.bus.commands
    world.application.command(payload, **where)
    assert world.server.bus.wait_command(seen, 5)
    return world.uplink()


def test_a_json_command_reaches_the_device(world):
    item = str(uuid.uuid4())
    command = {"id": item, "devEui": world.DEV_EUI.hex(), "confirmed": False, "fPort": 11, "data": "Cw=="}
    heard = answered_by(world, json.dumps(command))
    assert (heard.f_port, heard.data) == (11, b"\x0b")
    world.application.next("up")
    assert world.application.next_json("txack")["queueItemId"] == item


def test_a_protobuf_command_reaches_the_device(make_world):
    world = make_world(json=False)
    command = integration.DownlinkCommand(dev_eui=world.DEV_EUI.hex(), f_port=11, data=b"\x0b")
    heard = answered_by(world, command.SerializeToString())
    assert (heard.f_port, heard.data) == (11, b"\x0b")


def test_a_repeated_command_id_is_queued_once(world):
    command = json.dumps(
        {"id": str(uuid.uuid4()), "devEui": world.DEV_EUI.hex(), "fPort": 11, "data": "Cw=="}
    )
    seen = world.server.bus.commands
    world.application.command(command)
    world.application.command(command)
    assert world.server.bus.wait_command(seen + 1, 5)
    queue = world.devices.GetQueue(
        api.GetDeviceQueueItemsRequest(dev_eui=world.DEV_EUI.hex(), count_only=True), metadata=world.metadata
    )
    assert queue.total_count == 1


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"{",
        b'{"devEui":"0011223344556677","fPort":1,"data":"AA=="}',
        b'{"devEui":"70b3d57ed0000001","fPort":0,"data":"AA=="}',
        b'{"id":"seven","devEui":"70b3d57ed0000001","fPort":1,"data":"AA=="}',
    ],
)
def test_a_bad_command_is_refused_and_does_no_harm(world, payload, caplog):
    assert answered_by(world, payload) is None
    assert "downlink command refused" in caplog.text


def test_a_command_for_a_foreign_application_is_refused(world, caplog):
    command = json.dumps({"devEui": world.DEV_EUI.hex(), "fPort": 11, "data": "Cw=="})
    assert answered_by(world, command, application_id=str(uuid.uuid4())) is None
    assert "application" in caplog.text


def test_time_and_link_check_are_answered(world):
    heard = world.joined().uplink(device_time_request=True, link_check_request=True, sent_us=60_000_000)
    assert heard.device_time == world.EPOCH + 60 - GPS_EPOCH_S + 18
    assert heard.link_check == (15, 1)  # 8.25 dB at DR5 is 15.75 above the floor
    assert heard.f_port is None


def test_adr_raises_the_data_rate_of_a_device_that_is_heard_well(make_world):
    steered = make_world(adr=True).joined()
    heard = [steered.uplink(data_rate=0, adr=True) for _ in range(20)]
    assert heard[:19] == [None] * 19
    assert heard[19].adr_data_rate == 5
    fixed = make_world(adr=True).joined()
    assert [fixed.uplink(data_rate=0, adr=False) for _ in range(20)] == [None] * 20
