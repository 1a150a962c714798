"""Nothing is lost, doubled out of order, or held without bound between a real broker and the intake.

Many run twice: with the receive path of our own, and with paho's, which stands in where the installed paho
does not let us read.
"""

import subprocess
import sys
import tracemalloc

import paho.mqtt.client as paho
import pytest
from mqtt_world import until
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from luftpegel_gateway.transport import mqtt, mqtt_client, mqtt_stream
from luftpegel_gateway.transport.mqtt_packets import HEAD

TOPIC = "application/a/device/d/event/up"
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])
MEBIBYTE = 1024 * 1024
# Publishes in a process of its own, so that its copies are not counted as ours.
PUBLISHER = """
import sys, paho.mqtt.client as paho
port, count, size, qos = map(int, sys.argv[1:])
client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
client.connect("127.0.0.1", port)
client.loop_start()
for _ in range(count):
    client.publish("application/a/device/d/event/up", b"x" * size, qos=qos).wait_for_publish(60)
client.disconnect()
client.loop_stop()
"""


@pytest.fixture(params=["ours", "paho's"])
def path(request, monkeypatch):
    """Which receive path is used."""
    if request.param == "paho's":
        monkeypatch.setattr(mqtt, "works", lambda: False)
    return request.param


def publish(sender, numbers, qos=1):
    """Until the broker has them all."""
    sent = [sender.publish(TOPIC, str(number), qos=qos) for number in numbers]
    until(lambda: all(one.is_published() for one in sent))


def numbers(gateway):
    return [int(payload) for payload in gateway.payloads]


def arrived(gateway, count):
    until(lambda: len(gateway.arrivals) >= count, lambda: f"{len(gateway.arrivals)} of {count}")


def settled(gateway):
    """The broker has read all that the gateway has said: it answers in order on one connection."""
    last = gateway.call(lambda: gateway.source._client.publish("nobody/listens", b"", qos=1))
    until(last.is_published)


def pings(gateway):
    """What paho logs of the keep-alive from now on."""
    seen = []
    gateway.source._client.on_log = lambda _client, _data, _level, text: (
        seen.append(text) if "PING" in text else None
    )
    return seen


def connections(gateway):
    return gateway.source._client._connection


# What arrives.


@BOTH
def test_all_arrive_once_and_in_order(inn, gateway, publisher, path, protocol):
    inn.open(inflight=0)
    one = gateway(inn.port, protocol=protocol).works()
    publish(publisher(inn.port), range(2000))
    arrived(one, 2000)
    assert numbers(one) == list(range(2000))
    first = one.arrivals[0].delivery
    assert (first.source, first.kind, first.topic) == ("source", "chirpstack-mqtt", TOPIC)
    assert one.arrivals[0].upstream is one.source
    if path == "ours":
        assert len(one.batches) < 2000  # the loop is called for a read, not for a message


@BOTH
def test_what_waits_in_a_session_comes_in_one_segment_with_the_answer_to_connect(
    *, inn, gateway, publisher, path, protocol
):
    """Clients that set up their handlers after CONNACK lose it; others acknowledge it and drop it."""
    gateway(inn.port, protocol=protocol).works().stop()
    publish(publisher(inn.port), range(100))
    one = gateway(inn.port, protocol=protocol)
    arrived(one, 100)
    assert numbers(one) == list(range(100))


def test_a_broker_that_forgot_the_session_is_subscribed_to_again(inn, gateway, publisher, path):
    one = gateway(inn.port).works()
    inn.close()
    (inn.folder / "broker" / "mosquitto.db").unlink()
    one.shows("LP-441")
    inn.open()
    one.works()
    publish(publisher(inn.port), [1])
    arrived(one, 1)


def test_messages_of_an_odd_session_with_qos_2_are_kept_too(inn, gateway, publisher):
    """Another program subscribed with our client id and QoS 2: acknowledged after the commit as well."""
    settings = {"client_id": "same", "clean_session": False, "version": paho.MQTTv311}
    other = publisher(inn.port, **settings)
    granted = []
    other.on_subscribe = lambda *_: granted.append(1)
    other.subscribe("application/#", 2)
    until(lambda: granted)
    other.disconnect()
    count = 50  # more than the broker has in flight
    publish(publisher(inn.port, in_flight=10), range(count), qos=2)
    one = gateway(inn.port, client_id="same", protocol="3.1.1", hold=True)
    arrived(one, 10)
    assert {arrival.token[2] for arrival in one.arrivals} == {2}
    one.stop()  # nothing is acknowledged: all comes again
    two = gateway(inn.port, client_id="same", protocol="3.1.1")
    arrived(two, count)
    assert set(numbers(two)) == set(range(count))
    publish(publisher(inn.port), [99])
    until(lambda: 99 in numbers(two))
    settled(two)
    two.stop()
    three = gateway(inn.port, client_id="same", protocol="3.1.1").works()
    publish(publisher(inn.port), [100])
    until(lambda: 100 in numbers(three))
    assert numbers(three) == [100]


