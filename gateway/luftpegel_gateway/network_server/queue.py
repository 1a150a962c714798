"""A device's downlink queue at ChirpStack: what waits there, and putting something in once.

The server names what is queued, and takes the same thing twice. So the queue is looked into first: what lies
there on the same port with the same bytes is the same command (each of ours has its token in it). An answer
that was lost is not asked for again by queueing again, but by looking again.
"""

import time
from collections.abc import Iterable

import msgspec
from chirpstack_api import api  # type: ignore[import-untyped]

from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server.channel import Api


class Item(msgspec.Struct, frozen=True):
    """One item. `pending`: sent, and the device has not acknowledged it; then `f_cnt_down` is its frame
    counter. `expires_at`: Unix seconds, None: never."""

    id: str
    f_port: int
    data: bytes
    pending: bool = False
    f_cnt_down: int = 0
    expires_at: int | None = None


def read(server: Api, dev_eui: str) -> tuple[Item, ...]:
    """What waits for a device, the next one first. OtherEndDown."""
    answer = server.read(
        server.devices.GetQueue, api.GetDeviceQueueItemsRequest(dev_eui=dev_eui), f"queue of {dev_eui}"
    )
    return tuple(
        Item(
            id=one.id,
            f_port=one.f_port,
            data=one.data,
            pending=one.is_pending,
            f_cnt_down=one.f_cnt_down,
            expires_at=one.expires_at.seconds if one.HasField("expires_at") else None,
        )
        for one in answer.result
    )


def enqueue_once(server: Api, downlink: Downlink) -> str:
    """Queue a downlink unless it waits there; the server's name of it. OtherEndDown.

    One caller at a time for one device: between the look and the call nobody else of ours may queue.
    """
    if (there := _of(read(server, downlink.dev_eui), downlink)) is not None:
        return there.id
    item = api.DeviceQueueItem(dev_eui=downlink.dev_eui, f_port=downlink.f_port, data=downlink.data)
    if downlink.expires_at is not None:
        item.expires_at.seconds = downlink.expires_at
    request = api.EnqueueDeviceQueueItemRequest(queue_item=item)
    try:
        return str(server.change(server.devices.Enqueue, request, f"downlink to {downlink.dev_eui}").id)
    except OtherEndDown:
        if (there := _of(read(server, downlink.dev_eui), downlink)) is not None:
            return there.id
        raise


def flush(server: Api, dev_eui: str) -> None:
    """Empty the whole queue of a device: ChirpStack cannot take out one item. OtherEndDown."""
    request = api.FlushDeviceQueueRequest(dev_eui=dev_eui)
    server.change(server.devices.FlushQueue, request, f"queue of {dev_eui}")


def _of(items: Iterable[Item], downlink: Downlink) -> Item | None:
    """The item that is this downlink; an expired one is none, for the server throws it away."""
    now = int(time.time())
    return next(
        (
            item
            for item in items
            if (item.f_port, item.data) == (downlink.f_port, downlink.data)
            and (item.expires_at is None or item.expires_at > now)
        ),
        None,
    )
