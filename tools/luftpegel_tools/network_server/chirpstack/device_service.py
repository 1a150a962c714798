"""DeviceService: devices, their keys, queue and activation."""

from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]

from luftpegel_tools.network_server.chirpstack import access
from luftpegel_tools.network_server.chirpstack.access import Access
from luftpegel_tools.network_server.chirpstack.records import NotFoundError, given
from luftpegel_tools.network_server.chirpstack.server import ChirpStack


class Devices(api.DeviceServiceServicer):  # type: ignore[misc]
    """Devices, their keys, queue and activation."""

    def __init__(self, server: ChirpStack, access_: Access) -> None:
        self._server = server
        self._access = access_

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store a device."""
        owner = access.application(request.device.application_id)
        with self._access.granted(context, owner, write=True) as records:
            records.add_device(given(request, "device"))
        return Empty()

    def Get(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A device without its keys."""
        with self._access.granted(context, access.device(request.dev_eui)) as records:
            return api.GetDeviceResponse(device=records.device(request.dev_eui).device)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store other fields of a device; also of another application or profile, where the key sees it."""
        owner = access.device(request.device.dev_eui)
        with self._access.granted(context, owner, write=True) as records:
            records.change_device(given(request, "device"))
        return Empty()

    def List(self, request: Any, context: Any) -> Any:  # noqa: N802
        """A page of an application's devices; a limit of 0 only counts.

        By name, unless another order is asked for. Those of one name come in any order, another one each
        time: the database promises none.
        """
        owner = access.application(request.application_id)
        with self._access.granted(context, owner) as records:
            found = records.devices_of(request.application_id, request)
            page = found[request.offset : request.offset + request.limit]
            items = [
                api.DeviceListItem(
                    dev_eui=device.dev_eui,
                    name=device.name,
                    description=device.description,
                    device_profile_id=device.device_profile_id,
                    device_profile_name=records.profiles[device.device_profile_id].name,
                    tags=dict(device.tags),
                )
                for device in page
            ]
            return api.ListDevicesResponse(total_count=len(found), result=items)

    def CreateKeys(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store the root keys."""
        owner = access.device(request.device_keys.dev_eui)
        with self._access.granted(context, owner, write=True) as records:
            records.set_keys(given(request, "device_keys"))
        return Empty()

    def UpdateKeys(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Store other root keys."""
        owner = access.device(request.device_keys.dev_eui)
        with self._access.granted(context, owner, write=True) as records:
            records.change_keys(given(request, "device_keys"))
        return Empty()

    def FlushDevNonces(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Forget the numbers of earlier joins."""
        owner = access.device(request.dev_eui)
        with self._access.granted(context, owner, write=True):
            self._server.flush_nonces(request.dev_eui)
        return Empty()

    def GetKeys(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The root keys."""
        with self._access.granted(context, access.device(request.dev_eui)) as records:
            keys = records.device(request.dev_eui).keys
            if keys is None:
                raise NotFoundError(f"Object does not exist (id: {request.dev_eui})")
            return api.GetDeviceKeysResponse(device_keys=keys)

    def Enqueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Queue a downlink; the server names it, a client's id is ignored."""
        owner = access.device(request.queue_item.dev_eui)
        with self._access.granted(context, owner, write=True) as records:
            item = given(request, "queue_item")
            if request.flush_queue:
                self._server.flush_queue(item.dev_eui)
            return api.EnqueueDeviceQueueItemResponse(id=records.enqueue(item))

    def GetQueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """What waits for the device's next uplink; all of it, also where only the count is asked for."""
        with self._access.granted(context, access.device(request.dev_eui)) as records:
            queue = records.device(request.dev_eui).queue
            return api.GetDeviceQueueItemsResponse(total_count=len(queue), result=queue)

    def FlushQueue(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Forget all that waits, also what is under way."""
        owner = access.device(request.dev_eui)
        with self._access.granted(context, owner, write=True):
            self._server.flush_queue(request.dev_eui, pending=True)
        return Empty()

    def GetActivation(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The session; an empty answer when the device never joined."""
        with self._access.granted(context, access.device(request.dev_eui)) as records:
            record = records.device(request.dev_eui)
            session = record.session
            if session is None:
                return api.GetDeviceActivationResponse()
            key = session.nwk_s_key.hex()  # with LoRaWAN 1.0.x one key under three names
            activation = api.DeviceActivation(
                dev_eui=record.device.dev_eui,
                dev_addr=f"{session.dev_addr:08x}",
                app_s_key=session.app_s_key.hex(),
                nwk_s_enc_key=key,
                s_nwk_s_int_key=key,
                f_nwk_s_int_key=key,
                f_cnt_up=session.f_cnt_up,
                n_f_cnt_down=session.f_cnt_down,
            )
            return api.GetDeviceActivationResponse(device_activation=activation)
