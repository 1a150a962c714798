"""When a gateway's transmitter is free: one frame at a time, announced neither too late nor too early.

The limits are those of the just-in-time queue that LoRa gateways run (Semtech's packet forwarder and
ChirpStack Concentratord agree on them).
"""

from collections import deque

from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.backhaul.messages import Order

_START_US, _MARGIN_US, _JIT_US = 1_500, 1_000, 40_000
LEAD_US = _START_US + _MARGIN_US + _JIT_US  # an order must be there so long before its start
_BEFORE_US = _START_US + _JIT_US  # the transmitter is taken from so long before a frame
MAX_ADVANCE_US = 512_000_000
CAPACITY = 32


class Schedule:
    """The frames that one gateway has promised to send."""

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int]] = deque()

    def book(self, now_us: int, start_us: int, end_us: int) -> str:
        """Promise a frame; gives the name of the TxAckStatus, and only OK books."""
        self._slots = deque(slot for slot in self._slots if slot[1] > now_us)
        if len(self._slots) >= CAPACITY:
            return "QUEUE_FULL"
        if any(_collide((start_us, end_us), slot) for slot in self._slots):
            return "COLLISION_PACKET"
        if start_us - now_us < LEAD_US:
            return "TOO_LATE"
        if start_us - now_us > MAX_ADVANCE_US:
            return "TOO_EARLY"
        self._slots.append((start_us, end_us))
        return "OK"

    def sends_during(self, from_us: int, until_us: int) -> bool:
        """Whether the gateway is deaf because it sends in a part of this time."""
        return any(start < until_us and from_us < end for start, end in self._slots)


def airtime_us(order: Order) -> int:
    """How long a frame is on the air."""
    return lora_airtime_us(len(order.payload), order.spreading_factor, order.bandwidth_hz, crc=order.crc)


def _collide(one: tuple[int, int], other: tuple[int, int]) -> bool:
    first, second = sorted((one, other))
    return second[0] - first[1] <= _BEFORE_US + _MARGIN_US
