"""Asking a station again: only for what will not come by itself, one request at a time, patiently."""

import base64
import json

import pytest

from luftpegel_gateway.downlinks.airtime import airtime_us, spend
from luftpegel_gateway.downlinks.backfill import FIRST_PATIENCE, LARGEST_REQUEST, plan, request_id
from luftpegel_gateway.model.state import Asked
from luftpegel_tools.air.airtime import EU868, MAC_OVERHEAD
from luftpegel_wire import PORT_BACKFILL, PORT_STATUS, decode, encode_status


def test_the_oldest_gap_is_asked_for_first():
    assert plan(None, [(10, 12), (50, 60)]) == (Asked(10, 3), True)
    assert plan(None, []) == (None, False)


def test_a_large_gap_is_cut():
    assert plan(None, [(7, 5000)])[0] == Asked(7, LARGEST_REQUEST)


def test_one_request_until_answered_or_out_of_patience():
    asked, send = plan(None, [(5, 9)])
    assert (asked, send) == (Asked(5, 5), True)
    sent = []
    for _ in range(3 * FIRST_PATIENCE):
        asked, send = plan(asked, [(5, 9)])
        sent.append(send)
    assert sent == [False, False, True, False, False, False, False, False, True]


def test_progress_asks_for_the_rest_at_once():
    assert plan(Asked(5, 5, uplinks=1), [(8, 9)]) == (Asked(8, 2), True)
    assert plan(Asked(5, 5, uplinks=1), [(20, 21), (90, 95)]) == (Asked(20, 2), True)


def test_a_gap_that_nobody_fills_holds_up_no_other():
    gaps = [(0, 3_000_000), (3_000_100, 3_000_120), (3_000_500, 3_000_501)]
    asked, turns = None, []
    for _ in range(4 * FIRST_PATIENCE):
        asked, send = plan(asked, gaps)
        if send:
            turns.append(asked.first)
    assert turns[:4] == [0, 3_000_100, 3_000_500, 0]


def test_nothing_missing_is_nothing_asked():
    assert plan(Asked(5, 5), []) == (None, False)


def test_the_same_question_has_the_same_id():
    device = "70b3d57ed0000001"
    assert request_id(device, 0, Asked(5, 5, 2)) == request_id(device, 0, Asked(5, 5))
    assert request_id(device, 0, Asked(5, 5)) != request_id(device, 0, Asked(5, 6))
    assert request_id(device, 0, Asked(5, 5)) != request_id(device, 1, Asked(5, 5))


@pytest.mark.parametrize("data_rate", range(6))
@pytest.mark.parametrize("payload", [1, 6, 20, 51])
def test_airtime_is_what_the_planner_says(data_rate, payload):
    assert airtime_us(data_rate, payload) == EU868.airtime_us(payload + MAC_OVERHEAD, data_rate, crc=False)


def test_a_budget_is_an_hours_and_a_gateways():
    spent = {"roof": (500_000, 8_000_000)}
    at = 500_000 * 3600
    assert spend(spent, "roof", at, 900_000, 9_000_000) == (500_000, 8_900_000)
    assert spend(spent, "roof", at, 1_100_000, 9_000_000) is None
    assert spend(spent, "tower", at, 1_100_000, 9_000_000) == (500_000, 1_100_000)
    assert spend(spent, "roof", at + 3600, 1_100_000, 9_000_000) == (500_001, 1_100_000)
    assert spend(spent, "roof", 0, 1_100_000, 9_000_000) == (0, 1_100_000)  # our clock was set back


def test_a_station_is_asked_and_its_answer_closes_the_gap(site, server, station, until):
    site.started()
    server.publish(station.topic(), station.uplink(3))
    server.publish(station.topic(), station.uplink(20))
    command = until(lambda: server.commands and server.commands[0], "nothing asked")
    request = decode(PORT_BACKFILL, base64.b64decode(command["data"]))
    assert (command["devEui"], command["fPort"], command["confirmed"]) == (
        station.dev_eui,
        PORT_BACKFILL,
        False,
    )
    assert (request.first_seq, request.count) == (4, 13)
    answer = station.event(station.payload(16, history=13, absent={5}), 20)
    server.publish(station.topic(), answer)
    site.wait_for({4, *range(6, 17)})
    server.publish(station.topic(), station.uplink(21))
    site.wait_for([21])
    assert site.stored() == {seq: station.value(seq) for seq in range(22) if seq != 5}
    assert len(server.commands) == 1
    (facts,) = [found for found in json.loads(site.get("/api/stations.json")[1]) if found["id"] == "LP-0001"]
    assert (facts["received"], facts["missing"], facts["absent"]) == (21, 1, 1)


def test_no_gap_is_asked_for_that_history_heals(site, server, station):
    site.started()
    for seq in range(0, 40, 4):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(37))
    assert server.commands == []


def test_what_a_station_had_before_it_was_first_heard_is_asked_for(site, server, station, until):
    site.started()
    server.publish(station.topic(), station.uplink(30))
    status = station.event(encode_status({"oldest_seq": 3}), 30, f_port=PORT_STATUS)
    server.publish(station.topic(), status)
    server.publish(station.topic(), station.uplink(31))
    command = until(lambda: server.commands and server.commands[0], "nothing asked")
    request = decode(PORT_BACKFILL, base64.b64decode(command["data"]))
    first = min(until(site.stored, "nothing stored"))
    assert (request.first_seq, request.count) == (3, first - 3)
