"""Events have exactly ChirpStack's shape: held against protobuf's own JSON parser, and by golden text."""

import base64
import uuid
from dataclasses import replace

import pytest
from chirpstack_api import integration
from google.protobuf import json_format

from luftpegel_tools.air.modem_messages import Reception

TYPES = {
    "up": integration.UplinkEvent,
    "join": integration.JoinEvent,
    "ack": integration.AckEvent,
    "txack": integration.TxAckEvent,
    "log": integration.LogEvent,
    "status": integration.StatusEvent,
}
NAMES = ("join", "log", "log", "up", "status", "txack", "up", "ack", "log")


def exercise(world):
    """A bit of everything a device can cause: the events of NAMES."""
    world.server.records.profiles[world.profile_id].device_status_req_interval = 1
    world.join(nonce=1)
    world.join(nonce=1)
    world.join(nonce=2, app_key=bytes(16))
    world.enqueue(confirmed=True)
    world.uplink(b"")
    world.uplink(b"\x00\xff", acknowledges=True, confirmed=True, adr=True)
    world.uplink(f_cnt=1)


def test_json_events_mean_what_the_protobuf_events_say(world):
    events = []
    world.server.watch(lambda name, event: events.append((name, event)))
    exercise(world)
    assert {name for name, _ in events} == set(TYPES)
    for name, event in events:
        parsed = json_format.Parse(world.application.next(name), TYPES[name]())
        assert parsed == event


def test_protobuf_events_are_the_same_as_the_json_ones(make_world):
    def payloads(**settings):
        world = make_world(seed=7, **settings)
        exercise(world)
        return [world.application.next(name) for name in NAMES]

    for name, as_json, as_protobuf in zip(NAMES, payloads(), payloads(json=False), strict=True):
        assert TYPES[name].FromString(as_protobuf) == json_format.Parse(as_json, TYPES[name]())


def test_golden_uplink(world):
    world.joined().uplink(b"\x01\x02", sent_us=60_000_000)
    event = world.application.next_json("up")
    info = world.server.records
    assert uuid.UUID(event.pop("deduplicationId")).version == 4
    assert event.pop("rxInfo")[0].keys() == {
        "gatewayId", "uplinkId", "gwTime", "nsTime", "timeSinceGpsEpoch", "rssi", "snr", "channel",
        "location", "context", "metadata", "crcStatus",
    }  # fmt: skip
    application = info.applications[world.application_id]
    assert event == {
        "time": "2026-09-21T14:14:20+00:00",
        "deviceInfo": {
            "tenantId": application.tenant_id,
            "tenantName": "Musterstadt",
            "applicationId": world.application_id,
            "applicationName": "air",
            "deviceProfileId": world.profile_id,
            "deviceProfileName": "station",
            "deviceName": "LP-0001",
            "devEui": world.DEV_EUI.hex(),
            "deviceClassEnabled": "CLASS_A",
            "tags": {"kind": "climate", "town": "Musterstadt"},
        },
        "devAddr": f"{world.dev_addr:08x}",
        "adr": False,
        "dr": 5,
        "fCnt": 0,
        "fPort": 1,
        "confirmed": False,
        "data": "AQI=",
        "txInfo": {
            "frequency": 868_300_000,
            "modulation": {
                "lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"},
            },
        },
        "regionConfigId": "eu868",
    }


@pytest.mark.parametrize(
    ("change", "absent"),
    [({"rssi": 0}, "rssi"), ({"snr": 0.0}, "snr"), ({"channel": 0}, "channel"), ({}, "rfChain")],
)
def test_a_default_is_missing_in_rx_info(world, change, absent):
    """A reader that takes `rxInfo[0]["rssi"]` for granted falls over here, as it would in the field."""
    world.joined().uplink(heard=(replace(world.HEARD[0], **change),))
    shown = world.application.next_json("up")["rxInfo"][0]
    assert absent not in shown
    assert {"rssi", "snr", "channel"} - {absent} <= shown.keys()


def test_a_default_is_present_in_the_integration_part(world):
    world.joined().uplink(b"", f_port=0, f_cnt=0, data_rate=0)
    event = world.application.next_json("up")
    assert (event["fPort"], event["fCnt"], event["dr"], event["data"]) == (0, 0, 0, "")
    assert (event["adr"], event["confirmed"]) == (False, False)
    assert "object" not in event
    assert "joinServerContext" not in event


def test_times_and_numbers_print_like_the_original(world):
    heard = Reception("0016c001f1500002", rssi=-120, snr=-7.75, latency_us=1_500, has_gps=True)
    world.joined().uplink(heard=(heard,), sent_us=1_000_250)
    text = world.application.next("up").decode()
    assert '"snr":-7.75' in text
    assert '"time":"2026-09-21T14:13:21.000250+00:00"' in text
    assert '"nsTime":"2026-09-21T14:13:21.001750+00:00"' in text
    assert '"timeSinceGpsEpoch":"1474035219.000250s"' in text


def test_each_uplink_has_its_own_deduplication_id_and_a_seed_repeats_them(make_world):
    def ids(world):
        world.joined()
        for _ in range(3):
            world.uplink()
        return [world.application.next_json("up")["deduplicationId"] for _ in range(3)]

    first, second, other = (ids(make_world(seed=seed)) for seed in (3, 3, 4))
    assert len(set(first)) == 3
    assert first == second
    assert set(first).isdisjoint(other)


def test_no_event_tells_a_key(world):
    exercise(world)
    told = b"".join(world.application.next(name) for name in NAMES)
    assert world.APP_KEY.hex().encode() not in told
    assert base64.b64encode(world.APP_KEY) not in told
