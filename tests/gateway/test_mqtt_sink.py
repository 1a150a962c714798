"""The sink "mqtt" at a real broker: what it says of a value, what it retains, and what a refusal costs."""

import asyncio
import json
import os
import random
import signal
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from tests.gateway.memory_log import observed, seqs

from luftpegel_gateway.model import quality
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.sinks import Context, SinkDown, mqtt
from luftpegel_gateway.sinks.retained import Mark
from luftpegel_gateway.transport import publisher
from luftpegel_wire.quality import RATE

PATIENCE_S = 30
TEMPERATURE = "luftpegel/LP-0001/temperature"


class Subscriber:
    """Hears everything below a prefix."""

    def __init__(self, port, topic="luftpegel/#"):
        self.heard = []  # (topic, JSON, retained)
        subscribed = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda *_: self.client.subscribe(topic, 1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _client, _data, message: self.heard.append(
            (message.topic, json.loads(message.payload or b"null"), message.retain)
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(autouse=True)
def nothing_stays_open(tmp_path):
    """Each SQLite file is closed when the sink is stopped, also where it could not be used."""
    yield
    links = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert [link for link in links if link.is_relative_to(tmp_path) and ".sqlite" in link.name] == []


@pytest.fixture
def configure(broker):
    """Give the broker more lines of configuration, and start it again."""

    def lines(text, **files):
        broker.stop()
        for name, content in files.items():
            (broker.log.parent / name).write_text(content)
        plain = broker._config.read_text().split("# more")[0]
        broker._config.write_text(f"{plain}# more\n{text.format(folder=broker.log.parent)}\n")
        broker.start()

    return lines


@pytest.fixture
def subscribe(broker):
    subscribers = []

    def make(topic="luftpegel/#"):
        subscribers.append(Subscriber(broker.port, topic))
        return subscribers[-1]

    yield make
    for subscriber in subscribers:
        subscriber.stop()


@pytest.fixture
def with_sink(broker, tmp_path):
    """Run `play(sink)` with a sink that is started and stopped."""

    def run(play, **options):
        given = {"host": "127.0.0.1", "port": broker.port} | options
        told = {key: option.default for key, option in mqtt.OPTIONS.items()} | given

        async def main():
            sink = mqtt.create(Context("mqtt", told, tmp_path))
            await sink.start()
            try:
                return await asyncio.wait_for(play(sink), 2 * PATIENCE_S)
            finally:
                await sink.stop()

        return asyncio.run(main())

    return run


@pytest.fixture
def deliver(with_sink):
    """One batch after the other to one sink; the rejections, as (seq, code)."""

    def run(*batches, **options):
        async def play(sink):
            return [
                (rejection.item.reading.seq, rejection.fault.code)
                for batch in batches
                for rejection in await sink.deliver(batch)
            ]

        return with_sink(play, **options)

    return run


async def insist(sink, items):
    """Deliver as a worker does; (rejections, codes of the troubles on the way)."""
    codes = []
    while True:
        try:
            return await sink.deliver(items), codes
        except SinkDown as down:
            codes.append(down.code)
            assert len(codes) < 100, codes
            await asyncio.sleep(0.05)


async def refused_of(sink, items):
    rejections, _ = await insist(sink, items)
    return [(rejection.item.reading.seq, rejection.fault.code) for rejection in rejections]


def retained(subscribe, topic=TEMPERATURE):
    """What a newcomer is told: the value that the topic holds, or None."""
    subscriber = subscribe(topic)
    probe = subscriber.client.publish(topic.replace("LP-0001", "probe-of-the-test"), b"", 1)
    probe.wait_for_publish(PATIENCE_S)
    held = [message for _, message, kept in subscriber.heard if kept]
    return held[0] if held else None


def test_a_message_says_all_that_is_known_of_a_value(deliver, subscribe, until):
    heard = subscribe().heard
    deliver([
        observed(7, 2153, None, life=2, flags=quality.SPIKE, revision=3, unsure=True),
        observed(6, 1, late=True, tenant="town"),
    ])  # fmt: skip
    until(lambda: len(heard) == 3, "not heard")
    assert heard[0] == (TEMPERATURE, {
        "station": "LP-0001", "seq": 7, "channel": 2, "quantity": "temperature", "unit": "Cel",
        "time": "1970-01-12T14:56:40+00:00", "quality": RATE, "value": 21.53, "life": 2, "tenant": "",
        "flags": ["spike", "time"], "revision": 3, "late": False, "corrected": True,
        "name": None, "latitude": None, "longitude": None}, False)  # fmt: skip
    assert heard[1][1]["value"] is None
    topic, message, _ = heard[2]
    assert topic == "luftpegel/town/LP-0001/temperature"
    assert (message["late"], message["corrected"], message["tenant"]) == (True, False, "town")


def test_an_alarm_is_published_and_never_retained(deliver, subscribe, until):
    subscriber = subscribe()
    deliver([AlarmRaised(Ref("", "LP-0001", 1), 7, None, 2, "above", 3100, 3000, 10**15)], retain=True)
    until(lambda: subscriber.heard, "not heard")
    topic, message, _ = subscriber.heard[0]
    assert topic == "luftpegel/LP-0001/alarm"
    assert (message["kind"], message["value"], message["threshold"], message["life"]) == ("above", 31, 30, 1)
    assert retained(subscribe, topic) is None


# What a topic retains. Platforms that show what came last as the present have it wrong after each backfill.


def test_a_topic_keeps_the_newest_in_whatever_order_they_come(deliver, subscribe, until):
    luck = random.Random(3)
    items = [observed(seq, seq) for seq in range(30)]
    luck.shuffle(items)
    heard = subscribe().heard
    deliver(items[:9], items[9:10], items[10:], retain=True)
    until(lambda: len(heard) == 30, "late values are published too")
    assert retained(subscribe)["seq"] == 29


def test_a_late_value_does_not_take_the_place_of_a_newer_one_after_a_restart(deliver, subscribe):
    """Nor when it is offered as if it were new: a replay, a refused item that comes back."""
    deliver([observed(9)], retain=True)
    deliver([observed(4, late=True), observed(5)], retain=True)
    assert retained(subscribe)["seq"] == 9
    deliver([observed(10)], retain=True)
    assert retained(subscribe)["seq"] == 10


@pytest.mark.parametrize("lost", ["removed", "destroyed"])
def test_without_its_memory_it_goes_by_what_the_journal_calls_late(deliver, subscribe, tmp_path, lost):
    deliver([observed(9)], retain=True)
    for file in tmp_path.glob("retained-mqtt.sqlite*"):
        file.unlink() if lost == "removed" else file.write_text("rubbish" * 1000)
    deliver([observed(4, late=True)], retain=True)
    assert retained(subscribe)["seq"] == 9
    deliver([observed(10)], [observed(5)], retain=True)
    assert retained(subscribe)["seq"] == 10


def test_a_correction_takes_the_place_of_what_it_corrects_only(deliver, subscribe):
    deliver([observed(8), observed(9)], retain=True)
    deliver([observed(8, revision=1, late=True), observed(9, revision=1, late=True, flags=2)], retain=True)
    assert (retained(subscribe)["seq"], retained(subscribe)["corrected"]) == (9, True)
    deliver([observed(9, revision=0)], retain=True)  # the older telling again
    assert retained(subscribe)["corrected"] is True


def test_a_swapped_boards_low_numbers_are_the_present(deliver, subscribe):
    deliver([observed(5000)], retain=True)
    deliver([observed(0, life=1, time=9_000_000)], retain=True)
    deliver([observed(5001, time=8_999_000)], [observed(5002, time=None)], retain=True)  # the old board's
    assert (retained(subscribe)["life"], retained(subscribe)["seq"]) == (1, 0)


def test_a_clock_that_ran_ahead_does_not_hold_the_topic_for_ever():
    ahead = Mark(0, 7, 2_145_916_800, 0)
    assert Mark(0, 8, 1_800_000_000, 0).replaces(ahead)
    assert not Mark(0, 6, 2_145_916_801, 5).replaces(ahead)


def test_without_retain_nothing_is_kept(deliver, subscribe, tmp_path):
    deliver([observed(9)])
    assert retained(subscribe) is None
    assert not list(tmp_path.glob("retained-*"))


# Refusals.

ACL = "acl_file {folder}/acl"
ONLY_SOME = "topic readwrite luftpegel/#\n"
DENIED = {"acl": ONLY_SOME + "topic deny luftpegel/LP-0002/#\n"}


def test_one_refused_value_is_refused_alone(with_sink, subscribe, configure, until):
    configure(ACL, **DENIED)
    heard = subscribe().heard
    items = [observed(1), observed(2, station="LP-0002"), observed(3)]
    assert with_sink(lambda sink: refused_of(sink, items)) == [(2, "LP-422")]
    until(lambda: {message["seq"] for _, message, _ in heard} == {1, 3}, "neighbours not heard")


def test_a_long_backlog_of_a_refused_station_does_not_stop_the_others(with_sink, configure):
    """A batch with nothing but refused values in it: whether others could be written is asked."""
    configure(ACL, **DENIED)
    backlog = [observed(seq, station="LP-0002") for seq in range(30)]

    async def play(sink):
        rejections, codes = await insist(sink, backlog)
        assert [rejection.item for rejection in rejections] == backlog
        assert {rejection.fault.code for rejection in rejections} == {"LP-422"}
        assert len(codes) < 10  # a few, until it sends one at a time; not one for each value

    with_sink(play)


def test_a_station_that_is_not_allowed_beside_others_that_are(deliver, configure):
    """An access list that names each station: the question is refused as well, but others were taken."""
    configure(ACL, acl="topic readwrite luftpegel/LP-0001/#\n")
    assert deliver([observed(1)], [observed(2, station="LP-0002")]) == [(2, "LP-422")]


def test_a_connection_that_may_write_nothing_keeps_its_values(with_sink, configure, subscribe, until):
    configure(ACL, acl="topic read luftpegel/#\n")
    items = [observed(seq, station=f"LP-{seq:04d}") for seq in range(3)]

    async def play(sink):
        codes = []
        # It may end the connection before it has told why.
        while not codes or (codes[-1] == "LP-420" and len(codes) < 20):
            with pytest.raises(SinkDown) as down:
                await sink.deliver(items)
            codes.append(down.value.code)
        assert codes[-1] == "LP-422"
        await asyncio.to_thread(configure, ACL, acl="topic readwrite luftpegel/#\n")
        heard = subscribe().heard
        rejections, _ = await insist(sink, items)
        assert rejections == []
        until(lambda: len(heard) == 3, "not heard")

    with_sink(play)


def test_a_right_that_is_taken_away_later_keeps_its_values(with_sink, configure, broker):
    async def play(sink):
        assert await sink.deliver([observed(1)]) == []
        await asyncio.to_thread((broker.log.parent / "acl").write_text, "topic read luftpegel/#\n")
        os.kill(broker._process.pid, signal.SIGHUP)  # reads its list again
        with pytest.raises(SinkDown) as down:  # noqa: PT012 - when the broker has read its list
            for seq in range(2, 200):
                assert await sink.deliver([observed(seq)]) == []
                await asyncio.sleep(0.1)
        assert down.value.code == "LP-422"

    configure(ACL, acl="topic readwrite luftpegel/#\n")
    with_sink(play)


LARGE = observed(2, tenant="a" * 300)  # its name is in topic and message


def test_a_value_larger_than_the_broker_takes_is_refused_alone(deliver, configure, subscribe, until):
    configure("max_packet_size 600")
    heard = subscribe().heard
    assert deliver([observed(1), LARGE, observed(3)]) == [(2, "LP-422")]
    until(lambda: len(heard) == 2, "neighbours not heard")


def test_a_value_that_costs_the_connection_is_found_and_refused_alone(with_sink, configure, subscribe, until):
    """MQTT 3.1.1 brokers end the connection for what they do not like; clients that send it again at each
    connection never get further, and have used up their data plans so."""
    configure("max_packet_size 600")
    heard = subscribe().heard
    items = [observed(0), LARGE, *[observed(seq) for seq in range(3, 40)]]

    async def play(sink):
        rejections, codes = await insist(sink, items)
        assert seqs(rejection.item for rejection in rejections) == [2]
        assert {rejection.fault.code for rejection in rejections} == {"LP-422"}
        assert set(codes) == {"LP-420"}
        until(lambda: {message["seq"] for _, message, _ in heard} == {0, *range(3, 40)}, "neighbours missing")
        assert await sink.deliver([observed(99)]) == []

    with_sink(play, protocol="3.1.1")


def test_no_more_is_in_flight_than_the_broker_allows(deliver, configure, subscribe, until, monkeypatch):
    """Brokers end the connection of a client that passes their Receive Maximum."""
    configure("max_inflight_messages 3")
    heard, most = subscribe().heard, []
    real = publisher.Publisher._send

    def send(self, *details):
        real(self, *details)
        most.append(len(self._open))

    monkeypatch.setattr(publisher.Publisher, "_send", send)
    assert deliver([observed(seq) for seq in range(50)]) == []
    assert 0 < max(most) <= 3
    until(lambda: len(heard) == 50, "not heard")


# Brokers that are away.


def test_a_broker_that_dies_with_values_in_flight_is_told_and_what_it_had_is_not_sent_again(
    with_sink, broker, subscribe, until, monkeypatch
):
    items = [observed(seq) for seq in range(200)]

    async def play(sink):
        before = subscribe()
        assert await sink.deliver(items[:100]) == []
        until(lambda: len(before.heard) == 100, "not heard")
        os.kill(broker._process.pid, signal.SIGSTOP)
        waiting = asyncio.create_task(sink.deliver(items[100:]))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        os.kill(broker._process.pid, signal.SIGKILL)
        with pytest.raises(SinkDown) as down:
            await waiting
        assert down.value.code == "LP-420"
        broker._process.wait()
        with monkeypatch.context() as short:
            short.setattr(publisher, "CONNECT_S", 0.5)
            with pytest.raises(SinkDown) as down:
                await sink.deliver(items[100:])
        assert down.value.code == "LP-420"
        await asyncio.to_thread(broker.start)
        after = subscribe()
        assert (await insist(sink, items[100:]))[0] == []
        until(lambda: len(after.heard) >= 100, "not heard after the restart")
        numbers = [message["seq"] for _, message, _ in after.heard]
        assert numbers == list(range(100, 200))

    with_sink(play)


def test_a_broker_that_says_nothing_more_is_told(with_sink, broker, monkeypatch):
    """The connection stands and no acknowledgement comes: waiting for it for ever blocked publishers."""

    async def play(sink):
        assert await sink.deliver([observed(1)]) == []
        os.kill(broker._process.pid, signal.SIGSTOP)
        short.setattr(publisher, "ANSWER_S", 0.5)
        short.setattr(publisher, "CONNECT_S", 0.5)
        try:
            for _ in range(4):
                with pytest.raises(SinkDown) as down:
                    await sink.deliver([observed(2)])
                assert down.value.code == "LP-420"
        finally:
            os.kill(broker._process.pid, signal.SIGCONT)
            short.undo()
        assert (await insist(sink, [observed(2)]))[0] == []  # it was not the value's fault

    with monkeypatch.context() as short:
        with_sink(play)


def test_a_silence_is_never_a_values_fault(with_sink, monkeypatch):
    """However often it came while this one value was in flight."""

    async def play(sink):
        with monkeypatch.context() as short:
            short.setattr(publisher, "ANSWER_S", 0.05)
            short.setattr(publisher.Publisher, "_answered", lambda *_details: None)
            for _ in range(5):
                with pytest.raises(SinkDown) as down:
                    await sink.deliver([observed(1)])
                assert down.value.code == "LP-420"
        assert await insist(sink, [observed(1), observed(2)]) == ([], [])

    with_sink(play)


def test_an_idle_connection_that_broke_is_made_again(with_sink, broker, subscribe, until):
    async def play(sink):
        assert await sink.deliver([observed(1)]) == []
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(broker.start)
        heard = subscribe().heard
        assert (await insist(sink, [observed(2)]))[0] == []
        until(lambda: [message["seq"] for _, message, _ in heard] == [2], "not heard once")

    with_sink(play)


def test_a_refused_login_is_no_broker_that_is_away(with_sink, configure):
    async def play(sink):
        with pytest.raises(SinkDown) as down:
            await sink.deliver([observed(1)])
        assert down.value.code == "LP-402"

    configure("allow_anonymous false")
    with_sink(play)


def test_a_batch_without_messages_is_done(deliver):
    absent = observed(5)
    assert deliver([type(absent)(absent.ref, type(absent.reading)(5, None, ()), 0)], []) == []
