"""The sink ngsi-ld and a broker: what is there afterwards, what is refused, what is waited for."""

import asyncio
import contextlib
import itertools
import json

import pytest
from tests.servers.ngsi_broker import Problem
from tests.sinks.conftest import (
    BATTERY,
    DISTANCE,
    HUMIDITY,
    LEVEL,
    PM10,
    START,
    TEMPERATURE,
    alarm,
    observed,
)

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.sinks.ngsi_entities import iso

WATER = "urn:ngsi-ld:WaterObserved:LP-0001"
DEVICE = "urn:ngsi-ld:Device:LP-0001"


def at(seq):
    return iso(START + 600 * seq)


def test_a_reading_becomes_entities(ngsi, broker):
    assert ngsi.deliver([observed(3, {LEVEL: 1430, DISTANCE: 2570, BATTERY: 3712})]) == [[]]
    assert broker.values(WATER)["waterLevel"] == (1.43, at(3))
    assert broker.values("urn:ngsi-ld:FloodMonitoring:LP-0001")["measuredDistance"] == (2.57, at(3))
    assert broker.values(DEVICE)["batteryVoltage"] == (3.712, at(3))
    assert broker.values(DEVICE)["deviceState"] == ("ok", at(3))


def test_a_late_reading_changes_nothing(ngsi, broker):
    ngsi.deliver([observed(9)])
    requests = broker.requests
    ngsi.deliver([observed(4, late=True)], [observed(9)])
    assert broker.values(WATER)["waterLevel"] == (1.009, at(9))
    assert broker.requests == requests


def test_many_readings_of_a_station_are_one_entity_in_one_request(ngsi, broker):
    ngsi.deliver([observed(seq) for seq in range(40)])
    upserts = [body for method, _, _, body in broker.seen if method == "POST"]
    assert len(upserts) == 1
    assert broker.in_one_batch == []
    assert broker.values(WATER)["waterLevel"] == (1.039, at(39))


def test_only_what_is_newer_is_written_attribute_by_attribute(ngsi, broker):
    climate = "urn:ngsi-ld:WeatherObserved:LP-0002"
    ngsi.deliver([observed(1, {TEMPERATURE: 2000, HUMIDITY: 5000}, station="LP-0002")])
    ngsi.deliver([observed(2, {TEMPERATURE: None, HUMIDITY: 5100}, station="LP-0002")])
    assert broker.values(climate)["temperature"] == (20.0, at(1))
    assert broker.values(climate)["relativeHumidity"] == (0.51, at(2))
    assert broker.values("urn:ngsi-ld:Device:LP-0002")["deviceState"] == ("fault", at(2))


def test_a_swapped_board_is_the_same_station(ngsi, broker):
    ngsi.deliver([observed(500)])
    ngsi.deliver([observed(0, {LEVEL: 777}, life=1, time=START + 600 * 501)])
    assert broker.values(WATER)["waterLevel"] == (0.777, at(501))


def test_a_correction_takes_its_place(ngsi, broker):
    ngsi.deliver([observed(5)], [observed(5, flags=4, revision=1)], [observed(5)])
    told = next(told for name, told in broker.entities[WATER].items() if name.endswith("waterLevel"))
    assert (told["qualityFlags"]["value"], told["quality"]["value"] > 0) == (["spike"], True)


def test_the_value_before_comes_back_when_the_newest_was_told_with_a_wrong_time(ngsi, broker):
    """A clock that ran ahead must not hide the river for as long as it ran ahead."""
    ngsi.deliver([observed(5, time=START + 86400)])
    ngsi.deliver([observed(6)])
    assert broker.values(WATER)["waterLevel"][0] == 1.005
    ngsi.deliver([observed(5, revision=1)])
    assert broker.values(WATER)["waterLevel"] == (1.006, at(6))


def test_a_disputed_time_in_the_future_is_nobodys_newest(ngsi, broker):
    ngsi.deliver([observed(5, time=START + 10**8, unsure=True, received=START * 1_000_000), observed(6)])
    assert broker.values(WATER)["waterLevel"] == (1.006, at(6))


def test_a_reading_without_a_time_waits_until_it_has_one(ngsi, broker):
    assert ngsi.deliver([observed(5, time=None)]) == [[]]
    assert broker.entities == {}
    ngsi.deliver([observed(5, revision=1)])
    assert broker.values(WATER)["waterLevel"] == (1.005, at(5))


