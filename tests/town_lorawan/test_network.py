"""Stations, gateways and network server together, through protobuf and a real broker."""

import paho.mqtt.client as mqtt
import pytest
from chirpstack_api import gw
from model_network import FAR, NEAR
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.backhaul.messages import GPS_EPOCH_S, LEAP_SECONDS
from luftpegel_tools.network_server.lorawan import Joined, Payload, Reason, Refused
from luftpegel_tools.network_server.lorawan.commands import RxParamSetupReq, RxTimingSetupReq
from luftpegel_tools.programs.broker import Broker


def statuses(ack):
    return [gw.TxAckStatus.Name(item.status) for item in ack.items]


def test_a_station_joins_and_is_heard(make_network):
    network = make_network().joined()
    assert isinstance(network.application.outcomes[0], Joined)
    heard = network.send(b"reading")
    assert (heard.data, heard.f_cnt, heard.arrival.gateways, heard.arrival.snr) == (b"reading", 0, 2, 9.0)
    assert network.station.read == []


def test_copies_of_two_gateways_are_one_frame(make_network):
    network = make_network().joined()
    network.send(b"once")
    assert len(network.application.outcomes) == 2  # the join and this
    frames = network.application.frames[-1]
    assert {info.gateway_id for info in frames.rx_info} == {NEAR, FAR}
    assert len({info.context for info in frames.rx_info}) == 2


def test_an_answer_comes_in_rx1_from_the_better_gateway(make_network):
    network = make_network().joined()
    network.application.queue = [Payload(11, b"down")]
    network.send(b"up", confirmed=True)
    read = network.station.read[0]
    assert (read.payload, read.f_port, read.ack) == (b"down", 11, True)
    assert network.station.heard_from_us == network.station.sent_us + 1_000_000
    downlink, ack = network.application.acks[-1]
    assert (ack.gateway_id, statuses(ack)) == (NEAR, ["OK", "IGNORED"])
    assert downlink.f_cnt == 0


def test_a_slow_backhaul_leaves_rx2(make_network):
    network = make_network().joined()
    network.station.deaf_in_rx1 = True
    for gateway in network.gateways:
        gateway.latency_us = lambda: 500_000
    network.send(b"up", confirmed=True)
    assert network.station.read[0].ack
    assert network.station.heard_from_us == network.station.sent_us + 2_000_000
    assert statuses(network.application.acks[-1][1]) == ["TOO_LATE", "OK"]


def test_too_slow_a_backhaul_leaves_nothing(make_network):
    network = make_network().joined()
    for gateway in network.gateways:
        gateway.latency_us = lambda: 950_000
    network.send(b"up", confirmed=True)
    network.run(3)
    assert network.station.read == []
    assert statuses(network.application.acks[-1][1]) == ["TOO_LATE", "TOO_LATE"]
    for gateway in network.gateways:
        gateway.latency_us = lambda: 30_000
    network.send(b"up", confirmed=True)
    assert network.station.read[0].f_cnt == 1  # the lost downlink's counter is not used again


@pytest.mark.parametrize("delay_s", [1, 7, 15])
def test_the_delay_of_the_windows_is_kept(make_network, delay_s):
    network = make_network().joined()
    network.core.request(network.station.dev_eui, RxTimingSetupReq(delay_s))
    network.send(b"up")
    assert network.station.read[0].commands == [bytes([8, delay_s])]
    network.station.device.answers = b"\x08"
    network.send(b"up")
    network.run(15)
    _, ack = network.application.acks[-1]
    assert statuses(ack) == ["OK", "IGNORED"]
    tx = [frame for frame in network.sent_frames if frame.tuning.inverted][-1]
    assert tx.start_us == network.station.sent_us + delay_s * 1_000_000


def test_a_network_that_moves_rx2(make_network):
    network = make_network().joined()
    network.core.request(network.station.dev_eui, RxParamSetupReq(0, 3, 869_525_000))
    network.send(b"up")
    network.station.device.answers = b"\x05\x07"
    network.station.rx2 = (869_525_000, 9)
    network.station.deaf_in_rx1 = True
    for gateway in network.gateways:
        gateway.latency_us = lambda: 500_000
    network.send(b"up", confirmed=True)
    assert network.station.read[-1].ack


