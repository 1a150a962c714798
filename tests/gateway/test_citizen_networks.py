"""openSenseMap and Sensor.Community: only who is named, only what nobody doubts, at the platforms' pace, and
what comes twice or not at all when something breaks."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.gateway.citizen_doubles import OpenSenseMap, SensorCommunity
from tests.gateway.memory_log import observed

from luftpegel_gateway.config.options import Wrong
from luftpegel_gateway.model import quality
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.sinks import Context, opensensemap, sensor_community, sent
from luftpegel_gateway.sinks.opensensemap import Box
from luftpegel_gateway.sinks.sensor_community import Node
from luftpegel_wire.quality import SUSPECT

BOX, OTHER = "57000b8745fd40c8196ad04c", "57000b8745fd40c8196ad0ff"
HEAT, DAMP, LEVEL = (f"57000b8745fd40c8196ad00{number}" for number in (1, 2, 3))
BOXES = {
    "LP-0001": Box(BOX, "t0ken-of-the-box", {"temperature": HEAT, "humidity": DAMP}),
    "LP-0002": Box(OTHER, "other-t0ken", {"temperature": LEVEL}),
}
NOW = int(time.time())
ALARM = AlarmRaised(Ref("", "LP-0001", 1), 7, NOW, 2, "above", 3100, 3000, 10**15)


def settings(module, **given):
    return {key: option.default for key, option in module.OPTIONS.items()} | given


class Clock:
    """Time that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def map_of(tmp_path):
    """Run `play(double, make)`; `make()` makes a sink that is closed in the end."""

    def run(play, boxes=BOXES, clock=None, **given):
        clock = clock or Clock()

        async def main():
            known = {BOX: (BOXES["LP-0001"].token, [HEAT, DAMP]), OTHER: (BOXES["LP-0002"].token, [LEVEL])}
            made = []
            async with OpenSenseMap(known) as double:
                options = settings(opensensemap, url=double.url, stations=boxes, timeout_s=1, **given)

                def make():
                    context = Context("map", options, tmp_path)
                    made.append(opensensemap.OpenSenseMap(context, clock, clock.sleep))
                    return made[-1]

                try:
                    await play(double, make)
                finally:
                    for sink in made:
                        await sink.stop()

        asyncio.run(main())

    return run


def codes(rejections):
    return [(found.item.ref.station, found.item.reading.seq, found.fault.code) for found in rejections]


def test_values_go_to_the_sensors_of_their_box_with_their_times(map_of):
    async def play(double, make):
        items = [ALARM, observed(7, 2153, 5000, time=NOW), observed(8, -5, time=NOW + 60)]
        assert await make().deliver(items) == []
        first, second = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (NOW, NOW + 60))
        assert double.taken == [
            (BOX, HEAT, "21.53", first), (BOX, DAMP, "50.00", first), (BOX, HEAT, "-0.05", second),
        ]  # fmt: skip
        assert double.requests == 1

    map_of(play)


@pytest.mark.parametrize(
    "item",
    [
        observed(1, time=NOW, station="LP-0009"),
        observed(1, time=NOW, tenant="other"),
        observed(1, time=None),
        observed(1, time=NOW, unsure=True),
        observed(1, time=NOW, flags=quality.HUMID),
        observed(1, time=NOW, wire=SUSPECT),
        observed(1, None, time=NOW),
        observed(1, 5, time=NOW, channels=(10,)),
    ],
)
def test_nothing_else_leaves_the_town(map_of, item):
    async def play(double, make):
        assert await make().deliver([item]) == []
        assert double.requests == 0

    map_of(play)


def test_no_more_than_the_platform_takes_in_one_request(map_of, monkeypatch):
    monkeypatch.setattr(opensensemap, "LARGEST", 40)

    async def play(double, make):
        assert await make().deliver([observed(seq, time=NOW - seq) for seq in range(100)]) == []
        assert (len(double.taken), double.requests) == (100, 3)

    map_of(play)


def test_requests_are_paced(map_of, monkeypatch):
    monkeypatch.setattr(opensensemap, "LARGEST", 1)
    clock = Clock()

    async def play(double, make):
        await make().deliver([observed(seq, time=NOW - seq) for seq in range(25)])
        assert (len(double.taken), clock.slept) == (25, [60, 60])

    map_of(play, clock=clock, requests_per_minute=10)