# Acknowledgement and flow.


@BOTH
def test_nothing_is_acknowledged_before_it_is_said(inn, gateway, publisher, path, protocol):
    one = gateway(inn.port, protocol=protocol, hold=True).works()
    publish(publisher(inn.port), range(5))
    arrived(one, 5)
    one.stop()
    two = gateway(inn.port, protocol=protocol)
    arrived(two, 5)
    assert numbers(two) == list(range(5))
    settled(two.works())
    two.stop()
    three = gateway(inn.port, protocol=protocol).works()
    publish(publisher(inn.port), [5])
    arrived(three, 1)
    assert numbers(three) == [5]


def test_an_acknowledgement_of_an_earlier_connection_is_dropped(inn, gateway, publisher, path):
    """The same packet identifier means another message by then."""
    one = gateway(inn.port, hold=True, protocol="3.1.1").works()
    publish(publisher(inn.port), range(10))
    arrived(one, 10)
    inn.close()
    inn.open()
    arrived(one, 20)
    one.call(lambda: one.source.acknowledge([arrival.token for arrival in one.arrivals[:10]]))
    inn.close()
    inn.open()
    arrived(one, 30)
    one.call(lambda: one.source.acknowledge([arrival.token for arrival in one.arrivals[20:]]))
    one.works()
    settled(one)
    publish(publisher(inn.port), [77])
    until(lambda: 77 in numbers(one))
    inn.close()
    inn.open()
    until(lambda: numbers(one).count(77) == 2)
    assert numbers(one) == [*range(10)] * 3 + [77, 77]


def test_acknowledgements_of_a_batch_are_one_write(inn, gateway, publisher, monkeypatch):
    one = gateway(inn.port, hold=True).works()
    publish(publisher(inn.port), range(20))
    arrived(one, 20)
    written = []
    send = mqtt_stream.Stream.send
    monkeypatch.setattr(
        mqtt_stream.Stream, "send", lambda stream, data: written.append(bytes(data)) or send(stream, data)
    )
    one.release()
    until(lambda: written)
    assert [(len(data), data[:2]) for data in written if data[0] == 0x40] == [(80, b"\x40\x02")]


@BOTH
def test_without_acknowledgements_the_broker_stops_and_the_connection_lives(
    *, inn, gateway, publisher, path, protocol
):
    """A journal that cannot write: consumers elsewhere lose their keep-alive, then the session's messages."""
    one = gateway(inn.port, protocol=protocol, hold=True, receive_maximum=10, keepalive_s=1).works()
    sent = connections(one)
    publish(publisher(inn.port), range(100))
    arrived(one, 10)
    told = pings(one)
    until(lambda: len(told) >= 6)  # three times there and back
    if protocol == "5":
        assert len(one.arrivals) == 10
    else:  # the broker has a limit of its own, and we stop reading after the tenth
        assert 10 < len(one.arrivals) <= 20
    assert connections(one) == sent
    one.release()
    arrived(one, 100)
    assert numbers(one) == list(range(100))


@pytest.mark.parametrize(("protocol", "qos"), [("3.1.1", 1), ("3.1.1", 0), ("5", 0)])
def test_a_broker_that_does_not_stop_is_not_read(*, inn, gateway, publisher, protocol, qos):
    """Neither MQTT 3.1.1 nor QoS 0 lets us say how much we can hold."""
    inn.open(inflight=0)
    one = gateway(inn.port, protocol=protocol, hold=True, receive_maximum=10, keepalive_s=1).works()
    sent = connections(one)
    sender = publisher(inn.port)
    for number in range(300):
        sender.publish(TOPIC, f"{number} ".encode() + b"x" * 20_000, qos=qos)
    until(lambda: one.source._client._stream.paused)
    told = pings(one)
    until(lambda: len([text for text in told if "PINGREQ" in text]) >= 3)
    assert len(one.arrivals) <= 10 + mqtt_stream.READ // 20_000 + 1
    assert connections(one) == sent
    one.release()
    if qos:
        arrived(one, 300)
        assert [int(payload.split()[0]) for payload in one.payloads] == list(range(300))
    else:  # the broker may drop what it cannot send; what comes afterwards arrives
        sender.publish(TOPIC, b"300 the last", qos=1)
        until(lambda: one.payloads[-1] == b"300 the last")


