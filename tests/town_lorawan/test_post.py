"""Addresses of brokers, and a network server that keeps its own time in place of ours."""

import socket
import time

import pytest
from chirpstack_api import gw

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.backhaul import messages
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.backhaul.post import Post
from luftpegel_tools.lora_gateways.bridge import GatewayBridge
from luftpegel_tools.lora_gateways.lora_gateway import SimulatedGateway, Site
from luftpegel_tools.virtual_time.clock import VirtualClock


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker.example", BrokerAddress("broker.example", 1883)),
        ("mqtt://127.0.0.1:2000/", BrokerAddress("127.0.0.1", 2000)),
        ("mqtts://me@broker.example", BrokerAddress("broker.example", 8883, "me", None, tls=True)),
        ("mqtt://me:p%40ss@[::1]:1884", BrokerAddress("::1", 1884, "me", "p@ss")),
    ],
)
def test_addresses(url, expected):
    assert BrokerAddress.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "broker", "http://broker", "mqtt://", "mqtt://broker:0", "mqtt://broker:x", "mqtt://broker/topic"],
)
def test_what_is_no_address_is_told_with_an_example(url):
    with pytest.raises(ValueError, match=r"LP-376: .*mqtt://user:password@host:1883"):
        BrokerAddress.parse(url)


def test_a_password_is_not_shown():
    assert "secret" not in repr(BrokerAddress.parse("mqtt://me:secret@broker"))


def next_letter(post):
    """The next one to arrive."""
    deadline = time.monotonic() + 10
    while not (letters := post.take()):
        assert time.monotonic() < deadline, "no letter came"
        time.sleep(0.002)
    assert len(letters) == 1
    return letters[0]


def test_the_broker_keeps_whether_a_gateway_is_there(broker):
    """As ChirpStack's MQTT Forwarder does: retained, also when the connection ends without a word."""
    clock = VirtualClock()
    gateway = SimulatedGateway(
        Site("00000000000000bb"), clock, SharedAir(clock), lambda *_: None, seed="test"
    )
    address = BrokerAddress(broker.host, broker.port)
    bridge = GatewayBridge(address, "eu868-state", clock, [gateway])
    assert bridge.post.wait_ready(10)
    listener = Post(address, "eu868-state/gateway/+/state/+", "listener")

    def state():
        letter = next_letter(listener)
        assert letter.topic == "eu868-state/gateway/00000000000000bb/state/conn"
        told = gw.ConnState.FromString(letter.payload)
        assert told.gateway_id == "00000000000000bb"
        return gw.ConnState.State.Name(told.state)

    assert state() == "ONLINE"  # though it was told before anybody listened
    bridge.post._client.socket().shutdown(socket.SHUT_RDWR)
    assert [state(), state()] == ["OFFLINE", "ONLINE"]  # the last will, and back again
    assert bridge.post.wait_ready(10)
    bridge.close()
    assert state() == "OFFLINE"
    listener.close()


@pytest.mark.parametrize("meant_for", ["00000000000000ab", ""])
def test_a_command_meant_for_another_gateway_is_not_carried_out(broker, meant_for):
    clock = VirtualClock()
    gateway = SimulatedGateway(
        Site("00000000000000ac"), clock, SharedAir(clock), lambda *_: None, seed="test"
    )
    address = BrokerAddress(broker.host, broker.port)
    acks = []
    bridge = GatewayBridge(address, "eu868-meant", clock, [gateway], on_ack=acks.append)
    sender = Post(address, "eu868-meant/gateway/all/command/mark", "sender")
    assert bridge.post.wait_ready(10)
    assert sender.wait_ready(10)
    topic = "eu868-meant/gateway/00000000000000ac/command/down"
    for gateway_id in (meant_for, "00000000000000ac"):
        sender.send(topic, gw.DownlinkFrame(downlink_id=9, gateway_id=gateway_id).SerializeToString())
    letters = []
    deadline = time.monotonic() + 10
    while len(letters) < 2 and time.monotonic() < deadline:
        letters += bridge.post.take()
    for letter in letters:
        bridge._read(letter)
    clock.run_until(10_000_000)
    assert [(ack.downlink_id, ack.gateway_id) for ack in acks] == [(9, "00000000000000ac")]
    sender.close()
    bridge.close()


def test_a_prefix_may_be_empty():
    assert messages.event_topic("", "00000000000000aa", "up") == "gateway/00000000000000aa/event/up"


def test_a_network_server_that_is_not_ours_answers_when_it_likes(broker):
    clock = VirtualClock()
    air = SharedAir(clock)
    on_air = []
    air.observers.append(on_air.append)
    gateway = SimulatedGateway(Site("00000000000000aa"), clock, air, lambda *_: (-90, 5.0), seed="test")
    address = BrokerAddress(broker.host, broker.port)
    foreign = Post(address, "eu868-foreign/gateway/+/event/up", "foreign")
    bridge = GatewayBridge(address, "eu868-foreign", clock, [gateway])
    assert foreign.wait_ready(10)
    assert bridge.post.wait_ready(10)
    bridge.start()
    bridge.poll_every(10_000)
    air.observers.append(bridge.observe)
    air.transmit(object(), 868_500_000, 7, 125_000, 14, False, True, b"up", 0, 50_000)
    clock.run_until(200_000)

    uplink = gw.UplinkFrame.FromString(next_letter(foreign).payload)
    info = gw.DownlinkTxInfo(
        frequency=uplink.tx_info.frequency,
        power=16,
        modulation=messages.lora(7, 125_000, inverted=True),
        timing=gw.Timing(delay=gw.DelayTimingInfo(delay=messages.duration(1_000_000))),
        context=uplink.rx_info.context,
    )
    frame = gw.DownlinkFrame(
        downlink_id=1,
        gateway_id=uplink.rx_info.gateway_id,
        items=[gw.DownlinkFrameItem(phy_payload=b"down", tx_info=info)],
    )
    listener = Post(address, "eu868-foreign/gateway/+/command/+", "listener")
    assert listener.wait_ready(10)
    foreign.send("eu868-foreign/gateway/00000000000000aa/command/down", frame.SerializeToString())
    next_letter(listener)
    foreign.wait_mark(bridge.mark(), 10)  # what was sent before is at the bridge, too
    clock.run_until(2_000_000)
    assert [(frame.payload, frame.start_us) for frame in on_air] == [(b"up", 0), (b"down", 1_050_000)]
    for post in (foreign, listener, bridge):
        post.close()