def test_it_is_left_alone_for_as_long_as_it_asks(map_of):
    async def play(double, make):
        double.script = [(429, {"Retry-After": "77"})]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(1, time=NOW)])
        assert (down.value.code, down.value.wait_s) == ("LP-472", 77)
        assert await sink.deliver([observed(1, time=NOW)]) == []
        assert len(double.taken) == 1

    map_of(play)


@pytest.mark.parametrize(("status", "code"), [(500, "LP-473"), (503, "LP-472"), ("cut", "LP-467")])
def test_a_platform_that_fails_keeps_values_waiting(map_of, status, code):
    async def play(double, make):
        double.script = [status if status == "cut" else (status, {})]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(1, time=NOW)])
        assert down.value.code == code
        assert await sink.deliver([observed(1, time=NOW)]) == []
        assert len(double.taken) == 1

    map_of(play)


def test_a_page_of_somebody_else_has_taken_nothing(map_of):
    """A hotel's login page says 200, too."""

    async def play(double, make):
        double.script = [(200, {"Content-Type": "text/html"})]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(1, time=NOW)])
        assert down.value.code == "LP-476"
        assert await sink.deliver([observed(1, time=NOW)]) == []
        assert len(double.taken) == 1

    map_of(play)


def test_where_no_mark_can_be_made_nothing_is_sent(map_of, monkeypatch):
    """A full disk: else the platform would keep the same once more at each attempt."""

    async def play(double, make):
        def full(_self, _marks):
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(sent.Sent, "add", full)
            with pytest.raises(OtherEndDown) as down:
                await make().deliver([observed(1, time=NOW)])
        assert (down.value.code, double.requests) == ("LP-411", 0)
        assert await make().deliver([observed(1, time=NOW)]) == []
        assert (double.requests, len(double.taken)) == (1, 1)

    map_of(play)


def test_what_was_confirmed_is_not_sent_again_after_a_crash(map_of):
    """The platform would keep it twice. Half of the boxes were told when the process died."""

    async def play(double, make):
        items = [observed(1, time=NOW), observed(1, time=NOW, station="LP-0002")]
        await make().deliver(items[:1])
        assert await make().deliver(items) == []
        assert [box for box, *_ in double.taken] == [BOX, OTHER]

    map_of(play)


def test_an_answer_that_does_not_come_is_the_one_way_to_be_there_twice(map_of):
    async def play(double, make):
        double.script = ["hang"]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(1, time=NOW)])
        assert down.value.code == "LP-468"
        assert await sink.deliver([observed(1, time=NOW)]) == []
        assert len(double.taken) == 2

    map_of(play)


def test_one_wrong_token_does_not_hold_up_other_boxes(map_of):
    wrong = BOXES | {"LP-0002": Box(OTHER, "stolen-t0ken", {"temperature": LEVEL})}

    async def play(double, make):
        sink = make()
        rejections = await sink.deliver([observed(1, time=NOW), observed(2, time=NOW, station="LP-0002")])
        assert codes(rejections) == [("LP-0002", 2, "LP-425")]
        assert "t0ken" not in rejections[0].fault.detail
        assert len(double.taken) == 1

    map_of(play, boxes=wrong)


def test_a_token_that_was_exchanged_holds_up_nobody(map_of):
    """Neither after a restart, when the other box has nothing new."""

    async def play(double, make):
        await make().deliver([observed(1, time=NOW), observed(1, time=NOW, station="LP-0002")])
        double.boxes[BOX] = ("new", [HEAT, DAMP])
        rejections = await make().deliver([observed(2, time=NOW)])
        assert codes(rejections) == [("LP-0001", 2, "LP-425")]

    map_of(play)


@pytest.mark.parametrize(("status", "code"), [(401, "LP-470"), (403, "LP-471"), (404, "LP-475")])
def test_what_a_proxy_says_is_no_word_about_a_box(map_of, status, code):
    async def play(double, make):
        double.script = [(status, {})]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(1, time=NOW)])
        assert down.value.code == code
        assert await sink.deliver([observed(1, time=NOW)]) == []

    map_of(play)