def test_the_time_of_an_uplink_is_its_end(make_network):
    network = make_network().joined()
    heard = network.send(b"up")
    end_us = network.clock.epoch * 1_000_000 + network.station.sent_us
    assert heard.arrival.gps_us == end_us - (GPS_EPOCH_S - LEAP_SECONDS) * 1_000_000
    by_name = {info.gateway_id: info for info in network.application.frames[-1].rx_info}
    assert by_name[NEAR].HasField("time_since_gps_epoch")
    assert not by_name[FAR].HasField("time_since_gps_epoch")
    assert by_name[FAR].gw_time.ToMicroseconds() == end_us


def test_gateways_tell_their_statistics(make_network):
    network = make_network().joined()
    network.send(b"up", confirmed=True)
    network.application.told_stats.clear()
    network.run(60)
    near = next(stats for stats in network.application.told_stats if stats.gateway_id == NEAR)
    assert (near.rx_packets_received, near.rx_packets_received_ok) == (2, 2)
    assert (near.tx_packets_received, near.tx_packets_emitted) == (2, 2)
    assert dict(near.rx_packets_per_frequency) == {868_100_000: 2}
    assert dict(near.tx_packets_per_status) == {"OK": 2}
    assert near.tx_packets_per_modulation[0].modulation.lora.polarization_inversion
    network.application.told_stats.clear()
    network.run(60)
    assert {stats.rx_packets_received for stats in network.application.told_stats} == {0}


def test_a_replay_through_the_air_is_refused(make_network):
    network = make_network().joined()
    network.send(b"one")
    replayed = network.sent_frames[-1].payload
    network.send(b"two")
    clock = network.clock
    network.air.transmit(
        object(), 868_300_000, 9, 125_000, 14, False, True, replayed, clock.now_us, clock.now_us + 200_000
    )
    network.run(3)
    outcome = network.application.outcomes[-1]
    assert isinstance(outcome, Refused)
    assert outcome.reason in {Reason.WRONG_MIC, Reason.REPLAYED}


def test_two_runs_are_equal(make_network):
    def life():
        network = make_network().joined()
        for number in range(10):
            network.application.queue = [Payload(5, bytes([number]))] * (number % 3)
            network.send(bytes([number]), confirmed=number % 2 == 0)
        told = [
            (frame.start_us, frame.end_us, frame.tuning, frame.payload.hex()) for frame in network.sent_frames
        ]
        return told, [frames.SerializeToString() for frames in network.application.frames]

    assert life() == life()


def test_garbage_from_the_broker_harms_nobody(make_network, broker):
    network = make_network().joined()
    prefix = network.prefix
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for topic in (
        f"{prefix}/gateway/{NEAR}/event/up",
        f"{prefix}/gateway/{NEAR}/event/ack",
        f"{prefix}/gateway/{NEAR}/event/mesh",
        f"{prefix}/gateway/{NEAR}/command/down",
        f"{prefix}/gateway/ffffffffffffffff/command/down",
    ):
        for payload in (b"\xff\xff\xff", b"", gw.UplinkFrame(phy_payload=b"x").SerializeToString()):
            client.publish(topic, payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()
    network.run(5)
    heard = network.send(b"still here", confirmed=True)
    assert heard.data == b"still here"
    assert network.station.read[-1].ack


def test_a_broker_that_restarts_delays_and_loses_nothing(make_network, tmp_path):
    with Broker(tmp_path) as own:
        network = make_network(own).joined()
        own.stop()
        network.station.send(b"during the outage", confirmed=True)
        network.run(5)
        own.start()
        assert network.bridge.post.wait_ready(10)
        assert network.network.post.wait_ready(10)
        network.send(b"after it", confirmed=True)
        told = [getattr(outcome, "data", None) for outcome in network.application.outcomes]
        assert b"after it" in told
        network.close()
