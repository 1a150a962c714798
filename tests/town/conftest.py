import json
import queue
import uuid

import grpc
import paho.mqtt.client as mqtt
import pytest
from chirpstack_api import api
from paho.mqtt.enums import CallbackAPIVersion

from luftpegel_tools.air.modem_messages import JoinRequest, Reception, Uplink
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.network_server.chirpstack import ChirpStack, GrpcApi, Settings
from luftpegel_tools.programs.broker import Broker

EPOCH = 1_790_000_000
APP_KEY = bytes(range(16))
DEV_EUI = bytes.fromhex("70b3d57ed0000001")
JOIN_EUI = bytes.fromhex("70b3d57ed0ffff01")
HEARD = (Reception("0016c001f1500001", rssi=-97, snr=8.25, latency_us=80_000, channel=1, has_gps=True),)
API_KEY = "key-of-the-test"


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


class Application:
    """An application on the broker's other side: hears events, sends commands."""

    def __init__(self, port, application_id):
        self.heard = queue.Queue()
        self._application_id = application_id
        subscribed = queue.Queue()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{uuid.uuid4()}")
        client.on_message = lambda _c, _d, message: self.heard.put((message.topic, message.payload))
        client.on_subscribe = lambda *_: subscribed.put(True)
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.subscribe(f"application/{application_id}/device/+/event/+", qos=1)
        subscribed.get(timeout=5)
        self._client = client

    def next(self, name):
        """The next event, which must be of this name."""
        topic, payload = self.heard.get(timeout=5)
        assert topic == f"application/{self._application_id}/device/{DEV_EUI.hex()}/event/{name}"
        return payload

    def next_json(self, name):
        return json.loads(self.next(name))

    def command(self, payload, application_id=None):
        topic = f"application/{application_id or self._application_id}/device/{DEV_EUI.hex()}/command/down"
        self._client.publish(topic, payload, qos=1).wait_for_publish(5)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


class World:
    """A network server with one device that is registered through its own gRPC API."""

    EPOCH, APP_KEY, DEV_EUI, HEARD = EPOCH, APP_KEY, DEV_EUI, HEARD

    def __init__(self, broker, **settings):
        self.settings = Settings(epoch_s=EPOCH, **settings)
        self.server = ChirpStack(self.settings, BrokerAddress(broker.host, broker.port))
        self.grpc = GrpcApi(self.server, API_KEY)
        self.channel = grpc.insecure_channel(self.grpc.address)
        self.metadata = [("authorization", f"Bearer {API_KEY}")]
        self.devices = api.DeviceServiceStub(self.channel)
        tenant = api.TenantServiceStub(self.channel).Create(
            api.CreateTenantRequest(tenant=api.Tenant(name="Musterstadt")), metadata=self.metadata
        )
        self.application_id = (
            api.ApplicationServiceStub(self.channel)
            .Create(
                api.CreateApplicationRequest(
                    application=api.Application(name="air", tenant_id=tenant.id, tags={"town": "Musterstadt"})
                ),
                metadata=self.metadata,
            )
            .id
        )
        profile = api.DeviceProfile(name="station", tenant_id=tenant.id, supports_otaa=True)
        self.profile_id = (
            api.DeviceProfileServiceStub(self.channel)
            .Create(api.CreateDeviceProfileRequest(device_profile=profile), metadata=self.metadata)
            .id
        )
        self.create_device(DEV_EUI)
        self.create_keys(DEV_EUI, APP_KEY)
        assert self.server.bus.wait_ready(5)
        self._broker_port = broker.port
        self.listen()
        self.f_cnt = 0
        self.dev_addr = None

    def listen(self):
        """A new application that hears what comes from now on."""
        self.application = Application(self._broker_port, self.application_id)

    def create_device(self, dev_eui, **fields):
        device = api.Device(
            dev_eui=dev_eui.hex(),
            join_eui=JOIN_EUI.hex(),
            name="LP-0001",
            application_id=self.application_id,
            device_profile_id=self.profile_id,
            tags={"kind": "climate"},
        )
        device.MergeFrom(api.Device(**fields))
        self.devices.Create(api.CreateDeviceRequest(device=device), metadata=self.metadata)

    def create_keys(self, dev_eui, app_key):
        keys = api.DeviceKeys(dev_eui=dev_eui.hex(), nwk_key=app_key.hex())
        self.devices.CreateKeys(api.CreateDeviceKeysRequest(device_keys=keys), metadata=self.metadata)

    def join(self, nonce=1, app_key=APP_KEY, dev_eui=DEV_EUI):
        accept = self.server.join(
            JoinRequest(dev_eui, JOIN_EUI, app_key, nonce, 5, 868_100_000, 1_000_000, 61_696), HEARD
        )
        if accept is not None:
            self.dev_addr, self.f_cnt = accept.dev_addr, 0
        return accept

    def joined(self):
        assert self.join() is not None
        self.application.next("join")
        return self

    def uplink(self, data=b"\x01\x02", heard=HEARD, sent_us=60_000_000, **fields):
        given = {
            "dev_eui": DEV_EUI,
            "dev_addr": self.dev_addr,
            "f_cnt": self.f_cnt,
            "f_port": 1,
            "data": data,
            "confirmed": False,
            "adr": False,
            "data_rate": 5,
            "frequency_hz": 868_300_000,
            "sent_us": sent_us,
            "airtime_us": 56_576,
        } | fields
        self.f_cnt = given["f_cnt"] + 1
        return self.server.uplink(Uplink(**given), heard)

    def enqueue(self, data=b"\x0b", f_port=11, **fields):
        item = api.DeviceQueueItem(dev_eui=DEV_EUI.hex(), f_port=f_port, data=data, **fields)
        return self.devices.Enqueue(
            api.EnqueueDeviceQueueItemRequest(queue_item=item), metadata=self.metadata
        ).id

    def close(self):
        self.application.close()
        self.channel.close()
        self.grpc.close()
        self.server.close()


@pytest.fixture
def make_world(broker):
    made = []

    def make(on=broker, **settings):
        made.append(World(on, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world):
    return make_world()
