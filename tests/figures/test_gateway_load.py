"""The load of the gateway's benchmark is what its table says: frames of so many readings, one of them new."""

import itertools
import json
import time
from datetime import datetime

import paho.mqtt.client as paho
import pytest
from chirpstack_api import integration
from google.protobuf import json_format
from paho.mqtt.enums import CallbackAPIVersion

import luftpegel_wire as wire
from luftpegel_gateway.sources.chirpstack_mqtt import parse
from luftpegel_tools.figures.gateway import load_of
from luftpegel_tools.figures.gateway.load import INTERVAL_S, Shape
from luftpegel_tools.figures.gateway.payloads import CHANNELS, gauge
from luftpegel_tools.figures.gateway.publisher import Publisher
from luftpegel_tools.network_server.chirpstack.pbjson import to_json
from luftpegel_tools.programs.broker import Broker

SHAPES = [Shape(1, 5, 20), Shape(10, 5, 20), Shape(51, 3, 10), Shape(51, 2, 5, fresh=51)]


def told(message):
    """(name of the station's device, when it was heard, the rows of its frame)"""
    event = json.loads(message.payload)
    uplink = parse(message.topic, message.payload)
    heard_at = datetime.fromisoformat(event["time"]).timestamp()
    return uplink.dev_eui, heard_at, wire.decode(uplink.f_port, uplink.data)


@pytest.fixture(params=SHAPES, ids=lambda shape: f"{shape.readings}, {shape.fresh} new")
def load(request):
    return load_of(request.param)


def test_a_frame_has_as_many_readings_as_it_says_and_so_many_are_new(load) -> None:
    known = {}
    for message in load.first():
        device, _, frame = told(message)
        assert tuple(frame.channels) == CHANNELS
        known[device] = {row.seq for row in frame.rows}
        assert len(known[device]) == load.shape.readings
    assert len(known) == load.shape.stations
    frames = 0
    for message in load.messages():
        device, _, frame = told(message)
        numbers = {row.seq for row in frame.rows}
        assert len(frame.rows) == len(numbers) == load.shape.readings
        assert len(numbers - known[device]) == load.shape.fresh
        assert frame.rows[0].seq == message.name[1] == max(numbers)
        known[device] |= numbers
        frames += 1
        assert load.readings_after(frames) == sum(map(len, known.values()))
    assert frames == load.shape.frames


def test_every_telling_of_a_reading_says_the_same(load) -> None:
    readings = {}
    for message in itertools.chain(load.first(), load.messages()):
        device, heard_at, frame = told(message)
        for row in frame.rows:
            sampled, values = readings.setdefault((device, row.seq), (heard_at - row.age, list(row.values)))
            assert heard_at - row.age == pytest.approx(sampled, abs=1)
            assert list(row.values) == values


def test_what_is_told_is_the_log(load) -> None:
    samples = gauge()
    for message in load.messages():
        _, _, frame = told(message)
        for row in frame.rows:
            for value, step, sample in zip(row.values, frame.steps, samples[row.seq].values, strict=True):
                assert abs(value - sample) <= step / 2


def test_frames_come_in_the_order_of_their_times_and_end_now(load) -> None:
    times = [told(message)[1] for message in itertools.chain(load.first(), load.messages())]
    # The logger's clock drifted by a few seconds an hour, elsewhere in the log by others.
    assert all(later > max(times[:at]) - INTERVAL_S for at, later in enumerate(times) if at)
    assert abs(max(times) - time.time()) < 1.1 * INTERVAL_S


def test_no_two_stations_send_the_same_payload_at_a_time() -> None:
    load = load_of(Shape(10, 40, 40))
    payloads = [parse(message.topic, message.payload).data for message in load.messages()]
    assert len(set(payloads)) == len(payloads)


def test_an_event_is_what_chirpstack_prints(load) -> None:
    for message in load.messages():
        event = json.loads(message.payload)
        read = json_format.Parse(message.payload, integration.UplinkEvent())
        assert to_json(read) == event
        assert len(event["rxInfo"]) == 2
        assert all(reception["nsTime"] > event["time"] for reception in event["rxInfo"])
        assert parse(message.topic, message.payload).dev_eui == event["deviceInfo"]["devEui"]


def test_a_load_repeats(load) -> None:
    again = load_of(load.shape)
    pairs = zip(load.messages(), again.messages(), strict=True)
    assert all(one.name == other.name and told(one)[2].rows[0].values == told(other)[2].rows[0].values
               for one, other in pairs)  # fmt: skip


def test_the_log_bounds_the_load() -> None:
    with pytest.raises(ValueError, match="the log has"):
        load_of(Shape(51, 3000, 3000))


def test_all_that_is_published_arrives_in_order(tmp_path) -> None:
    load = load_of(Shape(1, 50, 2500))
    arrived = []
    with Broker(tmp_path / "broker") as broker:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        client.on_message = lambda _client, _data, message: arrived.append(bytes(message.payload))
        client.connect(broker.host, broker.port)
        client.subscribe("application/#", qos=1)
        client.loop_start()
        while b"listener 1 application/#" not in broker.log.read_bytes():
            pass
        with Publisher(broker.host, broker.port) as publisher:
            assert publisher.publish(load.messages()) == 2500
        while len(arrived) < 2500:
            pass
        client.disconnect()
        client.loop_stop()
    assert arrived == [message.payload for message in load.messages()]