def test_an_alarm_is_an_entity_and_comes_again_as_the_same(ngsi, broker):
    ngsi.deliver([alarm(7), observed(7)], [alarm(7)])
    [entity] = [one for one in broker.entities if ":Alert:" in one]
    assert broker.values(entity)["measuredValue"][0] == 2.0
    assert broker.values(entity)["dateIssued"][0]["@value"] == at(7)
    assert broker.values(entity)["alertKind"][0] == "above"


# What is refused.


@pytest.mark.parametrize("shape", ["standard", "list"])
def test_what_the_broker_refuses_is_refused_alone(ngsi, broker, shape):
    broker.shape = shape
    broker.refuses = lambda entity: "not this one" if "LP-0002" in entity["id"] else None
    bad = observed(1, {TEMPERATURE: 2000}, station="LP-0002")
    [[rejection]] = ngsi.deliver([observed(1), bad, observed(2)])
    assert (rejection.item, rejection.fault.code) == (bad, "LP-488")
    assert "not this one" in rejection.fault.detail
    assert broker.values(WATER)["waterLevel"] == (1.002, at(2))


def test_one_refused_attribute_costs_no_other(ngsi, broker):
    broker.refuses = lambda entity: "no pm10" if "pm10" in entity else None
    [[rejection]] = ngsi.deliver([observed(1, {TEMPERATURE: 2000, PM10: 125}, station="LP-0003")])
    assert "pm10" in rejection.fault.detail
    assert broker.values("urn:ngsi-ld:AirQualityObserved:LP-0003")["temperature"] == (20.0, at(1))


def test_behind_a_refused_value_stands_the_one_before(ngsi, broker):
    broker.refuses = lambda entity: "no" if '"value":1.003' in dumped(entity) else None
    [rejections] = ngsi.deliver([observed(2), observed(3)])
    assert [one.item.reading.seq for one in rejections] == [3]
    assert broker.values(WATER)["waterLevel"] == (1.002, at(2))
    assert ngsi.deliver([observed(4)]) == [[]]


def dumped(entity):
    return json.dumps(entity, separators=(",", ":"))


def test_a_broker_that_refuses_all_of_it_has_readings_wait(ngsi, broker):
    broker.refuses = lambda _entity: "nothing today"
    assert ngsi.down([observed(1)]) == "LP-489"
    broker.refuses = lambda _entity: None
    assert ngsi.deliver([observed(1)]) == [[]]


def test_an_entity_that_alone_makes_the_broker_fail_blocks_the_others_for_a_while_only(ngsi, broker):
    def refuses(entity):
        return Problem(500, "InternalError", "null") if "LP-0002" in entity["id"] else None

    broker.refuses = refuses
    items = [observed(1), observed(1, {TEMPERATURE: 2000}, station="LP-0002")]

    tries, [rejection] = asyncio.run(deliver_until_done(ngsi.make(), items))
    assert tries == 10
    assert rejection.item.ref.station == "LP-0002"
    assert broker.values(WATER)["waterLevel"] == (1.001, at(1))


async def deliver_until_done(sink, items):
    """How often it took, and what was refused."""
    try:
        for tries in itertools.count(1):
            with contextlib.suppress(SinkDown):
                return tries, await sink.deliver(items)
    finally:
        await sink.stop()


# What is waited for.


@pytest.mark.parametrize(
    ("fault", "code"),
    [("401", "LP-470"), ("403", "LP-471"), ("429", "LP-472"), ("503", "LP-472"), ("500", "LP-473"),
     ("cut", "LP-467"), ("lost", "LP-467"), ("404", "LP-475"), ("405", "LP-485")],
)  # fmt: skip
def test_what_says_nothing_of_the_readings_is_waited_for(ngsi, broker, fault, code):
    ngsi.deliver([observed(0)])  # so that the next request is the upsert
    broker.plan = [fault]
    assert ngsi.down([observed(1)]) == code
    assert ngsi.deliver([observed(1)]) == [[]]
    assert broker.values(WATER)["waterLevel"] == (1.001, at(1))
    assert broker.doubled == []


def test_a_slow_answer_is_not_told_twice(ngsi, broker):
    ngsi.options["timeout_s"] = 1
    ngsi.deliver([observed(0)])
    broker.plan = ["slow"]
    assert ngsi.down([observed(1)]) == "LP-468"
    assert ngsi.deliver([observed(1)]) == [[]]
    assert broker.doubled == []


