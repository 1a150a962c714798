"""The gRPC calls, made with the real client of chirpstack-api."""

import json

import grpc
import pytest
from chirpstack_api import api

from luftpegel_tools.network_server.chirpstack import Key


def status_of(call):
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return refused.value.code()


def test_device_and_keys_read_back(world):
    device = world.devices.Get(
        api.GetDeviceRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
    ).device
    keys = world.devices.GetKeys(
        api.GetDeviceKeysRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
    )
    assert (device.name, device.application_id) == ("LP-0001", world.application_id)
    assert keys.device_keys.nwk_key == world.APP_KEY.hex()


@pytest.mark.parametrize("metadata", [None, [("authorization", "Bearer wrong")], [("authorization", "")]])
def test_without_the_api_key_everything_is_refused(world, metadata):
    def get():
        world.devices.Get(api.GetDeviceRequest(dev_eui=world.DEV_EUI.hex()), metadata=metadata)

    def stream():
        call = api.InternalServiceStub(world.channel).StreamDeviceEvents(
            api.StreamDeviceEventsRequest(dev_eui=world.DEV_EUI.hex()), metadata=metadata
        )
        next(call)

    assert status_of(get) is grpc.StatusCode.UNAUTHENTICATED
    assert status_of(stream) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Get", api.GetDeviceRequest(dev_eui="0011223344556677")),
        ("GetKeys", api.GetDeviceKeysRequest(dev_eui="0011223344556677")),
        ("GetQueue", api.GetDeviceQueueItemsRequest(dev_eui="0011223344556677")),
        ("FlushQueue", api.FlushDeviceQueueRequest(dev_eui="0011223344556677")),
        ("GetActivation", api.GetDeviceActivationRequest(dev_eui="0011223344556677")),
    ],
)
def test_an_unknown_device_is_not_found(world, method, request_):
    call = getattr(world.devices, method)
    assert status_of(lambda: call(request_, metadata=world.metadata)) is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (api.CreateDeviceRequest(), grpc.StatusCode.INVALID_ARGUMENT),
        # The original answers so to an EUI that is none.
        (api.CreateDeviceRequest(device=api.Device(dev_eui="xyz")), grpc.StatusCode.INTERNAL),
        (api.CreateDeviceRequest(device=api.Device(dev_eui="0011")), grpc.StatusCode.INTERNAL),
    ],
)
def test_a_senseless_device_is_refused(world, request_, status):
    def create():
        world.devices.Create(request_, metadata=world.metadata)

    assert status_of(create) is status


def test_what_exists_is_not_created_again(world):
    assert status_of(lambda: world.create_device(world.DEV_EUI)) is grpc.StatusCode.ALREADY_EXISTS
    assert (
        status_of(lambda: world.create_keys(world.DEV_EUI, world.APP_KEY)) is grpc.StatusCode.ALREADY_EXISTS
    )


def test_a_device_of_an_unknown_application_is_refused(world):
    def create(application_id):
        return lambda: world.create_device(bytes(8), application_id=application_id)

    assert status_of(create("no-such-application")) is grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(create("7d5b8b3e-9f0c-4c54-8a53-0d3f5e2c1a00")) is grpc.StatusCode.NOT_FOUND


def test_tenants_are_listed(world):
    tenants = api.TenantServiceStub(world.channel)
    listed = tenants.List(api.ListTenantsRequest(limit=10), metadata=world.metadata)
    assert [tenant.name for tenant in listed.result] == ["Musterstadt"]
    none = tenants.List(api.ListTenantsRequest(limit=10, search="elsewhere"), metadata=world.metadata)
    assert none.total_count == 0


def listed(world, **asked):
    request = api.ListDevicesRequest(application_id=world.application_id, **asked)
    return world.devices.List(request, metadata=world.metadata)


def test_devices_are_listed_in_pages_and_only_counted_without_a_limit(world):
    for number in range(5):
        world.create_device(bytes([0, number] * 4))
    assert (listed(world).total_count, len(listed(world).result)) == (6, 0)
    assert len(listed(world, limit=4).result) == 4
    assert len(listed(world, limit=4, offset=4).result) == 2
    by_eui = listed(world, limit=10, order_by=api.ListDevicesRequest.OrderBy.DEV_EUI).result
    assert [one.dev_eui for one in by_eui] == sorted(one.dev_eui for one in by_eui)
    assert by_eui[0].device_profile_name == "station"
    assert by_eui[0].tags == {"kind": "climate"}
    assert listed(world, limit=10, tags={"kind": "air"}).total_count == 0


def test_devices_of_one_name_come_in_any_order(world):
    for number in range(9):
        world.create_device(bytes([0, number] * 4))
    orders = {tuple(one.dev_eui for one in listed(world, limit=10).result) for _ in range(5)}
    assert len(orders) > 1