def test_pings_go_out_while_only_qos_0_comes_in(inn, gateway, publisher):
    """Clients that take what they receive for what they send are thrown out by the broker."""
    one = gateway(inn.port, keepalive_s=1).works()
    sent, told, sender = connections(one), pings(one), publisher(inn.port)

    def goes_on():
        sender.publish(TOPIC, "x", qos=0)
        return len([text for text in told if "PINGREQ" in text]) >= 3

    until(goes_on)
    assert connections(one) == sent


# Bounds.


@BOTH
def test_a_payload_beyond_the_bound_is_cut_told_and_acknowledged(inn, gateway, publisher, path, protocol):
    """Elsewhere it comes again and again, and each time the client hangs up for its size."""
    one = gateway(inn.port, protocol=protocol, receive_maximum=2, largest_event=2000).works()
    sender = publisher(inn.port)
    for size in (2000, 2001, 50_000, 400_000, 10):
        sender.publish(TOPIC, b"x" * size, qos=1)
    arrived(one, 5)
    seen = [(len(arrival.delivery.payload), arrival.delivery.size) for arrival in one.arrivals]
    assert seen == [(2000, None), (HEAD, 2001), (HEAD, 50_000), (HEAD, 400_000), (10, None)]


@BOTH
@pytest.mark.parametrize("qos", [0, 1])
def test_payloads_of_10_mb_cannot_pass_the_bound_on_memory(inn, gateway, protocol, qos):
    count, size = 8, 10 * MEBIBYTE
    one = gateway(inn.port, protocol=protocol, hold=True, receive_maximum=count).works()
    tracemalloc.start()
    try:
        command = [sys.executable, "-c", PUBLISHER, *map(str, (inn.port, count, size, qos))]
        subprocess.run(command, check=True, timeout=60)
        arrived(one, count)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [arrival.delivery.size for arrival in one.arrivals] == [size] * count
    largest = mqtt.LARGEST_EVENT
    assert most < count * largest + 8 * mqtt_stream.READ < size


# Mistakes of others.


def test_a_mistake_in_the_network_thread_is_not_the_end_of_it(inn, gateway, publisher, monkeypatch, caplog):
    """An exception in paho's thread ends it without a word: connected for ever, and nothing comes."""
    monkeypatch.setattr(mqtt_client, "_RESTART_S", 0.05)
    one = gateway(inn.port).works()
    client = one.source._client
    received = client._received

    def fail(*_arguments):
        client._received = received
        raise RuntimeError("a mistake")

    client._received = fail
    publish(publisher(inn.port), [1])
    arrived(one, 1)
    assert numbers(one) == [1]
    assert "a mistake" in caplog.text
    one.works()


@BOTH
def test_a_broken_packet_ends_the_connection_and_not_more(inn, gateway, front, protocol):
    hello = b"\x20\x03\x00\x00\x00" if protocol == "5" else b"\x20\x02\x00\x00"
    broken = front(lambda _packet: hello + b"\x90\x00", inn.port)  # a SUBACK without content
    one = gateway(broken.port, protocol=protocol)
    one.shows("LP-409")
    broken.pass_on()
    one.works()


@pytest.mark.parametrize("lacking", ["_create_socket", "_packet_queue"])
def test_a_paho_that_does_not_let_us_read_is_noticed(lacking, monkeypatch):
    def other(*_arguments):
        raise TypeError("another version's")

    assert mqtt_client.works()
    monkeypatch.setattr(paho.Client, lacking, other)
    if lacking == "_create_socket":
        monkeypatch.delattr(paho.Client, lacking)
    mqtt_client.works.cache_clear()
    try:
        assert not mqtt_client.works()
    finally:
        mqtt_client.works.cache_clear()


def test_a_taken_over_session_goes_on_elsewhere(inn, gateway, publisher):
    """What one gateway had not acknowledged when it was thrown out reaches the other."""
    one = gateway(inn.port, client_id="same", hold=True).works()
    publish(publisher(inn.port), range(5))
    arrived(one, 5)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 600
    two = gateway(inn.port, client_id="same")
    one.stop()
    until(lambda: set(numbers(two)) == set(range(5)))