def test_a_refused_value_is_found_and_refused_alone(map_of):
    async def play(double, make):
        items = [observed(seq, time=NOW + (10**6 if seq == 13 else 0)) for seq in range(40)]
        assert codes(await make().deliver(items)) == [("LP-0001", 13, "LP-426")]
        assert len(double.taken) == 39

    map_of(play)


def test_the_probe_finds_what_is_missing(map_of):
    async def play(double, make):
        options = settings(opensensemap, url=double.url, stations=BOXES)
        await opensensemap.probe(options, "map")
        for boxes in ({BOX: ("t", [HEAT, DAMP])}, {BOX: ("t", [HEAT]), OTHER: ("t", [LEVEL])}):
            double.boxes = boxes
            with pytest.raises(CannotStart) as refusal:
                await opensensemap.probe(options, "map")
            assert refusal.value.code == "LP-425"
        assert double.taken == []

    map_of(play)


def test_marks_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(sent, "MOST", 10)
    marks = sent.Sent(tmp_path / "sent.sqlite")
    for number in range(100):
        marks.add([(str(number), number)])
    assert len(marks.times()) <= 20
    assert list(sent.Sent(tmp_path / "sent.sqlite").times()) == [str(number) for number in range(90, 100)]


# Sensor.Community.

NODE = Node("esp8266-1", ("PM", "BME280"))
REGISTERED = {("esp8266-1", "1"), ("esp8266-1", "11"), ("esp8266-2", "1")}
PM10, PM25, PRESSURE = 28, 24, 6


@pytest.fixture
def community(tmp_path):
    def run(play, stations=None, clock=lambda: NOW, registered=REGISTERED):
        async def main():
            made = []
            async with SensorCommunity(registered) as double:
                options = settings(sensor_community, url=double.url, timeout_s=1,
                                   stations=stations or {"LP-0001": NODE})  # fmt: skip

                def make():
                    context = Context("community", options, tmp_path)
                    made.append(sensor_community.SensorCommunity(context, clock))
                    return made[-1]

                try:
                    await play(double, make)
                finally:
                    for sink in made:
                        await sink.stop()

        asyncio.run(main())

    return run


def dust(seq, *, ago=10, **words):
    return observed(seq, 123, 45, time=NOW - ago, channels=(PM10, PM25), **words)


def test_one_request_for_each_type_of_sensor_in_the_platforms_words(community):
    async def play(double, make):
        item = observed(1, 123, 45, 2153, 5000, 101325, time=NOW, channels=(PM10, PM25, 2, 4, PRESSURE))
        assert await make().deliver([ALARM, item]) == []
        assert double.taken == [
            ("esp8266-1", "1", {"P1": "12.3", "P2": "4.5"}),
            ("esp8266-1", "11", {"temperature": "21.53", "humidity": "50.00", "pressure": "101325"}),
        ]

    community(play)


@pytest.mark.parametrize(
    "item",
    [
        dust(1, ago=301), dust(1, ago=-301), dust(1, late=True), dust(1, station="LP-0002"),
        dust(1, tenant="x"), dust(1, flags=quality.HUMID), dust(1, unsure=True), observed(1, time=None),
    ],
)  # fmt: skip
def test_history_doubt_and_strangers_stay_here(community, item):
    async def play(double, make):
        assert await make().deliver([item]) == []
        assert double.requests == 0

    community(play)


def test_of_several_the_present_one(community):
    async def play(double, make):
        await make().deliver([dust(1, ago=200), dust(2, ago=5), dust(3, ago=100)])
        assert len(double.taken) == 1

    community(play)


def test_nothing_is_told_twice_also_after_a_crash(community):
    async def play(double, make):
        await make().deliver([dust(1)])
        await make().deliver([dust(1), dust(2, ago=5)])  # sooner than two minutes
        assert len(double.taken) == 1

    community(play)


def test_killed_while_it_sends_it_says_no_more(community):
    """At most once: the mark is on the disk before the request is."""

    async def play(double, make):
        double.script = ["hang"]
        dying = asyncio.create_task(make().deliver([dust(1)]))
        while not double.taken:
            await asyncio.sleep(0.005)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await make().deliver([dust(1)]) == []
        assert len(double.taken) == 1

    community(play)


