"""The network server's end of the gateway protocol: copies of a frame become one, answers become downlinks.

Joins the LoRaWAN core to the broker; a real ChirpStack does the same in its place. The application behind it
(queues, events) is handed in.
"""

import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chirpstack_api import gw  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from luftpegel_tools.backhaul import messages
from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.backhaul.post import Letter, Post
from luftpegel_tools.network_server.lorawan import (
    Arrival,
    Downlink,
    Heard,
    Joined,
    NetworkServer,
    Payload,
    Refused,
)
from luftpegel_tools.virtual_time.clock import VirtualClock

log = logging.getLogger(__name__)

DEDUPLICATION_US = 200_000  # ChirpStack's default
_REMEMBERED_DOWNLINKS = 1000


@dataclass(frozen=True)
class Answer:
    """What an application wants to send now; `more` payloads wait behind it."""

    payload: Payload | None = None
    more: bool = False


class Application(Protocol):
    """What stands behind the network server."""

    def heard(self, outcome: Heard | Joined | Refused, frames: Any, room: int) -> Answer | None:
        """A frame and the gw.UplinkFrameSet it came in; `room` is what an answer can hold.

        None: do not answer at all. The result counts for data frames only.
        """

    def sent(self, downlink: Downlink, ack: Any) -> None:
        """A gateway tells by a gw.DownlinkTxAck what became of a downlink."""

    def stats(self, stats: Any) -> None:
        """A gateway tells its gw.GatewayStats."""


class NetworkSide:
    """One region's gateways as the network server sees them."""

    def __init__(
        self,
        address: BrokerAddress,
        prefix: str,
        clock: VirtualClock,
        *,
        core: NetworkServer,
        application: Application,
        rng: random.Random,
        after_send: Callable[[], None] = lambda: None,
    ) -> None:
        """`prefix` is the region's (eu868); `after_send` is told of each message on its way."""
        self._prefix = prefix
        self._clock = clock
        self._core = core
        self._application = application
        self._rng = rng
        self._after_send = after_send
        self._collecting: dict[bytes, Any] = {}  # gw.UplinkFrameSet by what makes copies equal
        self._under_way: OrderedDict[int, Downlink] = OrderedDict()
        self.post = Post(address, messages.event_topic(prefix, "+", "+"), "network")
        self._take: dict[str, Callable[[bytes], None]] = {
            "up": self._take_up,
            "ack": self._take_ack,
            "stats": self._take_stats,
        }

    def poll(self) -> None:
        """Take the events that have arrived."""
        for letter in self.post.take():
            self._read(letter)

    def mark(self) -> int:
        """Tell the gateways where our messages end; see InStep."""
        return self.post.mark(messages.command_topic(self._prefix, "all", "mark"))

    def close(self) -> None:
        """End the connection."""
        self.post.close()

    def _read(self, letter: Letter) -> None:
        take = self._take.get(letter.topic.rsplit("/", 1)[-1])
        if take is None:
            return
        try:
            take(letter.payload)
        except DecodeError:
            log.warning("a message on %s is not understood", letter.topic)

    def _take_up(self, payload: bytes) -> None:
        """The first copy of a frame opens a time in which the others are collected."""
        frame = gw.UplinkFrame.FromString(payload)
        key = frame.tx_info.SerializeToString(deterministic=True) + frame.phy_payload
        frames = self._collecting.get(key)
        if frames is None:
            frames = gw.UplinkFrameSet(phy_payload=frame.phy_payload, tx_info=frame.tx_info)
            self._collecting[key] = frames
            self._clock.call_later(DEDUPLICATION_US, self._complete, key)
        frame.rx_info.ns_time.CopyFrom(messages.stamp(self._unix_us()))
        frames.rx_info.append(frame.rx_info)

    def _take_ack(self, payload: bytes) -> None:
        ack = gw.DownlinkTxAck.FromString(payload)
        downlink = self._under_way.pop(ack.downlink_id, None)
        if downlink is not None:
            self._application.sent(downlink, ack)

    def _take_stats(self, payload: bytes) -> None:
        self._application.stats(gw.GatewayStats.FromString(payload))

    def _complete(self, key: bytes) -> None:
        """All copies are in: hear the frame, and answer it."""
        frames = self._collecting.pop(key)
        try:
            arrival = self._arrival(frames)
        except LookupError as error:
            log.warning("an uplink is dropped: %s", error)
            return
        outcome = self._core.receive(arrival)
        room = self._core.room(outcome) if isinstance(outcome, Heard) else 0
        answer = self._application.heard(outcome, frames, room)
        if isinstance(outcome, Joined):
            self._send(outcome.accept, frames)
        elif isinstance(outcome, Heard) and answer is not None:
            downlink = self._core.answer(outcome, answer.payload, more=answer.more)
            if downlink is not None:
                self._send(downlink, frames)

    def _arrival(self, frames: Any) -> Arrival:
        region = self._core.plan.region
        return Arrival(
            phy_payload=bytes(frames.phy_payload),
            frequency_hz=frames.tx_info.frequency,
            data_rate=region.data_rate_of(*messages.uplink_rate(frames.tx_info)),
            gps_us=_heard_gps_us(frames.rx_info),
            snr=best(frames).snr,
            gateways=len({info.gateway_id for info in frames.rx_info}),
        )

    def _send(self, downlink: Downlink, frames: Any) -> None:
        """All its windows at once, to the gateway that hears the device best; it takes the first it can."""
        by = best(frames)
        frame = gw.DownlinkFrame(
            downlink_id=self._rng.getrandbits(32),
            gateway_id=by.gateway_id,
            items=[self._item(downlink, window, by) for window in downlink.windows],
        )
        self._under_way[frame.downlink_id] = downlink
        if len(self._under_way) > _REMEMBERED_DOWNLINKS:
            self._under_way.popitem(last=False)
        self.post.send(messages.command_topic(self._prefix, by.gateway_id, "down"), frame.SerializeToString())
        self._after_send()

    def _item(self, downlink: Downlink, window: Any, by: Any) -> Any:
        rate = self._core.plan.region.radio.data_rates[window.data_rate]
        return gw.DownlinkFrameItem(
            phy_payload=downlink.phy_payload,
            tx_info=gw.DownlinkTxInfo(
                frequency=window.frequency_hz,
                power=window.power_dbm,
                modulation=messages.downlink_modulation(rate),
                board=by.board,
                antenna=by.antenna,
                timing=gw.Timing(delay=gw.DelayTimingInfo(delay=messages.duration(window.delay_us))),
                context=by.context,
            ),
        )

    def _unix_us(self) -> int:
        return self._clock.epoch * 1_000_000 + self._clock.now_us


def best(frames: Any) -> Any:
    """The gw.UplinkRxInfo of the gateway that hears the device best: it answers."""
    return max(frames.rx_info, key=lambda info: (info.snr, info.rssi))


def _heard_gps_us(rx_infos: Any) -> int:
    """End of the frame by a gateway's GPS if one has it, else by a gateway's clock, else by our own."""
    for info in rx_infos:
        if info.HasField("time_since_gps_epoch"):
            return messages.microseconds(info.time_since_gps_epoch)
    first = rx_infos[0]
    return messages.gps_us(
        messages.microseconds(first.gw_time if first.HasField("gw_time") else first.ns_time)
    )
