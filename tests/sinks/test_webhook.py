"""The sink webhook and a receiver: what is posted, what is refused, what is waited for."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import random

import pytest
from tests.faults.http_way import HttpWay
from tests.sinks.conftest import LEVEL, START, TEMPERATURE, alarm, observed

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import webhook as module
from luftpegel_gateway.sinks.webhook_messages import key_of
from luftpegel_gateway.transport.signature import secret_bytes, signature


def items_of(receiver):
    return [item for _, _, _, body in receiver.seen for item in json.loads(body)["items"]]


def test_a_reading_is_posted_whole(webhook, receiver):
    item = observed(7, {LEVEL: 1430, 90: None}, late=True, flags=4, revision=2)
    assert webhook.deliver([item]) == [[]]
    [body] = items_of(receiver)
    values = body.pop("values")
    assert body == {
        "kind": "reading", "key": "reading//LP-0001/0/7/2", "tenant": "", "station": "LP-0001", "life": 0,
        "seq": 7, "revision": 2, "corrected": True, "late": True, "time": "2026-09-21T15:23:20Z",
        "place": {"name": "Mühlbach", "kind": "level", "latitude": 50.1, "longitude": 8.6},
    }  # fmt: skip
    assert [(one["quantity"], one["unit"], one["value"], one["flags"]) for one in values] == [
        ("level", "cm", 143.0, ["spike"]), ("channel-90", None, None, ["spike"]),
    ]  # fmt: skip
    assert b'"value":143.0,' in receiver.seen[0][3]


def test_an_alarm_is_posted(webhook, receiver):
    assert webhook.deliver([alarm(7)]) == [[]]
    [body] = items_of(receiver)
    assert (body["kind"], body["alarm"], body["value"], body["threshold"]) == ("alarm", "above", 200.0, 190.0)
    assert body["key"] == "alarm//LP-0001/0/7/10/above"


def test_a_station_that_nobody_knows_has_no_place(webhook, receiver):
    webhook.deliver([observed(1, station="LP-9999", time=None)])
    [body] = items_of(receiver)
    assert (body["place"], body["time"]) == (None, None)


def test_keys_are_of_one_item_alone():
    items = [observed(1, tenant="a", station="b"), observed(1, station="a/b"), observed(1),
             observed(1, revision=1), observed(1, life=1), alarm(1),
             alarm(1, kind="below"), alarm(1, channel=8)]  # fmt: skip
    assert len({key_of(item) for item in items}) == len(items)


def test_a_batch_has_the_same_key_however_often_it_is_sent(webhook, receiver):
    receiver.plan = ["500", "cut", "lost"]
    items = [observed(1), alarm(1)]
    webhook.persist(items)
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in receiver.seen}
    assert (len(receiver.seen), len(keys)) == (4, 1)
    webhook.deliver([observed(1)])
    assert receiver.seen[-1][2]["Idempotency-Key"] not in keys


def test_the_signature_is_as_standard_webhooks_has_it(webhook, receiver):
    webhook.options["secret_file"] = "whsec_" + base64.b64encode(b"towns-secret").decode()
    webhook.deliver([observed(1)])
    _, _, headers, body = receiver.seen[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(b"towns-secret", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-id"] == headers["Idempotency-Key"]


def test_the_signature_is_that_of_the_standards_own_example():
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_is_none_is_refused():
    with pytest.raises(ValueError, match="whsec_"):
        secret_bytes("whsec_no base64")
    options = {key: option.default for key, option in module.OPTIONS.items()} | {"url": "https://a.example"}
    assert [key for key, _ in module.wrong({**options, "secret_file": "whsec_?"})] == ["secret_file"]


# What is refused.


def test_what_the_receiver_refuses_is_refused_alone(webhook, receiver):
    receiver.refuses = lambda item: "too old" if item["seq"] == 2 else None
    [[rejection]] = webhook.deliver([observed(seq) for seq in range(5)])
    assert (rejection.item.reading.seq, rejection.fault.code) == (2, "LP-488")
    assert "too old" in rejection.fault.detail
    assert [item["seq"] for item in receiver.items.values()] == [0, 1, 3, 4]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_that_is_refused_as_a_whole_is_halved(webhook, receiver, status):
    receiver.chokes = lambda items: status if any(item["seq"] == 5 for item in items) else None
    [[rejection]] = webhook.deliver([observed(seq) for seq in range(16)])
    assert rejection.item.reading.seq == 5
    assert len(receiver.items) == 15


def test_an_item_that_makes_the_receiver_fail_is_found_in_the_end(webhook, receiver):
    """The others must not wait for it for ever."""
    receiver.chokes = lambda items: 500 if any(item["seq"] == 5 for item in items) else None

    async def main():
        sink = webhook.make()
        try:
            for tries in range(1, 30):
                with contextlib.suppress(OtherEndDown):
                    return tries, await sink.deliver([observed(seq) for seq in range(8)])
        finally:
            await sink.stop()

    tries, [rejection] = asyncio.run(main())
    assert (tries, rejection.item.reading.seq) == (10, 5)
    assert len(receiver.items) == 7


def test_a_receiver_that_takes_nothing_has_readings_wait(webhook, receiver):
    receiver.chokes = lambda _items: 422
    assert webhook.down([observed(1), observed(2)]) == "LP-489"
    receiver.chokes = lambda _items: None
    assert webhook.deliver([observed(1), observed(2)]) == [[]]


def test_a_small_mouth_is_fed_in_small_bites(webhook, receiver):
    receiver.largest = 3
    assert webhook.deliver([observed(seq) for seq in range(20)]) == [[]]
    assert len(receiver.items) == 20
    assert set(receiver.times.values()) == {1}


# What is waited for.


@pytest.mark.parametrize(
    ("fault", "code"),
    [("401", "LP-470"), ("403", "LP-471"), ("404", "LP-475"), ("410", "LP-489"), ("429", "LP-472"),
     ("500", "LP-473"), ("503", "LP-472"), ("302", "LP-474"), ("cut", "LP-467"), ("lost", "LP-467")],
)  # fmt: skip
def test_what_says_nothing_of_the_readings_is_waited_for(webhook, receiver, fault, code):
    receiver.plan = [fault]
    assert webhook.down([observed(1)]) == code
    assert webhook.deliver([observed(1)]) == [[]]


def test_a_page_for_people_has_taken_nothing(webhook, receiver):
    """A login page between us and the receiver says 200; a receiver may say "ok" in its own words."""
    with HttpWay(receiver.port) as way:
        webhook.url, way.plan = way.url, ["portal", "portal"]
        assert webhook.down([observed(1)]) == "LP-476"
        with pytest.raises(OtherEndDown):
            webhook.probe()
        assert (receiver.requests, webhook.deliver([observed(1)])) == (0, [[]])
    assert len(items_of(receiver)) == 1


def test_known_already_is_taken(webhook, receiver):
    receiver.knows = True
    receiver.plan = ["lost"]
    assert webhook.down([observed(1)]) == "LP-467"
    assert webhook.deliver([observed(1)]) == [[]]
    assert list(receiver.times.values()) == [1]


def test_what_is_taken_is_not_sent_again_when_a_later_batch_fails(webhook, receiver):
    webhook.options["items"] = 2
    receiver.plan = ["", "503"]
    items = [observed(seq) for seq in range(6)]

    async def main():
        sink = webhook.make()
        try:
            with pytest.raises(OtherEndDown):
                await sink.deliver(items)
            return await sink.deliver(items)
        finally:
            await sink.stop()

    assert asyncio.run(main()) == []
    assert set(receiver.times.values()) == {1}


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"[]", b"{}", b'{"refused": 3}', b'{"refused": [{"key": "x"}]}', b"\xff"]
)
def test_an_answer_in_other_words_refuses_nothing(webhook, receiver, body):
    assert module.refusals(body) in ({}, {"x": "no reason given"})


@pytest.mark.parametrize("seed", range(5))
def test_however_cut_and_repeated_each_item_is_there_once(webhook, receiver, seed):
    luck = random.Random(seed)
    receiver.luck = lambda: luck.choice([*[""] * 9, "cut", "lost", "500", "429", "503"])
    items = [observed(seq, {TEMPERATURE: luck.randrange(3000)}, time=START + seq) for seq in range(30)]
    items += [alarm(3), observed(4, revision=1)]
    place = 0
    while place < len(items):
        webhook.options["items"] = luck.randrange(1, 9)
        size = luck.randrange(1, 12)
        webhook.persist(items[max(0, place - luck.randrange(4)) : place + size])
        place += size
    assert list(receiver.items) == [key_of(item) for item in items]


def test_a_probe_asks_with_an_empty_batch(webhook, receiver):
    webhook.probe()
    assert receiver.items == {}
    for status, code in ((401, "LP-470"), (403, "LP-471"), (404, "LP-475"), (410, "LP-489"), (422, "LP-489")):
        receiver.chokes = lambda _items, status=status: status
        with pytest.raises(OtherEndDown) as down:
            webhook.probe()
        assert down.value.code == code
    receiver.stop()
    with pytest.raises(OtherEndDown) as down:
        webhook.probe()
    assert down.value.code == "LP-461"