def test_applications_are_listed_of_a_tenant(world):
    stub = api.ApplicationServiceStub(world.channel)
    tenant = next(iter(world.server.records.tenants))
    request = api.ListApplicationsRequest(tenant_id=tenant, limit=10)
    assert [one.name for one in stub.List(request, metadata=world.metadata).result] == ["air"]
    nobody = api.ListApplicationsRequest(tenant_id="7d5b8b3e-9f0c-4c54-8a53-0d3f5e2c1a00", limit=10)
    assert stub.List(nobody, metadata=world.metadata).total_count == 0
    rubbish = api.ListApplicationsRequest(tenant_id="rubbish", limit=10)
    assert status_of(lambda: stub.List(rubbish, metadata=world.metadata)) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("key", ["foreign", "removed"])
def test_keys_that_are_not_for_this_hear_unauthenticated_without_a_word(world, key):
    world.grpc.access.keys |= {"foreign": Key("another-tenant"), "removed": Key(removed=True)}
    metadata = [("authorization", f"Bearer {key}")]
    calls = (
        lambda: world.devices.Get(api.GetDeviceRequest(dev_eui=world.DEV_EUI.hex()), metadata=metadata),
        lambda: world.devices.Get(api.GetDeviceRequest(dev_eui="0011223344556677"), metadata=metadata),
        lambda: api.TenantServiceStub(world.channel).List(api.ListTenantsRequest(), metadata=metadata),
    )
    for call in calls:
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.UNAUTHENTICATED, "")


def test_a_key_that_only_reads_queues_nothing(world):
    tenant = next(iter(world.server.records.tenants))
    world.grpc.access.keys["reader"] = Key(tenant, read_only=True)
    metadata = [("authorization", "Bearer reader")]
    query = api.GetDeviceQueueItemsRequest(dev_eui=world.DEV_EUI.hex())
    assert world.devices.GetQueue(query, metadata=metadata).total_count == 0
    item = api.DeviceQueueItem(dev_eui=world.DEV_EUI.hex(), f_port=1, data=b"1")
    request = api.EnqueueDeviceQueueItemRequest(queue_item=item)
    refused = status_of(lambda: world.devices.Enqueue(request, metadata=metadata))
    assert refused is grpc.StatusCode.UNAUTHENTICATED


def test_a_flush_takes_what_is_on_its_way_too_and_enqueue_with_one_does_not(world):
    world.enqueue(b"\x01", confirmed=True)
    record = world.server.records.device(world.DEV_EUI.hex())
    record.queue[0].is_pending = True
    item = api.DeviceQueueItem(dev_eui=world.DEV_EUI.hex(), f_port=1, data=b"\x02")
    request = api.EnqueueDeviceQueueItemRequest(queue_item=item, flush_queue=True)
    world.devices.Enqueue(request, metadata=world.metadata)
    assert [queued.data for queued in record.queue] == [b"\x01", b"\x02"]
    request = api.FlushDeviceQueueRequest(dev_eui=world.DEV_EUI.hex())
    world.devices.FlushQueue(request, metadata=world.metadata)
    assert record.queue == []


def test_frames_stand_beside_events(world):
    world.joined()
    world.uplink()
    stream = api.InternalServiceStub(world.channel).StreamDeviceFrames(
        api.StreamDeviceFramesRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
    )
    item = next(stream)
    assert (item.description, item.properties["DevEUI"]) == ("UNCONFIRMED_DATA_UP", world.DEV_EUI.hex())
    assert set(json.loads(item.body)) == {"phy_payload", "tx_info", "rx_info"}
    stream.cancel()


def test_queue_is_shown_and_flushed(world):
    ids = [world.enqueue(b"\x01"), world.enqueue(b"\x02")]
    query = api.GetDeviceQueueItemsRequest(dev_eui=world.DEV_EUI.hex())
    shown = world.devices.GetQueue(query, metadata=world.metadata)
    assert [(item.id, item.data) for item in shown.result] == list(zip(ids, (b"\x01", b"\x02"), strict=True))
    world.devices.FlushQueue(
        api.FlushDeviceQueueRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
    )
    assert world.devices.GetQueue(query, metadata=world.metadata).total_count == 0


def test_the_client_does_not_name_a_queue_item(world):
    assert world.enqueue(id="11111111-1111-4111-8111-111111111111") != "11111111-1111-4111-8111-111111111111"


def test_activation_is_empty_before_and_full_after_the_join(world):
    query = api.GetDeviceActivationRequest(dev_eui=world.DEV_EUI.hex())
    before = world.devices.GetActivation(query, metadata=world.metadata)
    assert not before.HasField("device_activation")
    accept = world.join()
    world.uplink()
    after = world.devices.GetActivation(query, metadata=world.metadata).device_activation
    assert (after.dev_addr, after.f_cnt_up) == (f"{accept.dev_addr:08x}", 1)


def test_the_event_stream_tells_what_was_and_what_comes(world):
    world.joined()
    stream = api.InternalServiceStub(world.channel).StreamDeviceEvents(
        api.StreamDeviceEventsRequest(dev_eui=world.DEV_EUI.hex()), metadata=world.metadata
    )
    assert next(stream).description == "join"
    world.uplink(b"\xca\xfe")
    item = next(stream)
    assert (item.description, item.properties["Data"]) == ("up", "cafe")
    assert json.loads(item.body)["fPort"] == 1
    stream.cancel()