def test_no_answer_is_not_asked_again(community):
    async def play(double, make):
        double.script = ["hang"]
        sink = make()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([dust(1)])
        assert down.value.code == "LP-468"
        assert await sink.deliver([dust(1)]) == []
        assert len(double.taken) == 1

    community(play)


@pytest.mark.parametrize("status", [429, 503, 401])
def test_what_was_surely_not_taken_is_tried_again_while_it_is_the_present(community, status):
    now = [NOW]

    async def play(double, make):
        double.script = [(status, {})] * 2
        sink = make()
        for _ in range(2):
            with pytest.raises(OtherEndDown):
                await sink.deliver([dust(1)])
        assert await sink.deliver([dust(1)]) == []
        assert len(double.taken) == 1
        double.script = [(status, {})]
        with pytest.raises(OtherEndDown):
            await sink.deliver([observed(2, 123, time=NOW + 200, channels=(PM10,))])
        now[0] += 1000
        assert await sink.deliver([observed(2, 123, time=NOW + 200, channels=(PM10,))]) == []
        assert len(double.taken) == 1

    community(play, clock=lambda: now[0])


def test_a_platform_that_is_away_is_told(community):
    async def play(double, make):
        sink = make()
        await double.__aexit__()
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([dust(1)])
        assert down.value.code == "LP-461"
        with pytest.raises(OtherEndDown):
            await sensor_community.probe(settings(sensor_community, url=double.url, stations={}), "community")

    community(play)


def test_a_station_or_sensor_that_is_not_registered_holds_up_nobody(community):
    stations = {
        "LP-0001": NODE,
        "LP-0002": Node("esp8266-2", ("BME280", "PM")),
        "LP-0003": Node("none-3", ("PM",)),
    }

    async def play(double, make):
        items = [dust(3, station="LP-0003"), dust(1),
                 observed(2, 123, 5, time=NOW, station="LP-0002", channels=(PM10, 2))]  # fmt: skip
        sink = make()
        assert codes(await sink.deliver(items)) == [("LP-0003", 3, "LP-427"), ("LP-0002", 2, "LP-427")]
        assert [(node, pin) for node, pin, _ in double.taken] == [("esp8266-1", "1"), ("esp8266-2", "1")]
        before = double.requests
        assert await sink.deliver([dust(4, ago=5, station="LP-0003")]) == []
        assert double.requests == before, "not asked again for a while"

    community(play, stations)


# Options.


@pytest.fixture
def token(tmp_path):
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    file.chmod(0o600)
    return "token"


def test_a_box_is_read_with_its_secret(tmp_path, token):
    told = {"LP-0001": {"box": BOX, "token_file": token, "sensors": {"temperature-2": HEAT}}}
    assert opensensemap.boxes(told, tmp_path) == {"LP-0001": Box(BOX, "t0ken", {"temperature-2": HEAT})}


@pytest.mark.parametrize(
    "change",
    [{"box": "57"}, {"box": BOX.upper()}, {"sensors": {"temprature": HEAT}}, {"sensors": {"level": "x"}},
     {"sensors": 5}, {"token_file": "none"}, {"more": 1}, {"box": None}],
)  # fmt: skip
def test_a_box_that_is_none_is_a_mistake(tmp_path, token, change):
    told = {"box": BOX, "token_file": token, "sensors": {"temperature": HEAT}} | change
    with pytest.raises(Wrong) as wrong:
        opensensemap.boxes({"LP-0001": told}, tmp_path)
    assert "t0ken" not in str(wrong.value.words)


def test_a_token_that_others_may_read_is_a_mistake(tmp_path, token):
    (tmp_path / token).chmod(0o644)
    with pytest.raises(Wrong) as wrong:
        opensensemap.boxes({"LP-0001": {"box": BOX, "token_file": token, "sensors": {}}}, tmp_path)
    assert wrong.value.code == "LP-309"


@pytest.mark.parametrize("told", [{"id": "x", "sensors": ["PM"]}, {"id": "esp8266-1", "sensors": ["SDS"]},
                                  {"id": "esp8266-1"}, {"id": "a-1\r\nX: y", "sensors": []}, 5])  # fmt: skip
def test_a_node_that_is_none_is_a_mistake(told):
    with pytest.raises(Wrong):
        sensor_community.nodes({"LP-0001": told}, Path())


