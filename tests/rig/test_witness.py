"""A real network's witness: ChirpStack's events over a real broker."""

import base64
import json

import pytest
from paho.mqtt import publish

from luftpegel_tools.programs.broker import Broker
from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import WitnessPlan
from luftpegel_tools.rig.witness import MqttWitness, wait_for_uplink

DEV_EUI = "2cf7f12024900042"


@pytest.fixture
def broker(tmp_path):
    with Broker(tmp_path) as running:
        yield running


def test_it_hears_its_device_and_no_other(broker):
    witness = MqttWitness(WitnessPlan("mqtt", broker.host, broker.port, DEV_EUI.upper()))
    try:
        for dev_eui, payload in (("00" * 8, b"foreign"), (DEV_EUI, b"ours")):
            event = {
                "deviceInfo": {"devEui": dev_eui},
                "fPort": 1,
                "data": base64.b64encode(payload).decode(),
            }
            topic = f"application/7/device/{dev_eui}/event/up"
            publish.single(topic, json.dumps(event), qos=1, hostname=broker.host, port=broker.port)
        assert wait_for_uplink(witness, 1, 0, 60).payload == b"ours"
        assert [heard.f_cnt for heard in witness.uplinks()] == [0]
        with pytest.raises(RigError, match="LP-686"):
            wait_for_uplink(witness, 2, 0, 0.2)
    finally:
        witness.close()
