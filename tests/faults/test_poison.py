"""Broken messages among good ones: each ends in quarantine with reason and bytes, no neighbour is touched."""

import json
from datetime import UTC, datetime, timedelta

from luftpegel_gateway.transport.mqtt import LARGEST_EVENT
from luftpegel_gateway.transport.mqtt_packets import HEAD


def poison(station):
    """What may come, and the code that it ends with."""
    good = json.loads(station.uplink(0))
    return {
        b"": "LP-250",
        b"\xff\xfe\x00": "LP-250",
        b"{": "LP-250",
        b"[" * 100_000: "LP-250",
        b'{"time":"2026-07-01T12:00:00Z"}': "LP-250",
        json.dumps(good | {"data": "not base64"}).encode(): "LP-250",
        station.event(b"\xff\xff"): "LP-211",
        station.event(b"", f_port=1, joinServerContext={"sessionKeyId": "01"}): "LP-251",
        station.event(b"\x00", f_port=77): "LP-213",
        station.event(b"\x00", deviceInfo={"devEui": "70b3d57ed00000ff"}): "LP-320",
    }


def test_each_poison_is_kept_with_its_reason_and_no_good_frame_is_lost(site, server, station, until):
    site.started()
    bad = poison(station)
    for seq, payload in enumerate(bad):
        server.publish(station.topic(), payload)
        server.publish(station.topic(), station.uplink(seq, history=1))
    site.wait_for(range(len(bad)))
    until(lambda: len(site.entries()) == len(bad), "not all in quarantine")
    found = {entry.payload: entry.code for entry in site.entries()}
    bad = {payload if len(payload) < LARGEST_EVENT else payload[:HEAD]: code for payload, code in bad.items()}
    assert set(found) == set(bad)
    assert max(entry.size for entry in site.entries()) == 100_000
    wrong = {payload[:60]: (found[payload], code) for payload, code in bad.items() if found[payload] != code}
    assert wrong == {}
    assert site.stored() == {seq: station.value(seq) for seq in range(len(bad))}


def test_the_same_poison_again_is_counted_not_piled_up(site, server, station, until):
    site.started()
    for _ in range(50):
        server.publish(station.topic(), b"garbage")
    until(lambda: [entry.times for entry in site.entries()] == [50], "not counted")


def test_what_a_reading_does_not_need_refuses_nothing(site, server, make_station):
    station = make_station(start=datetime.now(UTC) - timedelta(seconds=1), interval=60)
    site.started()
    odd = [{"fCnt": 10**30}, {"time": "yesterday"}, {"devAddr": "\ud800"}, {"rxInfo": "none"}, {"dr": -1}]
    for seq, fields in enumerate(odd):
        event = json.loads(station.uplink(seq, history=1))
        server.publish(station.topic(), json.dumps(event | fields).encode())
    site.wait_for(range(len(odd)))
    assert site.codes() == []
