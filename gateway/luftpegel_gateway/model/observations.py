"""What sinks get: a reading with its name, again with a higher revision when it has changed, alarms, and
frames of other makers' devices.

And what a sink answers when it will never take one.
"""

import msgspec

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Reading


class Observed(msgspec.Struct, frozen=True, array_like=True, tag="o", gc=False):
    """One reading, new (revision 0) or corrected (revision n: a newer telling of the same name).

    `received_at`: Unix microseconds, the estimated time of the frame that brought it. `late`: the station's
    newer readings were told before this one; it is history, not the current value.
    """

    ref: Ref
    reading: Reading
    received_at: int
    late: bool = False


class AlarmRaised(msgspec.Struct, frozen=True, array_like=True, tag="a", gc=False):
    """A station's own alarm frame. `kind` is a word of the wire (or a number it does not know yet)."""

    ref: Ref
    seq: int
    time: int | None
    channel: int
    kind: str
    value: int
    threshold: int
    received_at: int


class Stranger(msgspec.Struct, frozen=True, array_like=True, tag="s", gc=False):
    """A frame of a device that is no station, as it came; only sinks that take raw frames get it.

    `ref.station` is its device EUI. `decoded`: what the network server made of it, a JSON object, or b"".
    `received_at`: Unix microseconds; rssi dBm, snr dB.
    """

    ref: Ref
    source: str
    f_port: int | None
    f_cnt: int | None
    data: bytes
    decoded: bytes
    received_at: int
    application: str = ""
    rssi: int | None = None
    snr: float | None = None
    dr: int | None = None
    gateway: str = ""


Item = Observed | AlarmRaised | Stranger


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """A sink's answer that it will never accept an item."""

    item: Item
    fault: Fault