def test_a_batch_that_is_too_large_is_halved(ngsi, broker):
    broker.largest = 1
    assert ngsi.deliver([observed(1, {LEVEL: 1, DISTANCE: 2, BATTERY: 3})]) == [[]]
    assert len(broker.entities) == 3


def test_an_unreachable_context_is_waited_for(ngsi, broker):
    ngsi.options["context"] = "https://context.example/all.jsonld"
    assert ngsi.down([observed(1)]) == "LP-486"
    broker.remote["https://context.example/all.jsonld"] = {"waterLevel": "https://w/waterLevel"}
    assert ngsi.deliver([observed(1)]) == [[]]
    assert "https://w/waterLevel" in broker.entities[WATER]


def test_a_tenant_that_is_not_there_is_told(ngsi, broker):
    broker.tenants = {"town"}
    assert ngsi.down([observed(1)]) == "LP-487"
    ngsi.options["headers"] = {"NGSILD-Tenant": "town", "Fiware-Service": "town"}
    assert ngsi.deliver([observed(1)]) == [[]]
    assert broker.seen[-1][2]["Fiware-Service"] == "town"


def test_a_lost_file_is_no_reason_to_go_back_in_time(ngsi, broker):
    ngsi.deliver([observed(9)])
    for file in ngsi.folder.glob("ngsi-*"):
        file.unlink()
    ngsi.deliver([observed(3)], [observed(9)])
    assert broker.values(WATER)["waterLevel"] == (1.009, at(9))
    assert (broker.older, broker.doubled) == ([], [])


def test_a_file_that_is_none_of_ours_is_begun_anew(ngsi, broker):
    (ngsi.folder / "ngsi-ngsi-ld.sqlite").write_bytes(b"no database" * 1000)
    assert ngsi.deliver([observed(9)]) == [[]]
    assert broker.values(WATER)["waterLevel"] == (1.009, at(9))


def test_a_file_that_cannot_be_written_is_a_trouble_that_passes(ngsi):
    ngsi.folder /= "away"
    assert ngsi.down([observed(9)]) == "LP-411"


# History.


@pytest.mark.parametrize("keeps", ["missing", "all"])
def test_history_has_each_reading_once(ngsi, broker, keeps):
    ngsi.options["history"] = keeps
    if keeps == "all":
        broker._add = keep_only_temporal(broker)
    items = [observed(seq) for seq in range(120)]
    for batch in (items[50:], items[:50], items, items[119:]):
        assert ngsi.deliver(batch) == [[]]
    values = sorted(one["value"] for one in broker.told(WATER, "waterLevel"))
    assert values == [(1000 + seq) / 1000 for seq in range(120)]


def keep_only_temporal(broker):
    """A broker whose history is apart: an upsert adds nothing to it."""
    real = broker._add

    def add(entity, attributes):
        if broker.seen[-1][1].startswith("/ngsi-ld/v1/temporal"):
            real(entity, attributes)

    return add


def test_history_is_corrected_in_its_place(ngsi, broker):
    ngsi.options["history"] = "missing"
    ngsi.deliver([observed(1), observed(2)], [observed(1, flags=4, revision=1)])
    [one] = [one for one in broker.told(WATER, "waterLevel") if one["observedAt"] == at(1)]
    assert one["qualityFlags"]["value"] == ["spike"]


def test_a_broker_that_cannot_correct_keeps_one_value(ngsi, broker):
    ngsi.options["history"] = "missing"
    broker.can_correct = False
    ngsi.deliver([observed(1), observed(2)], [observed(1, flags=4, revision=1)])
    assert len(broker.told(WATER, "waterLevel")) == 2


# Whether it works at all.


def test_a_probe_leaves_nothing_behind(ngsi, broker):
    ngsi.probe()
    assert (broker.entities, broker.history) == ({}, {})


def test_a_probe_tells_what_is_wrong(ngsi, broker, receiver):
    for prepare, code in (
        (lambda: setattr(broker, "writable", False), "LP-471"),
        (lambda: setattr(broker, "token", "t0ken"), "LP-470"),
    ):
        prepare()
        assert down(ngsi) == code
    broker.token, broker.writable = None, True
    assert down(ngsi, url=broker.url + "/elsewhere") == "LP-475"
    broker.stop()
    assert down(ngsi) == "LP-461"


def down(driver, **options):
    with pytest.raises(OtherEndDown) as found:
        driver.probe(**options)
    return found.value.code
